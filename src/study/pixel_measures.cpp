#include "gyroseg/study/pixel_measures.h"

#include <torch/utils.h>

#include <algorithm>

namespace gyroseg {
namespace {

constexpr int kRight = 0;
constexpr int kWrong = 1;

std::optional<double> value_of(const std::optional<RankFigure>& figure) {
  return figure ? std::optional(figure->value) : std::nullopt;
}

int deepest(const Hierarchy& tree) {
  int depth = 1;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    depth = std::max(depth, tree.depth(v));
  }
  return depth;
}

}  // namespace

PixelMeasures::PixelMeasures(const Hierarchy& tree, const std::string& background)
    : tree_(tree),
      folder_(tree),
      metrics_(tree, background),
      depths_(torch::empty({tree.num_nodes()}, torch::kInt64)),
      radius_depth_(deepest(tree)) {
  for (int k = 1; k <= tree.num_levels(); ++k) {
    classwise_.emplace_back(static_cast<int>(tree.level(k).size()));
    doubt_.emplace_back(2);
    radius_error_.emplace_back(2);
  }
  for (int v = 0; v < tree.num_nodes(); ++v) {
    depths_[v] = tree.depth(tree.top_copy(v)) - 1;  // as the tree is written
  }
}

void PixelMeasures::add(const Decoded& decoded, const torch::Tensor& leaf_p,
                        const torch::Tensor& radius, const torch::Tensor& labels) {
  metrics_.add(decoded, labels);
  for (int k = 1; k <= tree_.num_levels(); ++k) {
    const LevelPrediction& level = decoded.levels[k - 1];
    const torch::Tensor truth = folder_.labels(labels, k);
    classwise_[k - 1].add(k == tree_.num_levels() ? leaf_p : folder_.sum(leaf_p, k), truth);
    const torch::Tensor group =
        torch::where(truth.lt(0), torch::full_like(truth, -1), level.classes.ne(truth).to(torch::kInt64));
    doubt_[k - 1].add((1 - level.confidence).clamp_min(0), group);
    if (radius.defined()) {
      radius_error_[k - 1].add(radius, group);
    }
  }
  if (radius.defined()) {
    const torch::Tensor depth = depths_.index({labels.clamp_min(0)});
    radius_depth_.add(radius, torch::where(labels.lt(0), torch::full_like(labels, -1), depth));
  }
}

void PixelMeasures::report(const std::string& corruption, std::vector<Measure>& out) const {
  const MetricsReport report = metrics_.report();
  const auto add = [&](int level, const std::string& name, const std::optional<double>& value) {
    out.push_back({corruption, level, name, value});
  };
  for (const LevelReport& level : report.levels) {
    const int k = level.level;
    add(k, "miou", level.miou);
    add(k, "miou_without_background", level.miou_without_background);
    add(k, "pixel_accuracy", level.pixel_accuracy);
    add(k, "ece", level.ece);
    add(k, "classwise_ece", classwise_[k - 1].error());
    add(k, "auroc_max_probability", value_of(doubt_[k - 1].area(kWrong, kRight)));
    // Small radii are taken for doubt.
    add(k, "auroc_radius", value_of(radius_error_[k - 1].area(kRight, kWrong)));
    add(k, "radius_error_correlation", value_of(radius_error_[k - 1].spearman({0, 1})));
  }
  add(0, "tree_distance_of_errors", report.tree_distance_of_errors);
  add(0, "consistency_violations", report.consistency_violations);
  std::vector<double> depths;
  for (int depth = 1; depth <= deepest(tree_); ++depth) {
    depths.push_back(depth);
  }
  add(0, "radius_depth_correlation", value_of(radius_depth_.spearman(depths)));
}

}  // namespace gyroseg
