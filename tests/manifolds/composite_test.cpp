// The fused loops of the CPU against the tensor operations that serve other devices: values and
// gradients, near the rim and far out, broadcast, in every layout and at odd sizes.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "manifolds/kernels/pair_kernels.h"
#include "manifolds/kernels/radial_kernels.h"
#include "manifolds/kernels/streaming.h"

namespace gyroseg::composite_test {

using detail::PairEvaluation;
using detail::RadialEvaluation;
using torch::Tensor;

enum class Points { kBall, kTangent, kHyperboloid };

struct Case {
  std::string name;
  const PairEvaluation *cpu, *composite;
  bool reduces;
  Points points;
};

void PrintTo(const Case& x, std::ostream* out) { *out << x.name; }

/// Points of every size along dim: to the rim (1 - 1e-9, or what the dtype resolves), or to
/// hyperbolic radius 40.
Tensor random_points(Points kind, const std::vector<int64_t>& shape, int64_t dim, double c,
                     torch::Dtype dtype) {
  const auto x = torch::randn(shape, torch::kFloat64);
  const auto direction = x / x.norm(2, dim, true), part = torch::rand_like(x.narrow(dim, 0, 1));
  if (kind == Points::kBall) {
    const double digits = dtype == torch::kFloat32 ? 6 : 9;
    return ((1 - torch::pow(10.0, -digits * part)) * direction / std::sqrt(c)).to(dtype);
  }
  if (kind == Points::kTangent) return (20 * part / std::sqrt(c) * direction).to(dtype);
  const auto space = torch::sinh(40 * part) * direction.narrow(dim, 1, shape[dim] - 1);
  return torch::cat({torch::sqrt(1 + space.square().sum(dim, true)), space}, dim).to(dtype) /
         std::sqrt(c);
}

/// One rounding to the dtype on each side and the order of float64 sums. Gradients are compared to
/// the largest entry of the tensor.
double tolerance(torch::Dtype dtype) { return dtype == torch::kFloat32 ? 1.3e-7 : 2e-13; }

bool close(const Tensor& a, const Tensor& b, double bound) {
  if (!a.defined() || !b.defined() || a.sizes() != b.sizes()) return false;
  if (a.numel() == 0) return true;
  return torch::allclose(a.to(torch::kFloat64), b.to(torch::kFloat64), bound,
                         bound * b.abs().max().item<double>());
}

/// Bound of the gradient by c, a sum of terms of both signs, given the sum of terms of one sign.
/// float32 points are summed in plain float64: at 1 - |x| = 1e-6 their gap has an error of 4e-10
/// (derivations.md B1).
double curvature_bound(torch::Dtype dtype, const Tensor& scale) {
  return (dtype == torch::kFloat32 ? 1e-9 : 1e-12) * (1 + scale.abs().item<double>());
}

struct Shapes {
  std::vector<int64_t> x, y;
  int64_t dim;
};

const std::vector<Shapes> kShapes = {{{1, 3}, {1, 3}, 1},
                                     {{255, 2}, {255, 2}, 1},
                                     {{257, 17}, {257, 17}, 1},
                                     {{257, 17}, {17}, 1},
                                     {{17}, {257, 17}, 1},
                                     {{2, 1, 5}, {3, 5}, 2},
                                     {{2, 3, 8, 9}, {2, 3, 8, 9}, 1},
                                     {{2, 3, 3, 5}, {2, 3, 3, 5}, 1},
                                     {{2, 3, 8, 9}, {3, 1, 1}, 1},
                                     {{1, 3, 8, 9}, {2, 3, 1, 9}, 1},
                                     {{0, 3}, {0, 3}, 1}};

enum class Layout { kPlain, kChannelsLast, kStrided };

Tensor laid_out(const Tensor& t, Layout layout) {
  if (layout == Layout::kChannelsLast && t.dim() == 4)
    return t.contiguous(torch::MemoryFormat::ChannelsLast);
  if (layout == Layout::kStrided) return torch::stack({t, t}, 0).movedim(0, -1).select(-1, 0);
  return t;
}

class FusedPairs : public ::testing::TestWithParam<Case> {
 protected:
  /// What forward keeps gives backward the bits that it gets from the points.
  static void expect_same_from_kept(const detail::PairGradients& direct, const Tensor& grad,
                                    const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim,
                                    const detail::PairMask& mask) {
    const auto& cpu = *GetParam().cpu;
    const auto [value, kept] = cpu.forward_keeping(x, y, c, dim, x.scalar_type());
    EXPECT_TRUE(torch::equal(value, cpu.forward(x, y, c, dim, x.scalar_type())));
    const auto from = cpu.backward_from(kept, grad, x, y, c, dim, mask);
    EXPECT_TRUE(!mask[0] || torch::equal(from.x, direct.x));
    EXPECT_TRUE(!mask[1] || torch::equal(from.y, direct.y));
    EXPECT_TRUE(!mask[2] || torch::equal(from.c, direct.c));
  }

