#include "gyroseg/inference/decode.h"

#include <c10/util/StringUtil.h>
#include <torch/utils.h>

#include <algorithm>

namespace gyroseg {
namespace {

constexpr const char* kLeafArgmax = "leaf_argmax";
constexpr const char* kLevelSum = "level_sum";
constexpr const char* kLevelHead = "level_head";
constexpr const char* kPathSum = "path_sum";
constexpr const char* kBackoff = "backoff";
constexpr const char* kPathProduct = "path_product";

// Values of `probabilities` [B,n,H,W] at `classes` [B,H,W]; sums of floats may pass 1 by rounding.
torch::Tensor confidence_of(const torch::Tensor& probabilities, const torch::Tensor& classes) {
  return probabilities.gather(1, classes.unsqueeze(1)).squeeze(1).clamp(0.0, 1.0);
}

// Class of the largest value, and that value. argmax() gives the same class, but on a CPU it is
// five times slower.
LevelPrediction largest(const torch::Tensor& values) {
  const auto [value, index] = values.max(1);
  return {index, value.clamp(0.0, 1.0)};
}

}  // namespace

struct LabelDecoder::Wanted {
  bool leaf_argmax = false;
  bool level_sum = false;
  bool level_head = false;
  bool path_sum = false;
  bool backoff = false;
  bool path_product = false;
};

struct LabelDecoder::Results {
  Decoded leaf_argmax;
  Decoded level_sum;
  Decoded level_head;
  Decoded path_sum;
  Decoded backoff;
  Decoded path_product;
};

LabelDecoder::LabelDecoder(const Hierarchy& tree, bool all_nodes, Activation activation,
                           double backoff_threshold)
    : folder_(tree),
      siblings_(tree),
      num_leaves_(tree.num_leaves()),
      num_nodes_(tree.num_nodes()),
      all_nodes_(all_nodes),
      activation_(activation),
      backoff_threshold_(backoff_threshold) {
  TORCH_CHECK_VALUE(backoff_threshold >= 0 && backoff_threshold <= 1,
                    "LabelDecoder: expected a threshold from 0 to 1, got ", backoff_threshold);
  TORCH_CHECK_VALUE(activation != Activation::siblings || all_nodes || num_nodes_ == num_leaves_,
                    "LabelDecoder: a softmax among siblings needs a channel for every node");
  for (int k = 1; k <= folder_.num_levels(); ++k) {
    torch::Tensor settled = torch::zeros({num_leaves_}, torch::kBool);
    for (int leaf = 0; leaf < num_leaves_; ++leaf) {
      const auto leaves = [&](int level) {
        return tree.leaves_of(tree.level(level)[tree.class_at(level, leaf)]).size();
      };
      settled[leaf] = leaves(k) == leaves(1);
    }
    settled_.push_back(settled);
  }
}

const std::vector<std::string>& LabelDecoder::known_modes() {
  static const std::vector<std::string> modes = {kLeafArgmax, kLevelSum, kLevelHead,
                                                 kPathSum,    kBackoff,  kPathProduct};
  return modes;
}

bool LabelDecoder::needs_all_nodes(const std::string& mode) {
  return mode == kLevelHead || mode == kPathSum || mode == kPathProduct;
}

LabelDecoder::Wanted LabelDecoder::check(const torch::Tensor& logits,
                                         const std::vector<std::string>& modes) const {
  const int channels = all_nodes_ ? num_nodes_ : num_leaves_;
  TORCH_CHECK_VALUE(logits.dim() == 4 && logits.size(1) == channels && logits.is_floating_point(),
                    "LabelDecoder: expected floating logits [B,", channels, ",H,W] (",
                    all_nodes_ ? "all nodes" : "leaves", "), got ", logits.scalar_type(), " ",
                    logits.sizes());
  Wanted wanted;
  for (const std::string& mode : modes) {
    const auto& known = known_modes();
    TORCH_CHECK_VALUE(std::find(known.begin(), known.end(), mode) != known.end(),
                      "LabelDecoder: unknown decode mode \"", mode, "\", expected ", c10::Join(" | ", known));
    // Without inner nodes the leaf channels are all channels.
    TORCH_CHECK_VALUE(!needs_all_nodes(mode) || channels == num_nodes_,
                      "LabelDecoder: decode mode \"", mode, "\" needs a channel for every node (",
                      num_nodes_, "), the classifier has the ", channels, " leaves only");
    wanted.leaf_argmax |= mode == kLeafArgmax;
    wanted.level_sum |= mode == kLevelSum;
    wanted.level_head |= mode == kLevelHead;
    wanted.path_sum |= mode == kPathSum;
    wanted.backoff |= mode == kBackoff;
    wanted.path_product |= mode == kPathProduct;
  }
  return wanted;
}

std::vector<Decoded> LabelDecoder::operator()(const torch::Tensor& logits,
                                              const std::vector<std::string>& modes) {
  const torch::NoGradGuard no_grad;
  const Wanted wanted = check(logits, modes);
  follow(logits.device());
  torch::Tensor z = logits.to(torch::kFloat32);
  torch::Tensor path_log_p;  // of the leaves
  if (wanted.path_product || activation_ == Activation::siblings) {
    const torch::Tensor log_p = siblings_.log_probabilities(z);
    path_log_p = log_p.narrow(1, 0, num_leaves_);
    // These sum to 1 over the leaves and within every level: softmaxes of them are themselves.
    z = activation_ == Activation::siblings ? log_p : z;
  }
  Results results;
  if (wanted.leaf_argmax || wanted.level_sum || wanted.backoff) {
    decode_leaves(z.narrow(1, 0, num_leaves_), leaf_softmax(z), wanted, results);
  }
  if (wanted.path_product) {
    Wanted leaf;
    leaf.leaf_argmax = true;
    Results of_paths;
    decode_leaves(path_log_p, torch::softmax(path_log_p, 1), leaf, of_paths);
    results.path_product = of_paths.leaf_argmax;
  }
  if (wanted.level_head || wanted.path_sum) {
    decode_nodes(z, wanted, results);
  }
  std::vector<Decoded> decoded;
  for (const std::string& mode : modes) {
    decoded.push_back(mode == kLeafArgmax  ? results.leaf_argmax
                      : mode == kLevelSum  ? results.level_sum
                      : mode == kLevelHead ? results.level_head
                      : mode == kPathSum   ? results.path_sum
                      : mode == kBackoff   ? results.backoff
                                           : results.path_product);
  }
  return decoded;
}

torch::Tensor LabelDecoder::leaf_probabilities(const torch::Tensor& logits) {
  const torch::NoGradGuard no_grad;
  (void)check(logits, {});
  follow(logits.device());
  const torch::Tensor z = logits.to(torch::kFloat32);
  return leaf_softmax(activation_ == Activation::siblings ? siblings_.log_probabilities(z) : z);
}

void LabelDecoder::follow(const torch::Device& device) {
  if (folder_.leaf_classes(1).device() == device) {
    return;
  }
  folder_.to(device);
  siblings_.to(device);
  for (torch::Tensor& settled : settled_) {
    settled = settled.to(device);
  }
}

// p from logits, or from the siblings' log-probabilities.
torch::Tensor LabelDecoder::leaf_softmax(const torch::Tensor& z) const {
  const torch::Tensor leaves = z.narrow(1, 0, num_leaves_);
  // Sigmoids divided by their sum are a softmax of their logarithms, which does not underflow.
  return torch::softmax(activation_ == Activation::sigmoid ? torch::log_sigmoid(leaves) : leaves, 1);
}

// leaf_argmax, level_sum and backoff: all read the leaf probabilities p summed per level.
void LabelDecoder::decode_leaves(const torch::Tensor& logits, const torch::Tensor& p,
                                 const Wanted& wanted, Results& results) const {
  // From the logits: saturated probabilities tie where logits do not.
  const torch::Tensor leaf = largest(logits).classes;
  for (int k = 1; k <= folder_.num_levels(); ++k) {
    const bool leaves = k == folder_.num_levels();
    const torch::Tensor sums = leaves ? p : folder_.sum(p, k);
    const torch::Tensor mapped = leaves ? leaf : folder_.leaf_classes(k).index({leaf});
    if (wanted.leaf_argmax || wanted.backoff) {
      const LevelPrediction level = {mapped, confidence_of(sums, mapped)};
      results.leaf_argmax.levels.push_back(level);
      if (wanted.backoff) {
        results.backoff.levels.push_back(backed_off(k, leaf, level));
      }
    }
    if (wanted.level_sum) {
      results.level_sum.levels.push_back(leaves ? LevelPrediction{leaf, confidence_of(sums, leaf)}
                                                : largest(sums));
    }
  }
}

// Sums grow towards the root, so a level is decided by its own sum: where that passes, the node
// that the pixel is given stands here or deeper.
LevelPrediction LabelDecoder::backed_off(int k, const torch::Tensor& leaf,
                                         const LevelPrediction& mapped) const {
  const torch::Tensor decided =
      mapped.confidence.ge(backoff_threshold_) | settled_.at(k - 1).index({leaf});
  return {torch::where(decided, mapped.classes, kUndecided),
          torch::where(decided, mapped.confidence, torch::zeros_like(mapped.confidence))};
}

// level_head and path_sum: both read every level's own channels.
void LabelDecoder::decode_nodes(const torch::Tensor& logits, const Wanted& wanted,
                                Results& results) const {
  torch::Tensor log_score;  // [B,C,H,W], log of the path scores
  for (int k = 1; k <= folder_.num_levels(); ++k) {
    const torch::Tensor z = logits.index_select(1, folder_.level_nodes(k));
    const torch::Tensor log_s =
        activation_ == Activation::sigmoid ? torch::log_sigmoid(z) : torch::log_softmax(z, 1);
    if (wanted.level_head) {
      const torch::Tensor classes = largest(z).classes;
      const torch::Tensor p =
          activation_ == Activation::sigmoid ? torch::softmax(log_s, 1) : log_s.exp();
      results.level_head.levels.push_back({classes, confidence_of(p, classes)});
    }
    if (wanted.path_sum) {
      const torch::Tensor of_leaf = log_s.index_select(1, folder_.leaf_classes(k));
      log_score = log_score.defined() ? torch::logaddexp(log_score, of_leaf) : of_leaf;
    }
  }
  if (!wanted.path_sum) {
    return;
  }
  const torch::Tensor q = torch::softmax(log_score, 1);
  const torch::Tensor leaf = largest(log_score).classes;
  for (int k = 1; k <= folder_.num_levels(); ++k) {
    const torch::Tensor classes = folder_.leaf_classes(k).index({leaf});
    results.path_sum.levels.push_back({classes, confidence_of(folder_.sum(q, k), classes)});
  }
}

}  // namespace gyroseg
