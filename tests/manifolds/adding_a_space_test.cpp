// The example of docs/adding_a_space.md, line by line, and the laws of manifold.h for it.
#include <ATen/ops/cat.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "manifolds/manifold.h"
#include "manifolds/nn/classifier.h"
#include "manifolds/tree_triplet.h"
#include "support/document_lines.h"
#include "support/gradient_check.h"
#include "support/hyperbolic_oracle.h"
#include "support/value_error.h"

namespace gyroseg::adding_a_space_test {

// doc begin
using torch::Tensor;

/// `dim` of the tensors' broadcast shape counted from the back, so that it means the same in all.
template <typename... T>
int64_t back_of(int64_t dim, const T&... tensors) {
  return dim < 0 ? dim : dim - std::max({tensors.dim()...});
}

/// f(dim, ...) of the first and of the second half of each tensor along `dim`.
template <typename F, typename... T>
std::array<Tensor, 2> halves(const F& f, int64_t dim, const T&... tensors) {
  const int64_t back = back_of(dim, tensors...);
  const auto half = [&](const Tensor& t, int64_t i) {
    TORCH_CHECK_VALUE(t.size(back) % 2 == 0, "ProductOfBalls: D must be even, got ", t.sizes());
    return t.narrow(back, i * (t.size(back) / 2), t.size(back) / 2);
  };
  return {f(back, half(tensors, 0)...), f(back, half(tensors, 1)...)};
}

/// The two results beside each other: the coordinates of a point or of a vector.
template <typename F, typename... T>
Tensor beside(const F& f, int64_t dim, const T&... tensors) {
  return at::cat(halves(f, dim, tensors...), back_of(dim, tensors...));
}

/// The root of the sum of their squares; gradient 0 where both are 0.
template <typename F, typename... T>
Tensor together(const F& f, int64_t dim, const T&... tensors) {
  return at::linalg_vector_norm(at::stack(halves(f, dim, tensors...)), 2, 0);
}

/// Two Poincare balls of D/2 dimensions and one c (Gu et al. 2019): everything goes factor by
/// factor, and d^2 = d1^2 + d2^2.
///
///   logits   the sum of the factors' (as in Tabaghi et al. 2021, 2102.10204), each with the part
///            |z_i|/|z| of the offset, so that laws 5 and 6 hold
///   Differs  law 4: only rotations within a factor are isometries
class ProductOfBalls final : public Manifold {
 public:
  using Weights = std::optional<Tensor>;

  explicit ProductOfBalls(const Curvature& c) : c_(c), ball_(make_manifold("poincare", c)) {}

  std::string kind() const override { return "product"; }
  double curvature() const override { return c_.value(); }
  std::optional<Curvature> curvature_parameter() const override { return c_; }
  double lambda0() const override { return ball_->lambda0(); }

  Tensor tangent_dist(const Tensor& v, const Tensor& w, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b) {
      return ball_->tangent_dist(a, b, at);
    };
    return together(f, dim, v, w);
  }

  Tensor logits(const Tensor& v, const Tensor& normals, const Tensor& offsets,
                int64_t dim = -1) const override {
    const auto z = normals.chunk(2, 1);
    const Tensor length = at::linalg_vector_norm(normals, 2, 1);
    const Tensor unit = offsets / at::where(length == 0, torch::ones_like(length), length);
    int factor = 0;
    const auto f = [&](int64_t at, const Tensor& a) {
      const Tensor& normal = z[factor++];
      return ball_->logits(a, normal, unit * at::linalg_vector_norm(normal, 2, 1), at);
    };
    const auto [first, second] = halves(f, dim, v);
    return first + second;
  }

