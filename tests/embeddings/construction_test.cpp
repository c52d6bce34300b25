#include "gyroseg/embeddings/construction.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "gyroseg/embeddings/quality.h"
#include "manifolds/manifold.h"
#include "support/value_error.h"

namespace gyroseg::construction_test {

using testing::expect_value_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

/// A full tree: every inner node has `branches` children, `depth` levels below the root.
Taxonomy full_tree(int branches, int depth) {
  Taxonomy tree;
  tree.parents = {-1};
  std::size_t begin = 0;
  for (int level = 0; level < depth; ++level) {
    const std::size_t end = tree.parents.size();
    for (; begin < end; ++begin) tree.parents.insert(tree.parents.end(), branches, begin);
  }
  return tree;
}

Tensor as_tensor(const std::vector<std::vector<std::string>>& cells) {
  std::vector<double> values;
  for (const auto& row : cells)
    for (const std::string& cell : row) values.push_back(std::strtod(cell.c_str(), nullptr));
  return torch::tensor(values, kF64).reshape({static_cast<int64_t>(cells.size()), -1});
}

double largest_gap(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

// Hyperbolic law of cosines: neighbours of a node at angle t are
// cosh d = cosh^2 tau - sinh^2 tau cos t apart.
TEST(Construction, AStarInClosedForm) {
  Taxonomy star;
  star.parents = {-1, 0, 0, 0, 0, 0};
  const double tau = 1.7;
  const Construction result = construct_embedding(star, {.edge = tau});
  EXPECT_EQ(result.centre, 0);
  for (int64_t i = 1; i < 6; ++i) {
    EXPECT_NEAR(result.distances[0][i].item<double>(), tau, 1e-14);
    const double t = 2 * M_PI * static_cast<double>(i - 1) / 5;
    const double apart = std::acosh(std::pow(std::cosh(tau), 2) - std::pow(std::sinh(tau), 2) * std::cos(t));
    EXPECT_NEAR(result.distances[1][i].item<double>(), apart, 1e-7) << i;
  }
  EXPECT_NEAR(result.radius, tau, 1e-14);
  // The ball's coordinate of a point at distance tau is tanh(tau/2), its tangent vector tau/2 long.
  EXPECT_NEAR(as_tensor(result.points)[1].norm().item<double>(), std::tanh(tau / 2), 1e-15);
  EXPECT_NEAR(as_tensor(result.tangents)[1].norm().item<double>(), tau / 2, 1e-15);
}

// Path through the origin: all on one diameter.
TEST(Construction, APathIsAGeodesic) {
  Taxonomy path;
  path.parents = {-1, 0, 1, 2, 3};
  const Construction result = construct_embedding(path, {.edge = 2.0});
  EXPECT_EQ(result.centre, 2);
  EXPECT_LT(largest_gap(result.distances, 2 * tree_distances(path)(0, 5)), 1e-6);
}

// The library's own distance, right in float64, is the other implementation.
TEST(Construction, DistancesAreTheBallsForEveryCurvatureAndDimension) {
  const Taxonomy tree = full_tree(4, 3);
  for (const double c : {1.0, 0.25, 3.0}) {
    for (const int64_t dim : {2, 3, 5}) {
      const auto space = make_manifold("poincare", c);
      const Construction result =
          construct_embedding(tree, {.dim = dim, .curvature = c, .edge = 4.0});
      const Tensor x = as_tensor(result.points);
      EXPECT_EQ(x.size(1), dim);
      EXPECT_LT(largest_gap(space->cdist(x, x), result.distances), 1e-6);
      EXPECT_LT(largest_gap(space->embed(as_tensor(result.tangents)), x), 1e-15 / std::sqrt(c));
      EXPECT_NEAR(result.distances[0][1].item<double>(), 4 / std::sqrt(c), 1e-6);
    }
  }
}

// Long edges: coordinates crowd at the rim far beyond float64, distances tend to the tree's.
TEST(Construction, LongEdgesDistortLittle) {
  const Taxonomy tree = full_tree(3, 3);
  const Construction result = construct_embedding(tree, {.edge = 60.0});
  EXPECT_NEAR(result.radius, 180, 1e-9);
  EXPECT_EQ(result.digits, 17 + static_cast<int>(std::ceil(180 / M_LN10)));
  const auto rows = rows_of(result.distances);
  const Distortion d = distortion(rows, tree_distances(tree), result.distances.size(0));
  EXPECT_LT(d.worst, 1.02);
  EXPECT_GT(d.worst, 1);
  EXPECT_EQ(neighbour_ranking(rows, tree_neighbours(tree)).map, 1);
}

TEST(Construction, ShortestEdgeOfAWantedDistortion) {
  const Taxonomy tree = full_tree(4, 3);
  const auto worst = [&](const Construction& c) {
    return distortion(rows_of(c.distances), tree_distances(tree), c.distances.size(0)).worst;
  };
  const Construction wanted = construct_embedding(tree, {.distortion = 1.2});
  EXPECT_LE(worst(wanted), 1.2 + 1e-9);
  EXPECT_GT(worst(construct_embedding(tree, {.edge = 0.99 * wanted.edge})), 1.2);
}

TEST(Construction, ByDefaultFloat64Suffices) {
  const Taxonomy tree = full_tree(3, 4);
  const Construction result = construct_embedding(tree, {});
  EXPECT_NEAR(result.radius, kFloat64Radius, 1e-6);
  EXPECT_EQ(result.digits, 17);
  const Tensor x = as_tensor(result.points);
  EXPECT_LT(largest_gap(make_manifold("poincare", 1.0)->cdist(x, x), result.distances), 1e-3);
}

TEST(Construction, MoreDimensionsSpreadWider) {
  Taxonomy star;
  star.parents.assign(25, 0);
  star.parents[0] = -1;
  const auto worst = [&](int64_t dim) {
    const Construction c = construct_embedding(star, {.dim = dim, .edge = 3.0});
    return distortion(rows_of(c.distances), tree_distances(star), 25).worst;
  };
  EXPECT_LT(worst(3), 0.8 * worst(2));
  EXPECT_LT(worst(8), worst(3));
}

TEST(Construction, TheUnnamedRootIsNoRow) {
  Taxonomy pair;
  pair.parents = {-1, -1};
  const Construction result = construct_embedding(pair, {.edge = 1.5});
  EXPECT_EQ(result.points.size(), 2);
  EXPECT_EQ(result.centre, 2);
  EXPECT_NEAR(result.distances[0][1].item<double>(), 3, 1e-12);
}

TEST(Construction, RefusesWhatDoesNotFit) {
  const Taxonomy tree = full_tree(3, 4);
  expect_value_error([&] { (void)construct_embedding(tree, {.dim = 1}); }, "got 1");
  expect_value_error([&] { (void)construct_embedding(tree, {.curvature = 0}); }, "got 0");
  expect_value_error([&] { (void)construct_embedding(tree, {.edge = -1.0}); }, "got -1");
  expect_value_error([&] { (void)construct_embedding(tree, {.distortion = 1.0}); }, "got 1");
  expect_value_error([&] { (void)construct_embedding(tree, {.edge = 1.0, .distortion = 2.0}); }, "both");
  expect_value_error([&] { (void)construct_embedding(tree, {.edge = 100.0}); }, "at most 85");
  expect_value_error([&] { (void)construct_embedding(tree, {.distortion = 1.0001}); }, "longer than 85");
  expect_value_error([&] { (void)construct_embedding(full_tree(1, 0), {}); }, "got 1");
}

TEST(EmbeddingQuality, HoldsEveryMeasure) {
  const Taxonomy tree = full_tree(2, 2);
  const EmbeddingQuality q = measure_embedding(tree_distances(tree), {{3, 1}, {3, 0}}, tree);
  EXPECT_EQ(q.linked.map, 1);
  // Node 3's relations are 1 at distance 1 and 0 at distance 2, where its sibling 4 lies too: 2 of 3.
  EXPECT_NEAR(q.related.map, (1 + 2.0 / 3) / 2, 1e-15);
  EXPECT_EQ(q.distortion->worst, 1);
  EXPECT_EQ(q.hyperbolicity->delta, 0);
  EXPECT_EQ(q.base_points, 7);
}

}  // namespace gyroseg::construction_test
