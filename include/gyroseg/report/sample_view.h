#pragma once

#include <torch/types.h>

#include <filesystem>
#include <vector>

#include "gyroseg/data/mask_io.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// A labelled image and what was predicted for it.
struct SampleView {
  torch::Tensor image;                     ///< [H,W,3] uint8
  torch::Tensor labels;                    ///< [H,W] int64: node index or kIgnored
  std::vector<torch::Tensor> predictions;  ///< level k at k-1: [H,W] int64, class or kUndecided
};

/// Writes one PNG: a row a level, coarsest first, of image | truth | prediction in the colours of
/// its classes (colors [V], of node_palette); black: ignored, not determined by the label, or undecided.
/// Throws c10::ValueError on shapes that differ or a number of levels that is not the tree's,
/// DataError where the file cannot be written.
void write_sample_view(const std::filesystem::path& file, const Hierarchy& tree,
                       const std::vector<Rgb>& colors, const SampleView& sample);

}  // namespace gyroseg