  Tensor expmap(const Tensor& x, const Tensor& v, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b) {
      return ball_->expmap(a, b, at);
    };
    return beside(f, dim, x, v);
  }
  // The other fifteen likewise: tests/manifolds/adding_a_space_test.cpp.
  // doc end
  Tensor embed(const Tensor& v, int64_t dim = -1) const override {
    return beside([&](int64_t at, const Tensor& a) { return ball_->embed(a, at); }, dim, v);
  }
  Tensor unembed(const Tensor& x, int64_t dim = -1) const override {
    return beside([&](int64_t at, const Tensor& a) { return ball_->unembed(a, at); }, dim, x);
  }
  Tensor origin(int64_t coordinates, const torch::TensorOptions& options) const override {
    return ball_->origin(coordinates, options);
  }
  Projection project(const Tensor& x, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a) { return ball_->project(a, at).points; };
    const Tensor points = beside(f, dim, x);
    return {points, (points - x).abs().gt(0).any(dim).sum()};  // a point moved in both is one
  }
  Tensor project_tangent(const Tensor& x, const Tensor& v, int64_t dim = -1) const override {
    return ball_->project_tangent(x, v, dim);
  }
  Tensor inner(const Tensor& x, const Tensor& u, const Tensor& v, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b, const Tensor& d) {
      return ball_->inner(a, b, d, at);
    };
    const auto [first, second] = halves(f, dim, x, u, v);
    return first + second;
  }
  Tensor rgrad(const Tensor& x, const Tensor& egrad, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b) {
      return ball_->rgrad(a, b, at);
    };
    return beside(f, dim, x, egrad);
  }
  Tensor logmap(const Tensor& x, const Tensor& y, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b) {
      return ball_->logmap(a, b, at);
    };
    return beside(f, dim, x, y);
  }
  Tensor dist(const Tensor& x, const Tensor& y, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b) {
      return ball_->dist(a, b, at);
    };
    return together(f, dim, x, y);
  }
  Tensor sqdist(const Tensor& x, const Tensor& y, int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b) {
      return ball_->sqdist(a, b, at);
    };
    const auto [first, second] = halves(f, dim, x, y);
    return first + second;
  }
  Tensor cdist(const Tensor& x, const Tensor& y) const override {
    const auto f = [&](int64_t, const Tensor& a, const Tensor& b) { return ball_->cdist(a, b); };
    return together(f, -1, x, y);
  }
  Tensor geodesic(const Tensor& t, const Tensor& x, const Tensor& y,
                  int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b) {
      return ball_->geodesic(t, a, b, at);
    };
    return beside(f, dim, x, y);
  }
  Tensor transport(const Tensor& x, const Tensor& y, const Tensor& v,
                   int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a, const Tensor& b, const Tensor& d) {
      return ball_->transport(a, b, d, at);
    };
    return beside(f, dim, x, y, v);
  }
  Tensor midpoint(const Tensor& x, const Weights& weights = std::nullopt, int64_t along = -2,
                  int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a) {
      return ball_->midpoint(a, weights, along, at);
    };
    return at::cat(halves(f, dim, x), without(along, dim, x));
  }
  Tensor frechet_mean(const Tensor& x, const Weights& weights = std::nullopt, int64_t along = -2,
                      int64_t dim = -1) const override {
    const auto f = [&](int64_t at, const Tensor& a) {
      return ball_->frechet_mean(a, weights, along, at);
    };
    return at::cat(halves(f, dim, x), without(along, dim, x));
  }

 private:
  /// Where `dim` of x is once the axis `along` is gone.
  static int64_t without(int64_t along, int64_t dim, const Tensor& x) {
    const int64_t a = along < 0 ? along + x.dim() : along, d = dim < 0 ? dim + x.dim() : dim;
    return a < d ? d - 1 : d;
  }

  Curvature c_;
  std::shared_ptr<const Manifold> ball_;
};

constexpr double kC = 0.7;
constexpr int64_t kDim = 6;

class AddingASpace : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(5); }

  static Tensor random(at::IntArrayRef shape) { return 0.6 * torch::randn(shape, torch::kFloat64); }
  /// float64 keeps some 1e-14 at these radii (below 4); 1e-11 leaves room for the maps' condition.
  static void expect_close(const Tensor& a, const Tensor& b, const std::string& what) {
    ASSERT_EQ(a.sizes(), b.sizes()) << what;
    EXPECT_LE((a - b).abs().max().item<double>(), 1e-11) << what;
  }

  ProductOfBalls m{kC};
  Tensor v = random({8, kDim}), w = random({8, kDim}), x = m.embed(v), y = m.embed(w);
};

