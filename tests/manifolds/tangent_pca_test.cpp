#include "manifolds/tangent_pca.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <string>

#include "support/value_error.h"

namespace gyroseg::tangent_pca_test {

using testing::expect_value_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

double largest_gap(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

class TangentPcaLaws : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { torch::manual_seed(3); }
  [[nodiscard]] std::shared_ptr<const Manifold> space() const {
    return make_manifold(GetParam(), 0.7);
  }
  /// Points within about 1 of a place off the origin.
  [[nodiscard]] Tensor points(std::int64_t n, std::int64_t dim) const {
    const Tensor middle = torch::randn({1, dim}, kF64);
    return space()->embed(middle + 0.3 * torch::randn({n, dim}, kF64));
  }
};

TEST_P(TangentPcaLaws, AllComponentsKeepTheDistancesFromTheBase) {
  const Tensor x = points(40, 4);
  const TangentPca pca = tangent_pca(*space(), x, x.size(1));
  const Tensor y = tangent_coordinates(*space(), pca, x);
  EXPECT_LT(largest_gap(at::linalg_vector_norm(y, 2, -1), space()->dist(pca.base.unsqueeze(0), x)), 1e-9);
  EXPECT_NEAR(pca.explained, 1, 1e-12);
  // The base is the Frechet mean: logarithms sum to 0 there.
  EXPECT_LT(y.sum(0).abs().max().item<double>(), 1e-7);
  EXPECT_LT(largest_gap(pca.axes.matmul(pca.axes.t()), torch::eye(x.size(1), kF64)), 1e-12);
}

TEST_P(TangentPcaLaws, AGeodesicThroughTheBaseIsOneAxisAndItsLengthTheCoordinate) {
  const Tensor ends = points(2, 3);
  const Tensor t = torch::tensor({-0.2, -0.1, 0.0, 0.3, 0.6}, kF64);
  const Tensor x = space()->geodesic(t, ends[0].unsqueeze(0), ends[1].unsqueeze(0));
  const TangentPca pca = tangent_pca(*space(), x, 1, ends[0]);
  EXPECT_NEAR(pca.explained, 1, 1e-9);
  const double length = space()->dist(ends[0], ends[1]).item<double>();
  // Skewed to the positive side, as the sum of the cubes of t is.
  EXPECT_LT(largest_gap(tangent_coordinates(*space(), pca, x).squeeze(1), t * length), 1e-7);
}

INSTANTIATE_TEST_SUITE_P(Spaces, TangentPcaLaws,
                         ::testing::Values("euclidean", "sphere", "poincare", "lorentz"));

TEST(TangentPca, ThreeOrthogonalLengthsAreOrderedAndExplainTheirShare) {
  // Moments 2 * (9, 4, 1) about 0 along the axes y, x, z.
  const Tensor x = torch::tensor({{2., 0., 0.}, {-2., 0., 0.}, {0., 3., 0.}, {0., -3., 0.},
                                  {0., 0., 1.}, {0., 0., -1.}}, kF64);
  const auto flat = make_manifold("euclidean", 1.0);
  const TangentPca pca = tangent_pca(*flat, x);
  EXPECT_NEAR(pca.explained, 13.0 / 14, 1e-12);
  // Symmetric: the first point that is off 0 along an axis is on its positive side.
  const Tensor expected = torch::tensor({{0., 2.}, {0., -2.}, {3., 0.}, {-3., 0.}, {0., 0.}, {0., 0.}}, kF64);
  EXPECT_LT(largest_gap(tangent_coordinates(*flat, pca, x), expected), 1e-12);
}

TEST(TangentPca, RotatedPointsHaveTheSameCoordinates) {
  torch::manual_seed(8);
  const auto ball = make_manifold("poincare", 1.0);
  const Tensor x = ball->embed(torch::randn({50, 4}, kF64) * torch::tensor({1.0, 0.6, 0.3, 0.1}, kF64));
  const Tensor rotation = std::get<0>(at::linalg_qr(torch::randn({4, 4}, kF64)));
  const Tensor turned = x.matmul(rotation);
  const Tensor a = tangent_coordinates(*ball, tangent_pca(*ball, x), x);
  const Tensor b = tangent_coordinates(*ball, tangent_pca(*ball, turned), turned);
  EXPECT_LT(largest_gap(a, b), 1e-9);
}

TEST(TangentPca, OnePointIsItsOwnMeanAndWrongArgumentsAreNamed) {
  const auto ball = make_manifold("poincare", 1.0);
  const Tensor one = torch::tensor({{0.3f, 0.4f}});
  const TangentPca pca = tangent_pca(*ball, one);
  EXPECT_EQ(pca.explained, 1);
  EXPECT_LT(tangent_coordinates(*ball, pca, one).abs().max().item<double>(), 1e-7);
  expect_value_error([&] { (void)tangent_pca(*ball, one, 3); }, "1 to 2 components");
  expect_value_error([&] { (void)tangent_pca(*ball, torch::zeros({0, 2})); }, "N > 0");
  expect_value_error([&] { (void)tangent_pca(*ball, one, 2, torch::zeros({3})); }, "base must be [2]");
}

}  // namespace gyroseg::tangent_pca_test
