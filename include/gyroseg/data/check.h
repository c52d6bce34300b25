#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Kinds of problems, in the order of the report.
enum class ProblemKind {
  kFolder,
  kImageWithoutMask,
  kMaskWithoutImage,
  kList,
  kUnreadable,
  kSize,
  kValue
};
inline constexpr std::size_t kProblemKinds = 7;

/// What a full scan of a split found.
struct SplitCheck {
  std::string split;
  std::int64_t samples = 0;                                      ///< pairs of image and mask
  std::array<std::vector<std::string>, kProblemKinds> problems;  ///< lines that start with a file
  torch::Tensor pixels;      ///< [V] int64, at the size of the masks
  torch::Tensor images;      ///< [V] int64, masks that hold the node
  std::int64_t ignored = 0;  ///< pixels without a node, bad values included
  std::int64_t total = 0;    ///< pixels of all readable masks

  [[nodiscard]] std::int64_t num_problems() const;
};

/// Reads every image and mask of the split; a broken file is a problem, not an exception.
[[nodiscard]] SplitCheck check_split(const DataConfig& config, const Hierarchy& tree,
                                     const std::string& split, int threads = 0);

/// Compares data.classes, a text file of the data set with one class a line ("0: background",
/// "background 0", or names alone, which count from 0), with the tree: lines "FILE:LINE: ..." for
/// values that no node has and for names whose node has another value. Nodes may be named
/// otherwise.
[[nodiscard]] std::vector<std::string> check_classes(const DataConfig& config,
                                                     const Hierarchy& tree);

/// Splits of data.splits that are there, "train" first: the list, or without one either folder.
[[nodiscard]] std::vector<std::string> present_splits(const DataConfig& config);

/// Whether two splits name the same folders and list.
[[nodiscard]] bool same_files(const SplitFolders& a, const SplitFolders& b);

/// An image in two splits: images that others share with one of `splits`. A pair with the same names in
/// data.splits is left out, as validation data that are the test data on purpose, unless one is
/// "train"; so is a split that cannot be listed, which check_split reports.
struct SharedBySplits {
  std::int64_t images = 0;         ///< over all pairs of splits
  std::vector<std::string> lines;  ///< describe_shared, one a pair
};
[[nodiscard]] SharedBySplits check_shared(const DataConfig& config,
                                          const std::vector<std::string>& splits,
                                          std::size_t shown = 10);

/// The frequencies of the labelled nodes, and the problems with at most `shown` of a kind.
[[nodiscard]] std::string describe(const SplitCheck& check, const Hierarchy& tree,
                                   std::size_t shown = 10);

/// The leaf weights that each scheme of loss.class_weights gives for these pixels, as a table.
[[nodiscard]] std::string describe_weights(const SplitCheck& check, const Hierarchy& tree);

}  // namespace gyroseg