TEST_F(AddingASpace, DistancesAndScoresAreThoseOfLongArithmetic) {
  using R = oracle::Real;
  const R c(kC);
  const Tensor z = random({4, kDim}), r = random({4}), d = m.tangent_dist(v, w);
  const Tensor scores = m.logits(v, z, r);
  const auto half = [](const Tensor& t, int64_t i) {
    return oracle::exact<R>(t.narrow(0, i * kDim / 2, kDim / 2));
  };
  for (int64_t n = 0; n < 8; ++n) {
    const R d1 = oracle::dist(half(v[n], 0), half(w[n], 0), c);
    const R d2 = oracle::dist(half(v[n], 1), half(w[n], 1), c);
    EXPECT_NEAR(d[n].item<double>(), static_cast<double>(R(sqrt(R(d1 * d1 + d2 * d2)))), 1e-12);
    for (int64_t k = 0; k < 4; ++k) {
      R sum = 0;
      for (int64_t i = 0; i < 2; ++i) {
        const auto normal = half(z[k], i), whole = oracle::exact<R>(z[k]);
        const R share = sqrt(R(oracle::dot(normal, normal) / oracle::dot(whole, whole)));
        sum += oracle::logit(half(v[n], i), normal, R(share * R(r[k].item<double>())), c);
      }
      EXPECT_NEAR(scores[n][k].item<double>(), static_cast<double>(sum), 1e-11);
    }
  }
}

TEST_F(AddingASpace, LawsOfOutputs) {
  const Tensor u = random({8, kDim}), z = random({4, kDim}), r = random({4});
  expect_close(m.tangent_dist(v, w), m.tangent_dist(w, v), "law 1");
  EXPECT_EQ(m.tangent_dist(v, v).abs().max().item<double>(), 0) << "law 1";
  EXPECT_TRUE(
      (m.tangent_dist(u, w) <= m.tangent_dist(u, v) + m.tangent_dist(v, w)).all().item<bool>());
  expect_close(m.tangent_dist(torch::zeros_like(v), v), 2 * v.norm(2, 1), "law 3");
  expect_close(m.tangent_dist(v, -0.5 * v), 3 * v.norm(2, 1), "law 3");
  const auto turn = [](const Tensor& a, const Tensor& q) {
    return torch::cat({a.narrow(1, 0, 3).matmul(q), a.narrow(1, 3, 3)}, 1);
  };
  const auto q = std::get<0>(torch::linalg_qr(torch::randn({3, 3}, torch::kFloat64)));
  expect_close(m.tangent_dist(turn(v, q), turn(w, q)), m.tangent_dist(v, w), "law 4 of a factor");
  expect_close(m.logits(v, -z, -r), -m.logits(v, z, r), "law 5");
  expect_close(m.logits(v, 2 * z, r), 2 * m.logits(v, z, r), "law 5");
  const Tensor on_plane = r.unsqueeze(1) * z / z.norm(2, 1, true);
  expect_close(m.logits(on_plane, z, r).diagonal(), torch::zeros({4}, torch::kFloat64), "law 5");
  const ProductOfBalls flat(1e-14);  // off by some c |v|^3, 30 c here
  expect_close(flat.tangent_dist(v, w), 2 * (v - w).norm(2, 1), "law 6");
  expect_close(flat.logits(v, z, r), 4 * (v.matmul(z.t()) - r * z.norm(2, 1)), "law 6");
}

