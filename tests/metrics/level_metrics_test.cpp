#include "gyroseg/metrics/level_metrics.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <array>
#include <barrier>
#include <cmath>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "gyroseg/metrics/background.h"
#include "support/small_trees.h"

namespace gyroseg::level_metrics_test {

using testing::node;
using testing::person_tree;
using testing::random_tree;
using testing::tree_of;
using testing::worked_tree;

constexpr double kExact = 1e-12;  // float64 sums of a few hundred terms, in two orders

// Any class per level, consistent or not: metrics must not care how a prediction was made.
Decoded random_prediction(const Hierarchy& tree, torch::IntArrayRef sizes) {
  Decoded decoded;
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const auto classes = static_cast<std::int64_t>(tree.level(k).size());
    decoded.levels.push_back({torch::randint(classes, sizes, torch::kInt64), torch::rand(sizes)});
  }
  return decoded;
}

struct Pixel {
  int label = 0;
  std::vector<int> classes;        // per level
  std::vector<double> confidence;  // per level
};

std::vector<Pixel> pixels_of(const Decoded& decoded, const torch::Tensor& labels) {
  std::vector<Pixel> pixels(labels.numel());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    pixels[i].label = static_cast<int>(labels.flatten()[index].item<std::int64_t>());
    for (const LevelPrediction& level : decoded.levels) {
      pixels[i].classes.push_back(
          static_cast<int>(level.classes.flatten()[index].item<std::int64_t>()));
      pixels[i].confidence.push_back(level.confidence.flatten()[index].item<float>());
    }
  }
  return pixels;
}

void expect_near(const std::optional<double>& actual, const std::optional<double>& expected) {
  ASSERT_EQ(actual.has_value(), expected.has_value());
  if (expected) {
    EXPECT_NEAR(*actual, *expected, kExact);
  }
}

std::optional<double> mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  return values.empty() ? std::nullopt : std::optional<double>(sum / values.size());
}

// One level from the definitions, pixel by pixel and class by class.
void expect_level(const Hierarchy& tree, int k, const std::vector<Pixel>& pixels,
                  const LevelReport& report) {
  std::vector<double> ious, foreground, recalls;
  for (int c = 0; c < static_cast<int>(tree.level(k).size()); ++c) {
    int tp = 0, fp = 0, fn = 0;
    for (const Pixel& pixel : pixels) {
      const int truth = pixel.label < 0 ? -1 : tree.class_at(k, pixel.label);
      if (truth >= 0) {
        tp += truth == c && pixel.classes[k - 1] == c;
        fp += truth != c && pixel.classes[k - 1] == c;
        fn += truth == c && pixel.classes[k - 1] != c;
      }
    }
    const ClassReport& cls = report.classes[c];
    std::optional<double> iou, recall;
    if (tp + fp + fn > 0) {
      iou = static_cast<double>(tp) / (tp + fp + fn);
      ious.push_back(*iou);
      if (tree.name(tree.level(k)[c]) != "background") {
        foreground.push_back(*iou);
      }
    }
    if (tp + fn > 0) {
      recall = static_cast<double>(tp) / (tp + fn);
      recalls.push_back(*recall);
    }
    expect_near(cls.iou, iou);
    expect_near(cls.accuracy, recall);
    EXPECT_EQ(cls.pixels, tp + fn);
    EXPECT_EQ(cls.is_background, tree.name(tree.level(k)[c]) == "background");
  }
  expect_near(report.miou, mean(ious));
  expect_near(report.miou_without_background, mean(foreground));
  expect_near(report.mean_class_accuracy, mean(recalls));
}

