#pragma once

#include <optional>

#include "gyroseg/config/config.h"
#include "gyroseg/data/dataset.h"
#include "gyroseg/inference/decode.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/report/projector.h"

namespace gyroseg {

/// A sample as the network saw it, back in bytes: [3,H,W] float normalised -> [H,W,3] uint8.
[[nodiscard]] torch::Tensor bytes_of(const torch::Tensor& image, const DataConfig& data);

/// At most 2000 pixel embeddings of at most 64 images spread over the data set, for the projector
/// (pixel_embeddings.h, by config.seed). Nothing where the network has no embedding, or no pixel a label.
///
///   points   tangent vectors at the origin, which are the network's outputs: their norm is the distance
///            from the origin over lambda0, and angles are true, so that PCA and t-SNE of them mean
///            something, as they would not of coordinates in the ball. On the sphere unit vectors
///   columns  leaf, predicted, correct, the class of every level, radius (distance from the origin),
///            image, x, y
///   thumbnails  32 x 32 pixels around the pixel
[[nodiscard]] std::optional<ProjectorPoints> sample_embedding(Segmenter& model,
                                                              LabelDecoder& decoder,
                                                              const Config& config,
                                                              const Hierarchy& tree,
                                                              const SegmentationDataset& data);

}  // namespace gyroseg