TEST_F(AddingASpace, LawsOfPoints) {
  expect_close(m.tangent_dist(v, w), m.dist(x, y), "law 7");
  EXPECT_EQ(m.project(x).count.item<int64_t>(), 0);
  const auto once = m.project(torch::cat({2 * torch::ones({1, kDim}), x.slice(0, 1)}));
  EXPECT_EQ(once.count.item<int64_t>(), 1) << "law 8: outside in both factors is one point";
  EXPECT_TRUE(m.project(once.points).points.equal(once.points));
  const Tensor log = m.logmap(x, y), t = torch::scalar_tensor(0.3, torch::kFloat64);
  expect_close(m.expmap(x, log), y, "law 9");
  expect_close(m.inner(x, log, log).squeeze(1), m.sqdist(x, y), "law 10");
  expect_close(m.dist(x, y).square(), m.sqdist(x, y), "law 10");
  expect_close(m.transport(x, y, log), -m.logmap(y, x), "law 12");
  expect_close(m.dist(x, m.geodesic(t, x, y)), 0.3 * m.dist(x, y), "law 13");
  expect_close(m.expmap0(m.logmap0(y)), y, "law 14");
  const Tensor e = random({8, kDim});
  expect_close(m.inner(x, m.rgrad(x, e), log), (e * log).sum(1, true), "law 15");
  const Tensor half = m.geodesic(torch::scalar_tensor(0.5, torch::kFloat64), x, y);
  expect_close(m.midpoint(torch::stack({x, y}, 1)), half, "law 16");
  const Tensor mean = m.frechet_mean(x.t(), std::nullopt, 1, 0);
  expect_close(m.logmap(mean.unsqueeze(0), x).sum(0), torch::zeros_like(mean), "law 16");
  expect_close(m.cdist(x, y.slice(0, 3)), m.dist(x.unsqueeze(1), y.slice(0, 3)), "law 17");
  expect_close(m.unembed(x), v, "law 18");
  expect_close(m.dist(x.t().contiguous(), y.t().contiguous(), 0), m.dist(x, y), "pixels");
  expect_close(m.expmap(x.t(), log.t(), 0).t(), y, "pixels");
}

TEST_F(AddingASpace, GradientsMatchDifferences) {
  const Tensor z = random({3, kDim}), r = random({3}), g = torch::randn({8, 3}, torch::kFloat64);
  const auto check = [&](const std::string& name, const Tensor& at,
                         const std::function<Tensor(const Tensor&)>& f) {
    EXPECT_LT(testing::gradient_error(f, at), 1e-7) << name;
  };
  check("dist", v, [&](const Tensor& a) { return m.tangent_dist(a, w).sum(); });
  check("logits", v, [&](const Tensor& a) { return (m.logits(a, z, r) * g).sum(); });
  check("normals", z, [&](const Tensor& a) { return (m.logits(v, a, r) * g).sum(); });
  check("offsets", r, [&](const Tensor& a) { return (m.logits(v, z, a) * g).sum(); });
  check("c", torch::scalar_tensor(kC, torch::kFloat64), [&](const Tensor& c) {
    const ProductOfBalls space{Curvature(c)};
    return space.tangent_dist(v, w).sum() + (space.logits(v, z, r) * g).sum();
  });
  const Tensor same = v.clone().requires_grad_(true);
  (m.tangent_dist(same, same.detach()).sum() + m.logits(same, 0 * z, r).sum()).backward();
  EXPECT_EQ(same.grad().abs().max().item<double>(), 0) << "0 where no gradient exists";
}

TEST_F(AddingASpace, ExampleTrains) {
  // doc begin
  const auto space = std::make_shared<const ProductOfBalls>(Curvature::learnable(1.0));
  const auto pixels = torch::randn({2, 16, 8, 8}).requires_grad_(true);  // [B,D,H,W], D even
  HyperplaneClassifier head(16, 3, space);
  const auto labels = torch::randint(0, 3, {2, 8, 8}, torch::kInt64);  // 0, 1 siblings; 2 alone
  const TreeTables tree{torch::tensor({{0, 2, 3}, {2, 0, 3}, {3, 3, 0}}, torch::kInt64),
                        torch::tensor({3, 3, -1}, torch::kInt64), 2};
  const auto loss = torch::nn::functional::cross_entropy(head->forward(pixels), labels) +
                    tree_triplet_loss(pixels, labels, tree, *space).value;
  loss.backward();  // into the network, the hyperplanes and c
  // doc end
  EXPECT_GT(pixels.grad().abs().max().item<double>(), 0);
  EXPECT_TRUE(pixels.grad().isfinite().all().item<bool>());
  EXPECT_NE(space->curvature_parameter()->parameter().grad().item<double>(), 0);
  testing::expect_value_error([&] { (void)space->embed(torch::ones({2, 3})); }, "D must be even");
}

TEST_F(AddingASpace, DocumentShowsTheseLines) {
  testing::expect_document_shows("/docs/adding_a_space.md",
                                 "/tests/manifolds/adding_a_space_test.cpp");
}

}  // namespace gyroseg::adding_a_space_test