// Accuracy and ECE of a level by a direct loop over the bins.
void expect_calibration(const Hierarchy& tree, int k, const std::vector<Pixel>& pixels,
                        const LevelReport& report) {
  int counted = 0, right = 0;
  double ece = 0;
  for (int bin = 0; bin < 20; ++bin) {
    int n = 0, hits = 0;
    double confidence = 0;
    for (const Pixel& pixel : pixels) {
      const int truth = pixel.label < 0 ? -1 : tree.class_at(k, pixel.label);
      const double p = pixel.confidence[k - 1];
      const bool inside = p >= bin / 20.0 && (p < (bin + 1) / 20.0 || bin == 19);
      if (truth >= 0 && inside) {
        ++n;
        hits += truth == pixel.classes[k - 1];
        confidence += p;
      }
    }
    counted += n;
    right += hits;
    if (n > 0) {
      ece += n * std::abs(static_cast<double>(hits) / n - confidence / n);
    }
  }
  const bool any = counted > 0;
  expect_near(report.ece, any ? std::optional<double>(ece / counted) : std::nullopt);
  expect_near(report.pixel_accuracy,
              any ? std::optional<double>(static_cast<double>(right) / counted) : std::nullopt);
}

void expect_tree_figures(const Hierarchy& tree, const std::vector<Pixel>& pixels,
                         const MetricsReport& report) {
  std::vector<double> distances, violations;
  const int L = tree.num_levels();
  for (const Pixel& pixel : pixels) {
    if (pixel.label < 0) {
      continue;
    }
    const int leaf = pixel.classes[L - 1];
    if (tree.is_leaf(pixel.label) && leaf != pixel.label) {
      distances.push_back(tree.tree_distance(leaf, pixel.label));
    }
    bool differs = false;
    for (int k = 1; k < L; ++k) {
      differs = differs || tree.class_at(k, leaf) != pixel.classes[k - 1];
    }
    violations.push_back(differs);
  }
  expect_near(report.tree_distance_of_errors, mean(distances));
  expect_near(report.consistency_violations, mean(violations));
  EXPECT_EQ(report.pixels, static_cast<std::int64_t>(violations.size()));
}

TEST(LevelMetrics, MatchesThePixelwiseDefinitionsOnManyTrees) {
  std::vector<Hierarchy> trees = {worked_tree(), person_tree(), tree_of({node("background")}),
                                  tree_of({node("a", {node("b", {node("c")})})})};
  for (unsigned seed = 20; seed < 28; ++seed) {
    trees.push_back(random_tree(seed));
  }
  for (std::size_t t = 0; t < trees.size(); ++t) {
    const Hierarchy& tree = trees[t];
    torch::manual_seed(t);
    const torch::Tensor labels = torch::randint(-1, tree.num_nodes(), {2, 8, 9}, torch::kInt64);
    const Decoded decoded = random_prediction(tree, labels.sizes());
    LevelMetrics metrics(tree, "auto");
    metrics.add(decoded, labels);
    const MetricsReport report = metrics.report();
    const std::vector<Pixel> pixels = pixels_of(decoded, labels);
    for (int k = 1; k <= tree.num_levels(); ++k) {
      expect_level(tree, k, pixels, report.levels[k - 1]);
      expect_calibration(tree, k, pixels, report.levels[k - 1]);
      EXPECT_EQ(report.levels[k - 1].level, k);
    }
    expect_tree_figures(tree, pixels, report);
  }
}

TEST(LevelMetrics, SeveralBatchesEqualOne) {
  torch::manual_seed(1);
  const Hierarchy tree = person_tree();
  const torch::Tensor labels = torch::randint(-1, tree.num_nodes(), {5, 8, 9}, torch::kInt64);
  const Decoded decoded = random_prediction(tree, labels.sizes());
  LevelMetrics one(tree, "auto"), several(tree, "auto");
  one.add(decoded, labels);
  for (const auto& [from, to] : std::vector<std::pair<int, int>>{{0, 1}, {1, 4}, {4, 4}, {4, 5}}) {
    Decoded part;
    for (const LevelPrediction& level : decoded.levels) {
      part.levels.push_back(
          {level.classes.slice(0, from, to), level.confidence.slice(0, from, to)});
    }
    several.add(part, labels.slice(0, from, to));
  }
  const MetricsReport a = one.report(), b = several.report();
  for (std::size_t k = 0; k < a.levels.size(); ++k) {
    EXPECT_TRUE(a.levels[k].confusion.equal(b.levels[k].confusion));
    expect_near(a.levels[k].ece, b.levels[k].ece);
  }
  EXPECT_EQ(a.pixels, b.pixels);
  EXPECT_EQ(a.consistency_violations, b.consistency_violations);
  EXPECT_EQ(a.tree_distance_of_errors, b.tree_distance_of_errors);
}

