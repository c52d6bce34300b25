#pragma once

#include <torch/types.h>

#include <ostream>

#include "gyroseg/config/config.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/inference/decode.h"
#include "gyroseg/losses/criterion.h"
#include "gyroseg/models/segmenter.h"

namespace gyroseg {

/// The parts of a run as a config asks for them. Each is the same wherever it is built: in training, in
/// evaluation and in inference.

/// The network on config.device, weights random by config.seed and, where model.pretrained names a file,
/// the encoder's from it, likewise classifier.prototypes; it computes in training.precision. Throws
/// ConfigError on names that no registry knows, WeightsError on these files.
/// notes: gets a line about what was loaded.
[[nodiscard]] Segmenter build_model(const Config& config, const Hierarchy& tree,
                                    std::ostream* notes = nullptr);

/// The named terms of config.loss. node_counts [V] int64: training pixels of every node, needed where a
/// term has class_weights (needs_class_counts), else it may be undefined.
[[nodiscard]] Criterion build_criterion(const Config& config, const Hierarchy& tree,
                                        const Segmenter& model, const torch::Tensor& node_counts);

[[nodiscard]] bool needs_class_counts(const Config& config);

/// How logits become probabilities: as the losses train them (trained_channels).
[[nodiscard]] Activation activation_of(const Config& config);

[[nodiscard]] LabelDecoder build_decoder(const Config& config, const Hierarchy& tree);

/// How validations during training see images: by the window where one is set, once; scales and
/// flip are for evaluate and infer.
[[nodiscard]] InferenceConfig validation_inference(const Config& config);

/// Images a batch where nothing is trained: 1 with a window, which is set where images are large,
/// else training.batch_size.
[[nodiscard]] int validation_batch_size(const Config& config);

/// First thing in a program: threads of tensor operations by training.threads (0: all cores), and freed
/// memory kept for the next step.
void tune_process(const Config& config);

}  // namespace gyroseg
