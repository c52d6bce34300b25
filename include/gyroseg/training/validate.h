#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/data/loader.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/inference/decode.h"
#include "gyroseg/inference/predict.h"
#include "gyroseg/losses/criterion.h"
#include "gyroseg/metrics/level_metrics.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/training/process_group.h"

namespace gyroseg {

struct Validation {
  double loss = 0;                      ///< total, mean over images; scheduled weights at their end
  double loss_deviation = 0;            ///< standard deviation of the batches' losses about it
  std::map<std::string, double> terms;  ///< each unweighted term, mean over images
  std::map<std::string, double> term_deviations;  ///< of the batches' terms about these
  std::vector<std::string> modes;       ///< the decode modes, in the order asked for
  std::vector<MetricsReport> reports;   ///< one a decode mode
  std::string collapsed;                ///< the class that takes nearly all pixels, or ""
  /// Share of the embedding's cells beyond the hyperbolic radius that float32 points of the ball
  /// resolve, 16.6/sqrt(c): as points they would be clipped to its rim, while the network's outputs
  /// lose nothing. Nothing without an embedding, and in other spaces.
  std::optional<double> clipped;
  /// Of the network and the decoding, without loading and counting; the first batch, which warms
  /// up, is left out: nothing with a single one. With several processes: of this one.
  std::optional<double> images_per_second;
};

/// Called with every batch and what each mode made of it.
using BatchObserver = std::function<void(const Batch&, const std::vector<Decoded>&)>;

/// What a validation measures with.
struct ValidationParts {
  const Hierarchy& tree;
  LabelDecoder& decoder;
  std::vector<std::string> modes;  ///< at least one
  std::string background;          ///< metrics.background
  const Criterion* criterion;      ///< null: no losses
  std::uint64_t seed;              ///< of the triplets that are drawn
  InferenceConfig inference;       ///< with a criterion: neither scales nor flip
  ProcessGroup group = {};         ///< those that share the batches; each receives the whole result
  BatchObserver observer = {};     ///< after the figures of a batch are counted
};

/// One pass over the batches of `next_batch`, in evaluation mode and without gradients; the model's mode
/// is put back. progress(images done) is called after every batch. Logits are compared at the size of
/// the labels. Memory does not grow with the number of images. Images are numbered by
/// Batch::indices: losses do not depend on how whole batches are dealt to processes, but for the
/// order of sums.
///
///   Losses  of a batch: with a window, the mean over its windows, each weighted by its labelled
///           pixels, as if they were crops to train on; the embedding is never merged
///   Throws  c10::ValueError where a criterion meets scales, a flip, or labels of another size than
///           the images
[[nodiscard]] Validation validate(Segmenter& model,
                                  const std::function<std::optional<Batch>()>& next_batch,
                                  const ValidationParts& parts,
                                  const std::function<void(std::int64_t)>& progress = {});

}  // namespace gyroseg