Decoded flat_prediction(const torch::Tensor& classes, double confidence = 1.0) {
  return {{{classes, torch::full(classes.sizes(), confidence)}}};
}

TEST(LevelMetrics, CopiesCountApart) {
  const Hierarchy tree = worked_tree();
  std::vector<LevelMetrics> modes(2, LevelMetrics(tree, "auto"));
  modes[0].add(random_prediction(tree, {1, 2, 2}), torch::zeros({1, 2, 2}, torch::kInt64));
  EXPECT_EQ(modes[0].report().levels[0].confusion.sum().item<std::int64_t>(), 4);
  EXPECT_EQ(modes[1].report().levels[0].confusion.sum().item<std::int64_t>(), 0);
  EXPECT_EQ(modes[1].report().levels[0].ece, std::nullopt);
}

TEST(LevelMetrics, AbsentClassIsLeftOutMissedAndInventedOnesCountZero) {
  // a right, b missed (in the truth only), c invented (in the prediction only), d absent from both.
  LevelMetrics metrics(tree_of({node("a"), node("b"), node("c"), node("d")}), "auto");
  metrics.add(flat_prediction(torch::tensor({{{0, 0, 2}}})), torch::tensor({{{0, 0, 1}}}));
  const LevelReport level = metrics.report().levels[0];
  EXPECT_EQ(level.classes[0].iou, 1.0);
  EXPECT_EQ(level.classes[1].iou, 0.0);
  EXPECT_EQ(level.classes[2].iou, 0.0);
  EXPECT_EQ(level.classes[3].iou, std::nullopt);
  EXPECT_NEAR(*level.miou, 1.0 / 3, kExact);
  // Recall of the classes in the truth only: a 1, b 0.
  EXPECT_EQ(level.classes[2].accuracy, std::nullopt);
  EXPECT_NEAR(*level.mean_class_accuracy, 0.5, kExact);
  EXPECT_EQ(level.miou_without_background, level.miou);
}

TEST(LevelMetrics, NothingIsUndefinedNotZero) {
  const Hierarchy tree = worked_tree();
  LevelMetrics metrics(tree, "auto");
  metrics.add(random_prediction(tree, {1, 2, 2}), torch::full({1, 2, 2}, kIgnored));
  metrics.add(random_prediction(tree, {0, 2, 2}), torch::full({0, 2, 2}, kIgnored));
  const MetricsReport report = metrics.report();
  EXPECT_EQ(report.pixels, 0);
  EXPECT_EQ(report.tree_distance_of_errors, std::nullopt);
  EXPECT_EQ(report.consistency_violations, std::nullopt);
  for (const LevelReport& level : report.levels) {
    for (const auto& value : {level.miou, level.miou_without_background, level.pixel_accuracy,
                              level.mean_class_accuracy, level.ece}) {
      EXPECT_EQ(value, std::nullopt);
    }
  }
  EXPECT_FALSE(metrics.collapsed().has_value());
}

TEST(LevelMetrics, CertaintyFallsIntoTheLastBin) {
  LevelMetrics metrics(tree_of({node("a"), node("b")}), "auto");
  metrics.add(flat_prediction(torch::tensor({{{0, 0, 0, 0}}}), 1.0),
              torch::tensor({{{0, 0, 0, 1}}}));
  EXPECT_NEAR(*metrics.report().levels[0].ece, 0.25, kExact);
}

