#include "gyroseg/losses/criterion.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <torch/types.h>

#include "gyroseg/losses/cross_entropy.h"
#include "gyroseg/losses/schedule.h"
#include "gyroseg/losses/tree_min.h"

namespace gyroseg {
namespace {

torch::Tensor resized(const torch::Tensor& logits, const torch::Tensor& labels) {
  TORCH_CHECK_VALUE(logits.defined() && logits.dim() == 4, "Criterion: expected logits [B,K,h,w]",
                    logits.defined() ? c10::str(", got ", logits.sizes()) : ", got none");
  const std::array<std::int64_t, 2> size = {labels.size(1), labels.size(2)};
  return logits.size(2) == size[0] && logits.size(3) == size[1]
             ? logits
             : at::upsample_bilinear2d(logits, size, /*align_corners=*/false);
}

/// One well mixed number from two (splitmix64's finaliser): neighbouring steps share no draws.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t step) {
  std::uint64_t x = seed + 0x9E3779B97F4A7C15ULL * (step + 1);
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

std::string default_label(const LossConfig& config) {
  if (!config.label.empty() || config.name != "cross_entropy") {
    return config.label.empty() ? config.name : config.label;
  }
  return config.name + "@" + (config.level == 0 ? "leaf" : std::to_string(config.level));
}

}  // namespace

struct Criterion::Batch {
  const LossInputs& inputs;
  const LevelFolder& folder;
  int leaves;
  torch::Tensor logits = resized(inputs.logits, inputs.labels);
  std::map<int, std::pair<torch::Tensor, std::int64_t>> levels = {};

