#include "gyroseg/metrics/level_metrics.h"

#include <torch/utils.h>

#include <map>

#include "gyroseg/metrics/background.h"

namespace gyroseg {
namespace {

constexpr double kCollapseShare = 0.99;

// Mean of the defined values, nothing where there are none.
class Mean {
 public:
  void add(const std::optional<double>& value) {
    if (value) {
      sum_ += *value;
      ++count_;
    }
  }
  [[nodiscard]] std::optional<double> value() const {
    return count_ == 0 ? std::nullopt : std::optional<double>(sum_ / count_);
  }

 private:
  double sum_ = 0;
  int count_ = 0;
};

std::optional<ImageSpread> spread_of(const Moments& moments) {
  return moments.weight > 0 ? std::optional(ImageSpread{moments.mean, moments.deviation()}) : std::nullopt;
}

void check(const Decoded& decoded, const torch::Tensor& labels, const Hierarchy& tree) {
  TORCH_CHECK_VALUE(static_cast<int>(decoded.levels.size()) == tree.num_levels(),
                    "LevelMetrics: expected predictions of ", tree.num_levels(), " levels, got ",
                    decoded.levels.size());
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.scalar_type() == torch::kInt64,
                    "LevelMetrics: labels must be int64 [B,H,W], got ", labels.scalar_type(), " ",
                    labels.sizes());
  for (const LevelPrediction& level : decoded.levels) {
    TORCH_CHECK_VALUE(level.classes.sizes() == labels.sizes(), "LevelMetrics: predictions are ",
                      level.classes.sizes(), ", labels are ", labels.sizes());
  }
}

}  // namespace

std::vector<std::string> class_names(const Hierarchy& tree, int k) {
  std::map<std::string, int> count;
  for (const int node : tree.level(k)) {
    ++count[tree.name(node)];
  }
  std::vector<std::string> names;
  for (const int node : tree.level(k)) {
    names.push_back(count.at(tree.name(node)) > 1 ? tree.path(node) : tree.name(node));
  }
  return names;
}

LevelMetrics::LevelMetrics(const Hierarchy& tree, const std::string& background)
    : tree_(tree), folder_(tree) {
  const std::optional<int> left_out = background_node(tree, background);
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const auto classes = static_cast<std::int64_t>(tree.level(k).size());
    confusion_.emplace_back(static_cast<int>(classes));
    calibration_.emplace_back();
    images_.emplace_back();
    background_classes_.push_back(torch::zeros({classes}, torch::kBool));
    for (std::int64_t c = 0; c < classes; ++c) {
      background_classes_.back()[c] = is_background(tree, tree.level(k)[c], left_out);
    }
  }
}

void LevelMetrics::add(const Decoded& decoded, const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  check(decoded, labels, tree_);
  if (labels.numel() == 0) {
    return;
  }
  const torch::Tensor& leaf = decoded.levels.back().classes;
  const torch::Tensor nodes = labels.to(leaf.device());
  if (folder_.leaf_classes(1).device() != leaf.device()) {
    folder_.to(leaf.device());
  }
  const auto [low, high] = nodes.aminmax();
  const auto smallest = low.item<std::int64_t>();
  const auto largest = high.item<std::int64_t>();
  TORCH_CHECK_VALUE(smallest >= kIgnored && largest < tree_.num_nodes(),
                    "LevelMetrics: expected labels in [", kIgnored, ", ", tree_.num_nodes(),
                    "), got ", smallest < kIgnored ? smallest : largest);

  torch::Tensor differs = torch::zeros_like(leaf, torch::kBool);
  for (int k = 1; k <= tree_.num_levels(); ++k) {
    const LevelPrediction& level = decoded.levels[k - 1];
    const torch::Tensor truth = folder_.labels(nodes, k);
    images_[k - 1].add(confusion_[k - 1].add(truth, level.classes), background_classes_[k - 1]);
    calibration_[k - 1].add(level.confidence, truth.eq(level.classes),
                            truth.ge(0) & level.classes.ge(0));
    if (k < tree_.num_levels()) {
      differs |= leaf.ge(0) & folder_.leaf_classes(k).index({leaf}).ne(level.classes);
    }
  }
  const torch::Tensor counted = nodes.ne(kIgnored);
  pixels_ += counted.sum().item<std::int64_t>();
  violations_ += differs.logical_and(counted).sum().item<std::int64_t>();
}