  static void compare(const Shapes& shapes, Layout layout, double c_value, torch::Dtype dtype) {
    const auto& op = GetParam();
    const auto dim_of = [&](const std::vector<int64_t>& shape) {
      const auto wide = std::max(shapes.x.size(), shapes.y.size());
      return shapes.dim - static_cast<int64_t>(wide - shape.size());
    };
    const auto x =
        laid_out(random_points(op.points, shapes.x, dim_of(shapes.x), c_value, dtype), layout);
    const auto y =
        laid_out(random_points(op.points, shapes.y, dim_of(shapes.y), c_value, dtype), layout);
    const auto c = torch::scalar_tensor(c_value, torch::kFloat64);
    const auto fused = op.cpu->forward(x, y, c, shapes.dim, dtype);
    const auto composite = op.composite->forward(x, y, c, shapes.dim, dtype);
    EXPECT_TRUE(close(fused, composite, tolerance(dtype)));
    const auto grad = laid_out(torch::randn(fused.sizes(), fused.options()), layout);
    for (const detail::PairMask mask :
         {detail::PairMask{true, true, true}, {true, false, false}, {false, true, true}}) {
      const auto a = op.cpu->backward(grad, x, y, c, shapes.dim, mask);
      const auto b = op.composite->backward(grad, x, y, c, shapes.dim, mask);
      if (op.cpu->backward_from != nullptr) expect_same_from_kept(a, grad, x, y, c, shapes.dim, mask);
      EXPECT_TRUE(!mask[0] || close(a.x, b.x, 2 * tolerance(dtype)));
      EXPECT_TRUE(!mask[1] || close(a.y, b.y, 2 * tolerance(dtype)));
      if (!mask[2]) continue;
      const auto aligned = op.reduces ? grad.abs() : grad.abs() * x.sign();
      const auto scale = op.composite->backward(aligned, x, y, c, shapes.dim, mask).c;
      EXPECT_LE((a.c - b.c).abs().item<double>(), curvature_bound(dtype, scale));
    }
  }
};

TEST_P(FusedPairs, EqualTheTensorOperations) {
  torch::manual_seed(91);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64})
    for (const double c : {0.25, 1.0, 4.0})
      for (const auto layout : {Layout::kPlain, Layout::kChannelsLast, Layout::kStrided})
        for (const auto& shapes : kShapes) {
          SCOPED_TRACE(c10::str(dtype, " c=", c, " layout ", static_cast<int>(layout), " ",
                                at::IntArrayRef(shapes.x), " ", at::IntArrayRef(shapes.y)));
          compare(shapes, layout, c, dtype);
        }
}

