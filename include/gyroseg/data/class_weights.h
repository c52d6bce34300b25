#pragma once

#include <torch/types.h>

#include <array>
#include <string>

#include "gyroseg/data/dataset.h"

namespace gyroseg {

/// The values of loss.class_weights.
inline constexpr std::array<const char*, 4> kWeightSchemes = {
    "none", "inverse_frequency", "median_frequency", "sqrt_median_frequency"};

/// Pixels of every node over a split at data.image_size, where training sees them. Reads the masks
/// only. Returns [V] int64; the leaves are its first C entries. Throws DataError.
[[nodiscard]] torch::Tensor class_counts(const SegmentationDataset& dataset, int threads = 0);

/// Adds the pixels of labels (int64, any shape, [-1, V) ) to counts [V] int64 in place.
void add_counts(const torch::Tensor& labels, torch::Tensor& counts);

/// Class weights of one level from its pixel counts.
///
///   counts   [n] int64 >= 0, folded to the level by the caller
///   returns  [n] float32; f_i = counts_i / sum(counts), over the m classes that have pixels:
///            none                   1
///            inverse_frequency      1 / (m f_i)         1 where all classes are as frequent
///            median_frequency       median(f) / f_i     the lower median, as torch.median
///            sqrt_median_frequency  sqrt(median(f) / f_i)
///            A class without pixels gets 1 and takes no part in m and in the median.
///   Throws   c10::ValueError: wrong shape or dtype, a negative count, unknown scheme
///   Source   Eigen & Fergus 2015, section 6.3.2 (median frequency balancing)
[[nodiscard]] torch::Tensor class_weights(const torch::Tensor& counts, const std::string& scheme);

}  // namespace gyroseg