TEST(LevelMetrics, ConfidenceThatIsNotANumberMakesTheErrorUndefined) {
  LevelMetrics metrics(tree_of({node("a"), node("b")}), "auto");
  metrics.add(flat_prediction(torch::tensor({{{0, 0}}}), std::nan("")), torch::tensor({{{0, 1}}}));
  EXPECT_EQ(metrics.report().levels[0].ece, std::nullopt);
  EXPECT_EQ(metrics.report().levels[0].pixel_accuracy, 0.5);
}

TEST(LevelMetrics, CollapseIsMoreThan99PercentOfTheLeafPredictions) {
  const Hierarchy tree = tree_of({node("a"), node("b")});
  torch::Tensor classes = torch::zeros({1, 1, 100}, torch::kInt64);
  const torch::Tensor labels = torch::randint(2, {1, 1, 100}, torch::kInt64);
  LevelMetrics all(tree, "auto");
  all.add(flat_prediction(classes), labels);
  ASSERT_TRUE(all.collapsed().has_value());
  EXPECT_EQ(all.collapsed()->name, "a");
  EXPECT_EQ(all.collapsed()->share, 1.0);
  classes[0][0][7] = 1;  // exactly 99 % is no collapse
  LevelMetrics most(tree, "auto");
  most.add(flat_prediction(classes), labels);
  EXPECT_FALSE(most.collapsed().has_value());
  LevelMetrics single(tree_of({node("only")}), "auto");
  single.add(flat_prediction(torch::zeros({1, 1, 4}, torch::kInt64)),
             torch::zeros({1, 1, 4}, torch::kInt64));
  EXPECT_FALSE(single.collapsed().has_value());
}

TEST(LevelMetrics, ClassesOfOneNameAreToldApartByTheirPaths) {
  const Hierarchy tree =
      tree_of({node("car", {node("wheel")}), node("bike", {node("wheel"), node("bar")})});
  const MetricsReport report = LevelMetrics(tree, "auto").report();
  EXPECT_EQ(report.levels[1].classes[0].name, "car/wheel");
  EXPECT_EQ(report.levels[1].classes[1].name, "bike/wheel");
  EXPECT_EQ(report.levels[1].classes[2].name, "bar");
}

TEST(LevelMetrics, WrongInputIsNamed) {
  const Hierarchy tree = worked_tree();
  LevelMetrics metrics(tree, "auto");
  const Decoded good = random_prediction(tree, {1, 2, 2});
  const torch::Tensor labels = torch::zeros({1, 2, 2}, torch::kInt64);
  EXPECT_THROW(metrics.add(flat_prediction(labels), labels), c10::ValueError);
  EXPECT_THROW(metrics.add(good, torch::zeros({1, 2, 3}, torch::kInt64)), c10::ValueError);
  EXPECT_THROW(metrics.add(good, labels.to(torch::kInt32)), c10::ValueError);
  EXPECT_THROW(metrics.add(good, labels + tree.num_nodes()), c10::ValueError);
  EXPECT_THROW(metrics.add(good, labels - 2), c10::ValueError);
  EXPECT_EQ(metrics.report().pixels, 0);
}