/// Gradients of 8 MiB and more are written past the caches, in rows and in channels.
TEST(StreamedGradients, LargeGradientsAreTheRowsOfSmallOnes) {
  torch::manual_seed(92);
  const auto c = torch::scalar_tensor(1.0, torch::kFloat64);
  const detail::PairMask all{true, true, true};
  for (const auto& shape : {std::vector<int64_t>{40000, 64}, std::vector<int64_t>{2, 64, 160, 120}}) {
    const auto x = random_points(Points::kBall, shape, 1, 1, torch::kFloat32);
    const auto y = random_points(Points::kBall, shape, 1, 1, torch::kFloat32);
    const auto grad = torch::randn_like(x.select(1, 0));
    const auto large = detail::poincare_dist_cpu.backward(grad, x, y, c, 1, all);
    ASSERT_GE(static_cast<int64_t>(large.x.nbytes()), detail::kStreamedBytes);
    const int64_t half = shape[0] / 2, step = std::min<int64_t>(half, 10000);
    for (int64_t first = 0; first < shape[0]; first += step) {
      const auto part = [&](const Tensor& t) { return t.narrow(0, first, step); };
      const auto small =
          detail::poincare_dist_cpu.backward(part(grad), part(x), part(y), c, 1, all);
      ASSERT_LT(static_cast<int64_t>(small.x.nbytes()), detail::kStreamedBytes);
      EXPECT_TRUE(torch::equal(part(large.x), small.x));
      EXPECT_TRUE(torch::equal(part(large.y), small.y));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Every, FusedPairs,
    ::testing::Values(Case{"poincare_dist", &detail::poincare_dist_cpu,
                           &detail::poincare_dist_composite, true, Points::kBall},
                      Case{"poincare_sqdist", &detail::poincare_sqdist_cpu,
                           &detail::poincare_sqdist_composite, true, Points::kBall},
                      Case{"poincare_mobius_add", &detail::poincare_mobius_add_cpu,
                           &detail::poincare_mobius_add_composite, false, Points::kBall},
                      Case{"polar_dist", &detail::polar_dist_cpu, &detail::polar_dist_composite,
                           true, Points::kTangent},
                      Case{"lorentz_dist", &detail::lorentz_dist_cpu,
                           &detail::lorentz_dist_composite, true, Points::kHyperboloid}),
    [](const auto& one) { return one.param.name; });

void compare_radial(const RadialEvaluation& cpu, const RadialEvaluation& composite, Points kind) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat64})
    for (const double c_value : {0.25, 4.0})
      for (const auto layout : {Layout::kPlain, Layout::kChannelsLast, Layout::kStrided})
        for (const auto& shapes : kShapes) {
          if (shapes.x.size() < 2) continue;
          SCOPED_TRACE(c10::str(dtype, " c=", c_value, " layout ", static_cast<int>(layout), " ",
                                at::IntArrayRef(shapes.x)));
          const auto c = torch::scalar_tensor(c_value, torch::kFloat64);
          const auto v =
              laid_out(random_points(kind, shapes.x, shapes.dim, c_value, dtype), layout);
          const auto grad = torch::randn(v.sizes(), v.options());
          EXPECT_TRUE(close(cpu.forward(v, c, shapes.dim, dtype),
                            composite.forward(v, c, shapes.dim, dtype), tolerance(dtype)));
          const auto a = cpu.backward(grad, v, c, shapes.dim);
          const auto b = composite.backward(grad, v, c, shapes.dim);
          EXPECT_TRUE(close(a.v, b.v, 2 * tolerance(dtype)));
          const auto aligned = grad.abs() * v.sign();
          const auto scale = composite.backward(aligned, v, c, shapes.dim).c;
          EXPECT_LE((a.c - b.c).abs().item<double>(), curvature_bound(dtype, scale));
        }
}

TEST(FusedMaps, Expmap0EqualsTheTensorOperations) {
  torch::manual_seed(92);
  compare_radial(detail::expmap0_cpu, detail::expmap0_composite, Points::kTangent);
}

TEST(FusedMaps, Logmap0EqualsTheTensorOperations) {
  torch::manual_seed(93);
  compare_radial(detail::logmap0_cpu, detail::logmap0_composite, Points::kBall);
}

}  // namespace gyroseg::composite_test
