#include "gyroseg/embeddings/learn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gyroseg/embeddings/embedding_files.h"
#include "gyroseg/embeddings/taxonomy.h"
#include "gyroseg/models/prototype_file.h"
#include "support/value_error.h"

namespace gyroseg::learn_test {

using testing::expect_value_error;
using torch::Tensor;

/// A binary tree of 31 nodes as an edge list: node n hangs on (n - 1)/2.
RelationGraph binary_tree() {
  RelationGraph graph{"tree", {}, {}};
  for (int n = 0; n < 31; ++n) graph.names.push_back("n" + std::to_string(n));
  for (int n = 1; n < 31; ++n) graph.relations.push_back({n, (n - 1) / 2, 1, 0});
  return graph;
}

LearnOptions quick(int64_t dim) {
  LearnOptions options;
  options.dim = dim;
  options.epochs = 60;
  options.burn_in = 5;
  options.negatives = 10;
  options.lr = 0.2;
  return options;
}

double map_of(const std::string& kind, const LearnOptions& options, Tensor* points = nullptr) {
  const RelationGraph graph = binary_tree();
  const auto space = make_manifold(kind, 1.0);
  const auto relations = transitive_closure(graph);
  const Learned result = learn_embedding(space, relations, 31, options);
  if (points != nullptr) *points = result.points;
  EXPECT_EQ(result.projected, 0);
  return neighbour_ranking(rows_of(space->cdist(result.points, result.points)),
                           related_nodes(relations, 31)).map;
}

TEST(LearnEmbedding, EverySpaceLearnsTheTree) {
  LearnOptions none = quick(3);
  none.epochs = none.burn_in = 0;
  for (const char* kind : {"poincare", "lorentz", "euclidean", "sphere"}) {
    const double before = map_of(kind, none), after = map_of(kind, quick(3));
    EXPECT_LT(before, 0.5) << kind;
    EXPECT_GT(after, before + 0.2) << kind;
  }
  EXPECT_GT(map_of("poincare", quick(3)), 0.9);
}

TEST(LearnEmbedding, LorentzIsTheBallInOtherCoordinates) {
  Tensor ball, sheet;
  LearnOptions options = quick(3);
  options.epochs = 5;
  (void)map_of("poincare", options, &ball);
  (void)map_of("lorentz", options, &sheet);
  const Tensor as_ball = sheet.slice(1, 1) / (1 + sheet.slice(1, 0, 1));
  EXPECT_LT((as_ball - ball).abs().max().item<double>(), 1e-6);
}

TEST(LearnEmbedding, TheSeedDecides) {
  Tensor first, again, other;
  LearnOptions options = quick(2);
  options.negative_power = 0.75;
  (void)map_of("poincare", options, &first);
  (void)map_of("poincare", options, &again);
  options.seed = 1;
  (void)map_of("poincare", options, &other);
  EXPECT_TRUE(torch::equal(first, again));
  EXPECT_FALSE(torch::equal(first, other));
}

TEST(LearnEmbedding, ProgressAfterEveryPass) {
  LearnOptions options = quick(2);
  options.epochs = 3;
  options.burn_in = 2;
  std::vector<int64_t> passes;
  (void)learn_embedding(make_manifold("euclidean", 1.0), binary_tree().relations, 31, options,
                        [&](int64_t pass, double loss) {
                          passes.push_back(pass);
                          EXPECT_GT(loss, 0);
                        });
  EXPECT_EQ(passes, (std::vector<int64_t>{1, 2, 3, 4, 5}));
}

// Node 0 is related to all others: nothing to rank there. Node 1's only negative is 2.
TEST(LearnEmbedding, RelationsWithoutNegativesAreLeftOut) {
  const auto space = make_manifold("poincare", 1.0);
  const Learned result = learn_embedding(space, {{0, 1}, {0, 2}, {1, 0}}, 3, quick(2));
  EXPECT_EQ(result.skipped, 2);
  const Tensor d = space->cdist(result.points, result.points);
  EXPECT_LT(d[1][0].item<double>(), d[1][2].item<double>());
  expect_value_error([&] { (void)learn_embedding(space, {{0, 1}}, 2, quick(2)); }, "1 without");
}

TEST(LearnEmbedding, RefusesOptionsOutOfRange) {
  const auto refuse = [](auto member, auto value, const char* part) {
    LearnOptions options = quick(2);
    options.*member = value;
    expect_value_error(
        [&] {
          (void)learn_embedding(make_manifold("poincare", 1.0), binary_tree().relations, 31, options);
        },
        part);
  };
  refuse(&LearnOptions::dim, 0, "dim >= 1");
  refuse(&LearnOptions::epochs, -1, "got -1");
  refuse(&LearnOptions::negatives, 0, "negatives");
  refuse(&LearnOptions::batch_size, 0, "batch_size");
  refuse(&LearnOptions::lr, 0.0, "lr > 0");
  refuse(&LearnOptions::negative_power, -1.0, "got -1");
}

// What is written can stand under classifier.prototypes.
TEST(EmbeddingFiles, CoordinatesAreReadAsPrototypes) {
  const auto file = std::filesystem::path(::testing::TempDir()) /
                    ("coordinates_" + std::to_string(::getpid()) + ".csv");
  const Hierarchy tree({{{"sky", {}, 0, ""}, {"a, \"b\"", {}, 1, ""}}, {}});
  for (const char* kind : {"poincare", "lorentz", "euclidean", "sphere"}) {
    const auto space = make_manifold(kind, 1.0);
    const Tensor v = torch::tensor({{0.6, 0.8}, {-0.8, 0.6}}, torch::kFloat64);
    write_coordinates(file, {"sky", "a, \"b\""}, decimal_cells(space->embed(v)));
    const Tensor read = read_prototypes(file, tree, 2, *space, 2);
    EXPECT_LT((read - v).abs().max().item<double>(), 1e-6) << kind;
  }
  std::filesystem::remove(file);
}

TEST(EmbeddingFiles, NumbersComeBackToTheLastBit) {
  const Tensor x = torch::rand({5, 2}, torch::kFloat64) / 3;
  const auto cells = decimal_cells(x);
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(std::stod(cells[i][1]), x[i][1].item<double>());
  }
  EXPECT_EQ(json_number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(json_list({"a\"", "b"}), "[\"a\\\"\",\"b\"]");
}

}  // namespace gyroseg::learn_test
