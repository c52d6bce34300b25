#include "gyroseg/training/assembly.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>

#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/config/read.h"
#include "gyroseg/data/class_weights.h"
#include "gyroseg/models/memory_format.h"
#include "gyroseg/models/prototype_file.h"
#include "gyroseg/models/weights.h"

namespace gyroseg {
namespace {

bool all_nodes(const Config& config) { return config.classifier.nodes == "all"; }

torch::Tensor given_prototypes(const Config& config, const Hierarchy& tree) {
  if (config.classifier.prototypes.empty()) {
    return {};
  }
  const EmbeddingConfig& embedding = config.embedding;
  return read_prototypes(config.classifier.prototypes, tree,
                         all_nodes(config) ? tree.num_nodes() : tree.num_leaves(),
                         *make_manifold(embedding.space, embedding.curvature), embedding.dim);
}

// The level that each node's channel belongs to: a leaf's is the finest, whatever its depth.
std::vector<int> channel_levels(const Hierarchy& tree) {
  std::vector<int> levels;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    levels.push_back(tree.is_leaf(v) ? tree.num_levels() : tree.depth(v));
  }
  return levels;
}

}  // namespace

Segmenter build_model(const Config& config, const Hierarchy& tree, std::ostream* notes) {
  torch::manual_seed(config.seed);
  const SegmenterShape shape{tree.num_leaves(), tree.num_nodes(),
                             Criterion::needs_embedding(config.loss),
                             channel_levels(tree), given_prototypes(config, tree)};
  Segmenter model = nullptr;
  try {
    model = Segmenter(config.model, config.embedding, config.classifier, shape);
  } catch (const c10::ValueError& error) {
    throw ConfigError(std::string("model: ") + error.what_without_backtrace());
  }
  if (!config.model.pretrained.empty()) {
    const LoadReport report = load_pretrained(model->encoder(), config.model.pretrained);
    if (notes != nullptr) {
      *notes << config.model.pretrained << ": " << describe(report) << std::endl;
    }
  }
  if (config.training.channels_last) {
    use_channels_last(*model);
  }
  model->compute_in(config.training.precision == "bfloat16" ? torch::kBFloat16 : torch::kFloat32);
  model->to(torch::Device(config.device));
  return model;
}

Criterion build_criterion(const Config& config, const Hierarchy& tree, const Segmenter& model,
                          const torch::Tensor& node_counts) {
  Criterion criterion(config.loss, tree, all_nodes(config), config.model.auxiliary_weight,
                      model->manifold(), node_counts, class_weights);
  criterion.to(torch::Device(config.device));
  return criterion;
}

bool needs_class_counts(const Config& config) {
  return std::any_of(config.loss.begin(), config.loss.end(),
                     [](const LossConfig& loss) { return loss.class_weights != "none"; });
}

Activation activation_of(const Config& config) {
  switch (trained_channels(config.loss)) {
    case TrainedChannels::softmax:
      return Activation::softmax;
    case TrainedChannels::siblings:
      return Activation::siblings;
    case TrainedChannels::sigmoid:
      break;
  }
  return Activation::sigmoid;
}

LabelDecoder build_decoder(const Config& config, const Hierarchy& tree) {
  return LabelDecoder(tree, all_nodes(config), activation_of(config),
                      config.inference.backoff_threshold);
}

InferenceConfig validation_inference(const Config& config) {
  InferenceConfig inference;
  inference.window = config.inference.window;
  inference.stride = config.inference.stride;
  return inference;
}

int validation_batch_size(const Config& config) {
  return config.inference.window ? 1 : config.training.batch_size;
}

void tune_process(const Config& config) {
  if (config.training.threads > 0) {
    at::set_num_threads(config.training.threads);
  }
#ifdef __GLIBC__
  // glibc returns large blocks to the kernel when they are freed and takes them anew, page fault by page
  // fault, for the next layer: 14 % of a CamVid step. Kept instead, at half as much memory again.
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

}  // namespace gyroseg
