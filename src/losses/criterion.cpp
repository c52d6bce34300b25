#include "gyroseg/losses/criterion.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <torch/types.h>

#include "gyroseg/losses/cross_entropy.h"
#include "gyroseg/losses/schedule.h"
#include "loss_batch.h"
#include "term_kinds.h"

namespace gyroseg {
namespace {

std::string known_losses() {
  std::string names;
  for (const losses::TermKind& kind : losses::term_kinds()) {
    names += (names.empty() ? "" : " | ") + kind.name;
  }
  return names;
}

bool is_known(const std::string& name) {
  return std::any_of(losses::term_kinds().begin(), losses::term_kinds().end(),
                     [&](const losses::TermKind& kind) { return kind.name == name; });
}

/// The levels that a config asks for, of L.
std::vector<int> levels_of(const LossConfig& config, int num_levels) {
  if (!config.levels.empty()) {
    return config.levels;
  }
  if (config.level != kAllLevels) {
    return {config.level == 0 ? num_levels : config.level};
  }
  std::vector<int> levels;
  for (int k = 1; k <= num_levels; ++k) {
    levels.push_back(k);
  }
  return levels;
}

}  // namespace

TrainedChannels trained_channels(const std::vector<LossConfig>& terms) {
  const auto any_of = [&](std::initializer_list<std::string> names) {
    return std::any_of(terms.begin(), terms.end(), [&](const LossConfig& loss) {
      return std::find(names.begin(), names.end(), loss.name) != names.end();
    });
  };
  return any_of({"cross_entropy", "focal", "dice", "boundary"}) ? TrainedChannels::softmax
         : any_of({"hierarchical_softmax"})                     ? TrainedChannels::siblings
                                                                : TrainedChannels::sigmoid;
}

Criterion::Criterion(const std::vector<LossConfig>& terms, const Hierarchy& tree, bool all_nodes,
                     double auxiliary_weight, std::shared_ptr<const Manifold> manifold,
                     const torch::Tensor& node_counts, const Weigh& weigh)
    : tree_(tree),
      folder_(tree),
      siblings_(tree),
      all_nodes_(all_nodes),
      auxiliary_weight_(auxiliary_weight),
      manifold_(std::move(manifold)),
      tables_(tree_tables(tree)),
      trained_(trained_channels(terms)) {
  TORCH_CHECK_VALUE(!terms.empty(), "Criterion: expected at least one loss term");
  for (const LossConfig& config : terms) {
    Term term = make_term(config, node_counts, weigh);
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

Term Criterion::make_term(const LossConfig& config, const torch::Tensor& node_counts,
                          const Weigh& weigh) const {
  TORCH_CHECK_VALUE(is_known(config.name), "Criterion: expected ", known_losses(), ", got ",
                    config.name);
  TORCH_CHECK_VALUE(all_nodes_ || !needs_all_nodes(config.name), "Criterion: ", config.name,
                    " needs one channel a node (classifier.nodes: all)");
  TORCH_CHECK_VALUE(config.name != "tree_triplet" || manifold_,
                    "Criterion: tree_triplet needs an embedding space");
  Term term{config, config.label.empty() ? default_label(config) : config.label, {}};
  if (!has_levels(config.name)) {
    return term;
  }
  const std::vector<int> levels = levels_of(config, tree_.num_levels());
  TORCH_CHECK_VALUE(config.level_weights.empty() || config.level_weights.size() == levels.size(),
                    "Criterion: expected one of level_weights a level, ", levels.size(), ", got ",
                    config.level_weights.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    TORCH_CHECK_VALUE(levels[i] >= 1 && levels[i] <= tree_.num_levels(),
                      "Criterion: expected a level from 1 to ", tree_.num_levels(), ", got ",
                      levels[i]);
    term.levels.push_back({levels[i],
                           config.level_weights.empty() ? 1.0 : config.level_weights[i],
                           class_weights(levels[i], config, node_counts, weigh)});
  }
  return term;
}

torch::Tensor Criterion::class_weights(int k, const LossConfig& config,
                                       const torch::Tensor& node_counts, const Weigh& weigh) const {
  if (config.class_weights == "none") {
    return {};
  }
  TORCH_CHECK_VALUE(node_counts.defined() && weigh, "Criterion: class_weights ",
                    config.class_weights, " needs the training pixels of every node");
  TORCH_CHECK_VALUE(node_counts.dim() == 1 && node_counts.size(0) == tree_.num_nodes(),
                    "Criterion: node_counts must be [", tree_.num_nodes(), "], got ",
                    node_counts.sizes());
  const torch::Tensor classes = folder_.labels(torch::arange(tree_.num_nodes(), torch::kInt64), k);
  const torch::Tensor known = classes.ge(0).nonzero().squeeze(1);
  const torch::Tensor counts =
      torch::zeros({static_cast<std::int64_t>(tree_.level(k).size())}, node_counts.options())
          .index_add(0, classes.index_select(0, known), node_counts.index_select(0, known));
  const torch::Tensor weights = weigh(counts, config.class_weights);
  TORCH_CHECK_VALUE(weights.sizes() == counts.sizes(),
                    "Criterion: expected one class weight a class, ", counts.sizes(), ", got ",
                    weights.sizes());
  return weights;
}

LossSum Criterion::operator()(const LossInputs& inputs) const {
  TORCH_CHECK_VALUE(inputs.labels.defined() && inputs.labels.dim() == 3,
                    "Criterion: labels must be [B,H,W]",
                    inputs.labels.defined() ? c10::str(", got ", inputs.labels.sizes())
                                            : ", got none");
  const losses::TreeParts parts{tree_, folder_, siblings_, tables_, manifold_.get(),
                               all_nodes_, trained_};
  losses::LossBatch batch(inputs, parts);
  LossSum sum;
  const auto add = [&](const std::string& label, const torch::Tensor& value, double weight,
                       std::int64_t support) {
    const torch::Tensor weighted = weight * value;
    sum.total = sum.total.defined() ? sum.total + weighted : weighted;
    sum.terms.push_back({label, value.detach(), weight, support});
  };
  for (const Term& term : terms_) {
    const losses::Measured measured = losses::measure(term, batch);
    add(term.label, measured.value,
        scheduled_weight(term.config.weight, term.config.schedule, inputs.step, inputs.total_steps),
        measured.support);
  }
  if (auxiliary_weight_ > 0 && inputs.auxiliary.defined()) {
    const auto& [leaf_labels, support] = batch.labels(tree_.num_levels());
    add("auxiliary", auxiliary(losses::resized(inputs.auxiliary, inputs.labels), leaf_labels),
        auxiliary_weight_, support);
  }
  return sum;
}

torch::Tensor Criterion::auxiliary(const torch::Tensor& logits,
                                   const torch::Tensor& leaf_labels) const {
  TORCH_CHECK_VALUE(logits.size(1) == tree_.num_leaves() || logits.size(1) == tree_.num_nodes(),
                    "Criterion: expected ", tree_.num_leaves(), " or ", tree_.num_nodes(),
                    " auxiliary channels, got ", logits.sizes());
  const TermLevel* leaf_level = nullptr;
  for (const Term& term : terms_) {
    for (const TermLevel& level : term.levels) {
      if (leaf_level == nullptr && term.config.name == "cross_entropy" &&
          level.k == tree_.num_levels()) {
        leaf_level = &level;
      }
    }
  }
  const torch::Tensor weights = leaf_level != nullptr && leaf_level->class_weights.defined()
                                    ? leaf_level->class_weights.to(logits.scalar_type())
                                    : torch::Tensor();
  // Leaves are the first channels either way.
  return flat_cross_entropy(logits.narrow(1, 0, tree_.num_leaves()), leaf_labels, weights);
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
  siblings_.to(device);
  for (Term& term : terms_) {
    for (TermLevel& level : term.levels) {
      if (level.class_weights.defined()) {
        level.class_weights = level.class_weights.to(device);
      }
    }
  }
}

}  // namespace gyroseg
