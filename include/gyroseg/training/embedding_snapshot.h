#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gyroseg/training/pixel_embeddings.h"

namespace gyroseg {

/// Validation images at most that snapshots draw pixels from, spread evenly over the set.
inline constexpr std::int64_t kSnapshotImages = 200;

/// Where the same pixels lay at one step of a training.
struct EmbeddingSnapshot {
  std::int64_t step = 0;
  double epoch = 0;  ///< epochs trained, a fraction where validation falls inside one
  PixelEmbeddings pixels;
  ClassPrototypes prototypes;
};

/// Writes FOLDER/step_K.safetensors, at once or not at all; the folder is made where need be.
///
///   tensors   the fields of PixelEmbeddings under their names, prototypes [V,D] float64 (NaN where
///             there is none), prototype_sources [V] int64 (0 none, 1 classifier, 2 frechet_mean)
///   metadata  step, epoch, space, curvature, decode, and image.INDEX the file name of each image
///   Throws    WeightsError where the disk refuses
void write_snapshot(const std::filesystem::path& folder, const EmbeddingSnapshot& snapshot);

/// Throws WeightsError, naming the file: no safetensors file, or none of this form.
[[nodiscard]] EmbeddingSnapshot read_snapshot(const std::filesystem::path& file);

/// The snapshots of a folder by their step; none where there is no such folder.
[[nodiscard]] std::vector<std::filesystem::path> snapshot_files(const std::filesystem::path& folder);

}  // namespace gyroseg
