#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "manifolds/manifold.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::manifold_laws_test {

using torch::Tensor;

/// One space and one regime: `spread` is the typical entry of a tangent vector.
struct Case {
  std::string kind;
  double c, spread;
  torch::Dtype dtype;
  double tolerance;  ///< relative; a few roundings of the dtype, times the condition of the law
};

void PrintTo(const Case& x, std::ostream* out) {
  *out << x.kind << " c=" << x.c << " spread=" << x.spread << " " << x.dtype;
}

/// Laws 1 to 6 at the head of manifold.h, by their numbers; the others are in point_laws_test.cpp.
class ManifoldLaws : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { torch::manual_seed(11); }

  [[nodiscard]] Tensor points(int64_t n = 64) const {
    return (torch::randn({n, 6}, torch::kFloat64) * GetParam().spread).to(GetParam().dtype);
  }
  void expect_close(const Tensor& a, const Tensor& b) const {
    const auto scale = b.abs().max().item<double>();
    EXPECT_LE((a - b).abs().max().item<double>(), GetParam().tolerance * scale);
  }

  std::shared_ptr<const Manifold> m = make_manifold(GetParam().kind, GetParam().c);
};

TEST_P(ManifoldLaws, Law1SymmetryAndZero) {
  const auto v = points(), w = points();
  expect_close(m->tangent_dist(v, w), m->tangent_dist(w, v));
  EXPECT_EQ(m->tangent_dist(v, v).abs().max().item<double>(), 0);
}

TEST_P(ManifoldLaws, Law2TriangleInequality) {
  if (GetParam().kind == "sphere") GTEST_SKIP() << "the cosine distance has none";
  const auto u = points(), v = points(), w = points();
  const auto around = m->tangent_dist(u, v) + m->tangent_dist(v, w);
  EXPECT_TRUE((m->tangent_dist(u, w) <= around * (1 + GetParam().tolerance)).all().item<bool>());
}

TEST_P(ManifoldLaws, Law3RaysAreGeodesics) {
  if (GetParam().kind == "sphere") GTEST_SKIP() << "a ray is one point";
  const auto v = points();
  const auto length = m->lambda0() * v.norm(2, 1);
  expect_close(m->tangent_dist(torch::zeros_like(v), v), length);
  // Powers of two: any other factor would round v off its ray, and far out a rounding is a long
  // way.
  expect_close(m->tangent_dist(v, v * -0.5), 1.5 * length);
  expect_close(m->tangent_dist(v, v * 0.5), 0.5 * length);
}

TEST_P(ManifoldLaws, Law4RotationsAreIsometries) {
  const auto q =
      std::get<0>(torch::linalg_qr(torch::randn({6, 6}, torch::kFloat64))).to(GetParam().dtype);
  const auto v = points(), w = points();
  expect_close(m->tangent_dist(v.matmul(q), w.matmul(q)), m->tangent_dist(v, w));
}

TEST_P(ManifoldLaws, Law5LogitsAreSignedAndHomogeneous) {
  const auto v = points(), z = points(5);
  const auto r = 0.3 * GetParam().spread * torch::randn({5}, v.options());
  const auto logits = m->logits(v, z, r);
  expect_close(m->logits(v, -z, -r), -logits);
  expect_close(m->logits(v, 2 * z, r), 2 * logits);
  if (GetParam().kind == "sphere") return;  // r z/|z| is no point of it
  const auto on_plane = r.unsqueeze(1) * z / z.norm(2, 1, true);
  EXPECT_LE(m->logits(on_plane, z, r).diagonal().abs().max().item<double>(),
            GetParam().tolerance * logits.abs().max().item<double>());
}

TEST_P(ManifoldLaws, Law6TendsToTheEuclideanTwin) {
  if (GetParam().kind == "sphere") GTEST_SKIP() << "its curvature is fixed";
  const auto flat = make_manifold(GetParam().kind, 1e-12);
  const auto v = points(), w = points(), z = points(5);
  const auto r = 0.3 * torch::randn({5}, v.options());
  expect_close(flat->tangent_dist(v, w), flat->lambda0() * (v - w).norm(2, 1));
  expect_close(flat->logits(v, z, r), 4 * (v.matmul(z.t()) - r * z.norm(2, 1)));
}

TEST_P(ManifoldLaws, GradientsMatchDifferences) {
  const auto w = points(4).to(torch::kFloat64), z = points(3).to(torch::kFloat64);
  const auto r = 0.2 * std::min(1.0, GetParam().spread) * torch::randn({3}, torch::kFloat64);
  const auto g = torch::randn({4, 3}, torch::kFloat64);
  const auto v = points(4);
  const double step =
      1e-5 * std::min(1.0, GetParam().spread);  // well inside the distance to a kink
  const auto check = [&](const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
    EXPECT_LT(testing::gradient_error(f, x, step), 1e-6);  // differences lose 1e-11 / step
  };
  check([&](const Tensor& x) { return m->tangent_dist(x, w).sum(); }, v);
  check([&](const Tensor& x) { return (m->logits(x, z, r) * g).sum(); }, v);
  check([&](const Tensor& x) { return (m->logits(w, x, r) * g).sum(); }, z);
  check([&](const Tensor& x) { return (m->logits(w, z, x) * g).sum(); }, r);
}