void LevelMetrics::merge(const std::function<void(torch::Tensor&)>& sum) {
  for (std::size_t k = 0; k < confusion_.size(); ++k) {
    confusion_[k].merge(sum);
    calibration_[k].merge(sum);
    images_[k].merge(sum);
  }
  torch::Tensor totals = torch::tensor({pixels_, violations_}, torch::kInt64);
  sum(totals);
  pixels_ = totals[0].item<std::int64_t>();
  violations_ = totals[1].item<std::int64_t>();
}

LevelReport LevelMetrics::level_report(int k) const {
  const ConfusionMatrix& confusion = confusion_[k - 1];
  LevelReport report;
  report.level = k;
  Mean iou, iou_without_background, accuracy;
  const std::vector<std::string> names = class_names(tree_, k);
  for (std::size_t c = 0; c < tree_.level(k).size(); ++c) {
    const int cls = static_cast<int>(c);
    ClassReport& entry = report.classes.emplace_back();
    entry.name = names[c];
    entry.iou = confusion.iou(cls);
    entry.accuracy = confusion.class_accuracy(cls);
    entry.pixels = confusion.truth(cls);
    entry.undecided = confusion.undecided(cls);
    entry.is_background = background_classes_[k - 1][cls].item<bool>();
    iou.add(entry.iou);
    accuracy.add(entry.accuracy);
    if (!entry.is_background) {
      iou_without_background.add(entry.iou);
    }
  }
  report.miou = iou.value();
  report.miou_without_background = iou_without_background.value();
  report.mean_class_accuracy = accuracy.value();
  report.pixel_accuracy = confusion.pixel_accuracy();
  report.ece = calibration_[k - 1].error();
  const ImageFigures& images = images_[k - 1];
  report.image_miou = spread_of(images.miou);
  report.image_miou_without_background = spread_of(images.miou_without_background);
  report.image_pixel_accuracy = spread_of(images.pixel_accuracy);
  report.confusion = confusion.counts().clone();
  return report;
}

std::optional<double> LevelMetrics::tree_distance_of_errors() const {
  const torch::Tensor& counts = confusion_.back().counts();
  const auto cells = counts.accessor<std::int64_t, 2>();
  std::int64_t edges = 0;
  std::int64_t errors = 0;
  // At the last level class c is leaf c.
  for (int t = 0; t < tree_.num_leaves(); ++t) {
    for (int p = 0; p < tree_.num_leaves(); ++p) {
      if (t != p && cells[t][p] > 0) {
        edges += cells[t][p] * tree_.tree_distance(t, p);
        errors += cells[t][p];
      }
    }
  }
  if (errors == 0) {
    return std::nullopt;
  }
  return static_cast<double>(edges) / static_cast<double>(errors);
}

MetricsReport LevelMetrics::report() const {
  MetricsReport report;
  for (int k = 1; k <= tree_.num_levels(); ++k) {
    report.levels.push_back(level_report(k));
  }
  report.tree_distance_of_errors = tree_distance_of_errors();
  report.pixels = pixels_;
  if (pixels_ > 0) {
    report.consistency_violations = static_cast<double>(violations_) / static_cast<double>(pixels_);
  }
  return report;
}

std::optional<Collapse> LevelMetrics::collapsed() const {
  const ConfusionMatrix& leaves = confusion_.back();
  const auto total = static_cast<double>(leaves.total());
  for (int c = 0; c < tree_.num_leaves() && tree_.num_leaves() > 1; ++c) {
    const auto predicted = static_cast<double>(leaves.predicted(c));
    if (predicted > kCollapseShare * total) {
      return Collapse{class_names(tree_, tree_.num_levels())[c], predicted / total};
    }
  }
  return std::nullopt;
}

}  // namespace gyroseg