TEST(LevelMetrics, UndecidedPixelsCountAtTheLevelsThatTheyDetermine) {
  const Hierarchy tree = worked_tree();  // levels of 2, 3 and 5 classes
  LevelMetrics metrics(tree, "auto");
  // A cat, predicted: cat, mammal of unknown kind, animal of unknown kind. A bird, taken for a mammal.
  const torch::Tensor labels =
      torch::tensor({tree.find("cat"), tree.find("cat"), tree.find("cat"), tree.find("bird")},
                    torch::kInt64)
          .view({1, 1, 4});
  Decoded decoded;
  const auto level = [&](std::vector<std::int64_t> classes, std::vector<float> confidence) {
    decoded.levels.push_back({torch::tensor(classes, torch::kInt64).view({1, 1, 4}),
                              torch::tensor(confidence).view({1, 1, 4})});
  };
  level({1, 1, 1, 1}, {1, 1, 1, 1});
  level({2, 2, kUndecided, 2}, {1, 1, 0, 1});
  level({2, kUndecided, kUndecided, kUndecided}, {1, 0, 0, 0});
  metrics.add(decoded, labels);
  const MetricsReport report = metrics.report();
  EXPECT_EQ(report.levels[0].pixel_accuracy, 1.0);
  EXPECT_EQ(report.levels[1].pixel_accuracy, 2.0 / 4);
  EXPECT_EQ(report.levels[2].pixel_accuracy, 1.0 / 4);
  EXPECT_EQ(report.levels[1].classes[2].iou, 2.0 / 4);  // mammal: TP 2, FP 1, FN 1
  EXPECT_EQ(report.levels[1].classes[2].undecided, 1);
  EXPECT_EQ(report.levels[2].classes[2].iou, 1.0 / 3);  // cat: TP 1, FN 2
  EXPECT_EQ(report.levels[2].classes[1].iou, 0.0);      // bird: missed
  EXPECT_EQ(report.levels[2].ece, 0.0);                 // of the one pixel with a class
  EXPECT_EQ(report.levels[1].ece, 1.0 / 3);             // three, sure of all, one wrong
  EXPECT_EQ(report.tree_distance_of_errors, std::nullopt);
  EXPECT_EQ(report.consistency_violations, 0.0);
}

// Two processes, one image each, as threads that add up what they hold at the same call.
TEST(LevelMetrics, MergedCountsGiveTheFiguresOfAllImages) {
  torch::manual_seed(8);
  const Hierarchy tree = person_tree();
  LevelMetrics whole(tree, "auto"), first(tree, "auto"), second(tree, "auto");
  for (LevelMetrics* part : {&first, &second}) {
    const Decoded decoded = random_prediction(tree, {1, 9, 8});
    const torch::Tensor labels = torch::randint(-1, tree.num_nodes(), {1, 9, 8}, torch::kInt64);
    part->add(decoded, labels);
    whole.add(decoded, labels);
  }
  std::array<torch::Tensor, 2> held;
  std::barrier together(2);
  const auto merge = [&](LevelMetrics& metrics, std::size_t process) {
    metrics.merge([&](torch::Tensor& counts) {
      held[process] = counts.clone();
      together.arrive_and_wait();
      counts.copy_(held[0] + held[1]);
      together.arrive_and_wait();
    });
  };
  std::thread process([&] { merge(second, 1); });
  merge(first, 0);
  process.join();
  EXPECT_EQ(second.report().pixels, whole.report().pixels);
  const MetricsReport merged = first.report(), expected = whole.report();
  EXPECT_EQ(merged.pixels, expected.pixels);
  expect_near(merged.consistency_violations, expected.consistency_violations);
  expect_near(merged.tree_distance_of_errors, expected.tree_distance_of_errors);
  for (std::size_t k = 0; k < expected.levels.size(); ++k) {
    EXPECT_TRUE(merged.levels[k].confusion.equal(expected.levels[k].confusion));
    expect_near(merged.levels[k].miou, expected.levels[k].miou);
    expect_near(merged.levels[k].ece, expected.levels[k].ece);
    for (const ImageFigure& figure : kImageFigures) {
      const auto& one = merged.levels[k].*figure.spread;
      const auto& other = expected.levels[k].*figure.spread;
      ASSERT_TRUE(one && other) << figure.name;
      EXPECT_NEAR(one->mean, other->mean, 1e-14) << figure.name;
      EXPECT_NEAR(one->deviation, other->deviation, 1e-14) << figure.name;
    }
  }
}

}  // namespace gyroseg::level_metrics_test