// float32: a few roundings of inputs (6e-8) go into each side; float64 likewise with 1e-16. The
// laws that compare different points lose up to the cosh of the spread's condition, at most 1e2.
INSTANTIATE_TEST_SUITE_P(Regimes, ManifoldLaws,
                         ::testing::Values(Case{"euclidean", 1.0, 1.0, torch::kFloat64, 1e-13},
                                           Case{"euclidean", 1.0, 1.0, torch::kFloat32, 1e-6},
                                           Case{"sphere", 1.0, 1.0, torch::kFloat64, 1e-13},
                                           Case{"sphere", 1.0, 1.0, torch::kFloat32, 1e-6},
                                           Case{"lorentz", 0.5, 1.0, torch::kFloat64, 1e-11},
                                           Case{"lorentz", 1.0, 5.0, torch::kFloat32, 3e-6},
                                           Case{"poincare", 1.0, 1e-6, torch::kFloat64, 1e-9},
                                           Case{"poincare", 1.0, 1.0, torch::kFloat64, 1e-11},
                                           Case{"poincare", 4.0, 3.0, torch::kFloat64, 1e-9},
                                           Case{"poincare", 0.25, 1.0, torch::kFloat32, 3e-6},
                                           Case{"poincare", 1.0, 1e-6, torch::kFloat32, 3e-6},
                                           Case{"poincare", 1.0, 5.0, torch::kFloat32, 3e-6}));

TEST(EuclideanManifold, DistanceHasZeroGradientAtEqualPoints) {
  const auto m = make_manifold("euclidean", 1.0);
  const auto v = torch::tensor({{1.0f, 2.0f}, {0.0f, 0.0f}}).requires_grad_(true);
  m->tangent_dist(v, v.detach()).sum().backward();
  EXPECT_TRUE(torch::equal(v.grad(), torch::zeros({2, 2})));
}

TEST(EuclideanManifold, PixelsAndRowsAgree) {
  torch::manual_seed(12);
  const auto m = make_manifold("euclidean", 1.0);
  const auto v = torch::randn({2, 5, 3, 4}), z = torch::randn({7, 5}), r = torch::randn({7});
  const auto pixels = m->logits(v, z, r, 1);
  ASSERT_EQ(pixels.sizes(), (std::vector<int64_t>{2, 7, 3, 4}));
  const auto rows = m->logits(v.movedim(1, -1), z, r).movedim(-1, 1);
  EXPECT_TRUE(torch::allclose(pixels, rows, 1e-5, 1e-5));
}

TEST(MakeManifold, GivesTheSpaceAskedFor) {
  EXPECT_EQ(make_manifold("euclidean", 2.0)->kind(), "euclidean");
  EXPECT_EQ(make_manifold("euclidean", 2.0)->curvature(), 0.0);
  EXPECT_EQ(make_manifold("euclidean", 2.0)->lambda0(), 1.0);
  EXPECT_EQ(make_manifold("poincare", 0.1)->kind(), "poincare");
  EXPECT_EQ(make_manifold("poincare", 0.1)->curvature(), 0.1);
  EXPECT_EQ(make_manifold("poincare", 0.1)->lambda0(), 2.0);
  EXPECT_EQ(make_manifold("sphere", 2.0)->kind(), "sphere");
  EXPECT_EQ(make_manifold("sphere", 2.0)->curvature(), -1.0);
  EXPECT_EQ(make_manifold("sphere", 2.0)->lambda0(), 1.0);
  EXPECT_EQ(make_manifold("lorentz", 0.1)->kind(), "lorentz");
  EXPECT_EQ(make_manifold("lorentz", 0.1)->curvature(), 0.1);
  EXPECT_EQ(make_manifold("lorentz", 0.1)->lambda0(), 2.0);
  EXPECT_EQ(make_manifold("lorentz", 0.1)->coordinates(16), 17);
}

TEST(MakeManifold, RefusesBadArguments) {
  using testing::expect_value_error;
  expect_value_error([] { (void)make_manifold("poincar", 1.0); }, "got poincar");
  expect_value_error([] { (void)make_manifold("poincare", 0.0); }, "got 0");
  expect_value_error([] { (void)make_manifold("euclidean", -1.0); }, "got -1");
  expect_value_error([] { (void)make_manifold("poincare", INFINITY); }, "got inf");
  expect_value_error([] { (void)make_manifold("poincare", NAN); }, "got nan");
  const auto m = make_manifold("euclidean", 1.0);
  const auto v = torch::ones({2, 3});
  expect_value_error([&] { (void)m->tangent_dist(v, torch::ones({2, 4})); }, "[2, 4]");
  expect_value_error([&] { (void)m->logits(v, torch::ones({4, 2}), torch::ones({4})); }, "[4, 2]");
  expect_value_error([&] { (void)m->logits(v, torch::ones({4, 3}), torch::ones({5})); }, "[5]");
}

}  // namespace gyroseg::manifold_laws_test