  /// Labels of level k and the number of pixels that determine it.
  const std::pair<torch::Tensor, std::int64_t>& level(int k) {
    const auto found = levels.find(k);
    if (found != levels.end()) {
      return found->second;
    }
    // At the leaves a class is its node: no table is needed.
    torch::Tensor labels = k == folder.num_levels()
                               ? inputs.labels.masked_fill(inputs.labels >= leaves, kIgnored)
                               : folder.labels(inputs.labels, k);
    const std::int64_t pixels =
        labels.is_cpu() ? labels.ge(0).sum().item<std::int64_t>() : std::int64_t{-1};
    return levels.emplace(k, std::make_pair(std::move(labels), pixels)).first->second;
  }
};

Criterion::Criterion(const std::vector<LossConfig>& terms, const Hierarchy& tree, bool all_nodes,
                     double auxiliary_weight, std::shared_ptr<const Manifold> manifold,
                     const torch::Tensor& leaf_counts, const Weigh& weigh)
    : tree_(tree),
      folder_(tree),
      all_nodes_(all_nodes),
      auxiliary_weight_(auxiliary_weight),
      manifold_(std::move(manifold)),
      tables_(tree_tables(tree)) {
  TORCH_CHECK_VALUE(!terms.empty(), "Criterion: expected at least one loss term");
  for (const LossConfig& config : terms) {
    Term term = make_term(config, leaf_counts, weigh);
    const auto same = [&](const std::string& label) {
      return std::any_of(terms_.begin(), terms_.end(),
                         [&](const Term& other) { return other.label == label; });
    };
    std::string label = term.label;
    for (int n = 2; same(label); ++n) {  // logs need different keys
      label = term.label + "#" + std::to_string(n);
    }
    term.label = label;
    terms_.push_back(std::move(term));
  }
}

Criterion::Term Criterion::make_term(const LossConfig& config, const torch::Tensor& leaf_counts,
                                     const Weigh& weigh) const {
  Term term{config, default_label(config), config.level, {}};
  term.level = config.level == 0 ? tree_.num_levels() : config.level;
  TORCH_CHECK_VALUE(config.name == "cross_entropy" || config.name == "tree_min" ||
                        config.name == "tree_triplet",
                    "Criterion: expected cross_entropy | tree_min | tree_triplet, got ",
                    config.name);
  TORCH_CHECK_VALUE(config.name != "tree_min" || all_nodes_,
                    "Criterion: tree_min needs one channel a node (classifier.nodes: all)");
  TORCH_CHECK_VALUE(config.name != "tree_triplet" || manifold_,
                    "Criterion: tree_triplet needs an embedding space");
  TORCH_CHECK_VALUE(term.level >= 1 && term.level <= tree_.num_levels(),
                    "Criterion: expected a level from 1 to ", tree_.num_levels(), ", got ",
                    term.level);
  if (config.name == "cross_entropy" && config.class_weights != "none") {
    TORCH_CHECK_VALUE(leaf_counts.defined() && weigh, "Criterion: class_weights ",
                      config.class_weights, " needs the training pixels of every leaf");
    TORCH_CHECK_VALUE(leaf_counts.dim() == 1 && leaf_counts.size(0) == tree_.num_leaves(),
                      "Criterion: leaf_counts must be [", tree_.num_leaves(), "], got ",
                      leaf_counts.sizes());
    const torch::Tensor counts =
        torch::zeros({static_cast<std::int64_t>(tree_.level(term.level).size())},
                     leaf_counts.options())
            .index_add(0, folder_.leaf_classes(term.level), leaf_counts);
    term.class_weights = weigh(counts, config.class_weights);
    TORCH_CHECK_VALUE(term.class_weights.sizes() == counts.sizes(),
                      "Criterion: expected one class weight a class, ", counts.sizes(), ", got ",
                      term.class_weights.sizes());
  }
  return term;
}

LossSum Criterion::operator()(const LossInputs& inputs) const {
  TORCH_CHECK_VALUE(inputs.labels.defined() && inputs.labels.dim() == 3,
                    "Criterion: labels must be [B,H,W]",
                    inputs.labels.defined() ? c10::str(", got ", inputs.labels.sizes())
                                            : ", got none");
  Batch batch{inputs, folder_, tree_.num_leaves()};
  TORCH_CHECK_VALUE(batch.logits.size(1) == (all_nodes_ ? tree_.num_nodes() : tree_.num_leaves()),
                    "Criterion: expected ", all_nodes_ ? tree_.num_nodes() : tree_.num_leaves(),
                    " channels, got logits ", inputs.logits.sizes());
  LossSum sum;
  const auto add = [&](const std::string& label, const torch::Tensor& value, double weight,
                       std::int64_t support) {
    const torch::Tensor weighted = weight * value;
    sum.total = sum.total.defined() ? sum.total + weighted : weighted;
    sum.terms.push_back({label, value.detach(), weight, support});
  };
  for (const Term& term : terms_) {
    std::int64_t support = 0;
    const torch::Tensor value = evaluate(term, batch, support);
    add(term.label, value,
        scheduled_weight(term.config.weight, term.config.schedule, inputs.step, inputs.total_steps),
        support);
  }
  if (auxiliary_weight_ > 0 && inputs.auxiliary.defined()) {
    const torch::Tensor value = auxiliary(batch);
    add("auxiliary", value, auxiliary_weight_, batch.level(tree_.num_levels()).second);
  }
  return sum;
}

torch::Tensor Criterion::evaluate(const Term& term, Batch& batch, std::int64_t& support) const {
  if (term.config.name == "tree_triplet") {
    return triplets(term.config, batch.inputs, support);
  }
  if (term.config.name == "tree_min") {
    support = batch.level(1).second;
    return tree_min_loss(batch.logits, batch.inputs.labels, tree_, term.config.gamma);
  }
  const auto& [labels, pixels] = batch.level(term.level);
  support = pixels;
  const torch::Tensor weights = term.class_weights.defined()
                                    ? term.class_weights.to(batch.logits.scalar_type())
                                    : torch::Tensor();
  return level_cross_entropy(batch.logits, labels, folder_, term.level, all_nodes_, weights);
}

torch::Tensor Criterion::triplets(const LossConfig& config, const LossInputs& inputs,
                                  std::int64_t& support) const {
  TORCH_CHECK_VALUE(inputs.embedding.defined() && inputs.embedding.dim() == 4,
                    "Criterion: tree_triplet needs an embedding [B,D,h,w]",
                    inputs.embedding.defined() ? c10::str(", got ", inputs.embedding.sizes())
                                               : ", got none");
  TreeTripletOptions options;
  options.margin = config.margin;
  options.fixed_margin = config.fixed_margin;
  options.max_triplets = config.max_triplets;
  options.include_own_class = config.positives == "include_own_class";
  options.seed = mixed(inputs.seed, static_cast<std::uint64_t>(inputs.step));
  const torch::Tensor nodes =
      nearest_labels(inputs.labels, inputs.embedding.size(2), inputs.embedding.size(3));
  const torch::Tensor leaves = nodes.masked_fill(nodes >= tree_.num_leaves(), kIgnored);
  const TreeTripletLoss loss =
      tree_triplet_loss(inputs.embedding, leaves, tables_, *manifold_, options);
  support = loss.support;
  return loss.value;
}

torch::Tensor Criterion::auxiliary(Batch& batch) const {
  const torch::Tensor logits = resized(batch.inputs.auxiliary, batch.inputs.labels);
  TORCH_CHECK_VALUE(logits.size(1) == tree_.num_leaves() || logits.size(1) == tree_.num_nodes(),
                    "Criterion: expected ", tree_.num_leaves(), " or ", tree_.num_nodes(),
                    " auxiliary channels, got ", batch.inputs.auxiliary.sizes());
  torch::Tensor weights;
  for (const Term& term : terms_) {
    if (term.config.name == "cross_entropy" && term.level == tree_.num_levels()) {
      weights = term.class_weights.defined() ? term.class_weights.to(logits.scalar_type())
                                             : torch::Tensor();
      break;
    }
  }
  // Leaves are the first channels either way.
  return flat_cross_entropy(logits.narrow(1, 0, tree_.num_leaves()),
                            batch.level(tree_.num_levels()).first, weights);
}

std::vector<std::string> Criterion::labels() const {
  std::vector<std::string> labels;
  for (const Term& term : terms_) {
    labels.push_back(term.label);
  }
  return labels;
}

bool Criterion::needs_embedding(const std::vector<LossConfig>& terms) {
  return std::any_of(terms.begin(), terms.end(),
                     [](const LossConfig& term) { return term.name == "tree_triplet"; });
}

void Criterion::to(const torch::Device& device) {
  folder_.to(device);
  for (Term& term : terms_) {
    if (term.class_weights.defined()) {
      term.class_weights = term.class_weights.to(device);
    }
  }
}

}  // namespace gyroseg
