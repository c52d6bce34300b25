#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstdlib>
#include <random>
#include <vector>

#include "gyroseg/embeddings/construction.h"
#include "manifolds/horo_pca.h"
#include "manifolds/manifold.h"
#include "manifolds/tangent_pca.h"

namespace gyroseg::horo_pca_trees_test {

using torch::Tensor;

// A random recursive tree in six dimensions, by Sarkar's construction.
Tensor tree_points(unsigned seed) {
  std::mt19937 random(seed);
  Taxonomy tree;
  tree.parents = {-1};
  for (int i = 1; i < 60; ++i) {
    tree.parents.push_back(static_cast<std::int64_t>(random() % static_cast<unsigned>(i)));
  }
  const Construction built = construct_embedding(tree, {.dim = 6, .edge = 1.0});
  std::vector<double> values;
  for (const auto& row : built.points) {
    for (const std::string& cell : row) {
      values.push_back(std::strtod(cell.c_str(), nullptr));
    }
  }
  return torch::tensor(values, torch::kFloat64).view({60, 6});
}

// Share of the squared distances that a picture keeps; one that grew counts as it was.
double kept(const Manifold& ball, const Tensor& x, const Tensor& picture) {
  const Tensor before = ball.cdist(x, x);
  const Tensor after = at::minimum(ball.cdist(picture, picture), before);
  return (after.square().sum() / before.square().sum()).item<double>();
}

// The claim of the paper's experiments: more of the distances is kept than by tangent PCA.
TEST(HoroPcaOfTrees, KeepsNoLessOfTheDistancesThanTangentPca) {
  const auto ball = make_manifold("poincare", 1.0);
  for (unsigned seed = 0; seed < 5; ++seed) {
    const Tensor x = tree_points(seed);
    const TangentPca tangent = tangent_pca(*ball, x);
    const Tensor flat = ball->expmap0(tangent_coordinates(*ball, tangent, x) / 2);
    const HoroPca horo = horo_pca(x, 1.0);
    EXPECT_NEAR(horo.explained, kept(*ball, x, horo_project(horo, x, 1.0)), 1e-9);
    EXPECT_GE(horo.explained, kept(*ball, x, flat)) << "seed " << seed;
    EXPECT_LE(horo.explained, 1);
  }
}

}  // namespace gyroseg::horo_pca_trees_test
