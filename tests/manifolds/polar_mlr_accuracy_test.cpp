#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "manifolds/polar_mlr.h"
#include "manifolds/kernels/mlr_kernels.h"
#include "support/hyperbolic_oracle.h"

namespace gyroseg::polar_mlr_accuracy_test {

using torch::Tensor;

Tensor unit_rows(int64_t n, int64_t d) {
  const auto x = torch::randn({n, d}, torch::kFloat64);
  return x / x.norm(2, 1, true);
}

class PolarMlrCurvature : public ::testing::TestWithParam<double> {};

/// Six vectors at one radius: random, along and against the first normal.
Tensor vectors_at(double radius, const Tensor& z) {
  auto v = radius / 2 * unit_rows(6, z.size(1));
  v[0] = radius / 2 * z[0] / z[0].norm();
  v[1] = -v[0];
  return v;
}

// The result is float32, so half an ulp, 6e-8 of it, is the floor; the float64 work inside adds at
// most 1e-7 near a hyperplane at these offsets (section D, |rho| <= 2: 6e-11, times 2|z|/sqrt c).
template <typename Real>
void expect_right_logits(double radius, double c) {
  SCOPED_TRACE("hyperbolic radius " + std::to_string(radius));
  const auto z =
      unit_rows(4, 3).mul(torch::tensor({1.0, 0.5, 2.0, 1.0}, torch::kFloat64).unsqueeze(1));
  const auto normals = z.to(torch::kFloat32);
  const auto offsets =
      torch::tensor({0.0f, 0.5f, -0.25f, 1.0f}) / (2 * static_cast<float>(std::sqrt(c)));
  const auto v = vectors_at(radius, z).to(torch::kFloat32);
  const auto logits = polar_mlr(v, normals, offsets, c);
  for (int64_t i = 0; i < v.size(0); ++i) {
    for (int64_t k = 0; k < z.size(0); ++k) {
      const Real expected =
          oracle::logit(oracle::exact<Real>(v[i]), oracle::exact<Real>(normals[k]),
                        Real(offsets[k].item<float>()), Real(c));
      const double value = static_cast<double>(expected);
      EXPECT_NEAR(logits[i][k].item<double>(), value,
                  6.1e-8 * std::abs(value) + 1e-9 / std::sqrt(c))
          << "pixel " << i << ", class " << k;
    }
  }
}

TEST_P(PolarMlrCurvature, Float32LogitsAreRightToRounding) {
  torch::manual_seed(41);
  for (const double radius : {1e-6, 1e-3, 0.1, 1.0, 10.0})
    expect_right_logits<oracle::Real>(radius, GetParam());
  for (const double radius : {40.0, 80.0, 160.0})
    expect_right_logits<oracle::FarReal>(radius, GetParam());
}

/// Gradients by v, z and r of one logit against differences of the oracle.
template <typename Real>
void expect_right_gradients(double radius, double c, torch::Dtype dtype, double bound) {
  SCOPED_TRACE("hyperbolic radius " + std::to_string(radius));
  const auto z = unit_rows(2, 3).to(dtype);
  const auto r = torch::tensor({0.55, -0.3}, dtype) / (2 * std::sqrt(c));  // no v on a plane
  const auto v = vectors_at(radius, z.to(torch::kFloat64)).to(dtype);
  for (int64_t i : {0, 1, 3}) {
    for (int64_t k = 0; k < 2; ++k) {
      const auto vi = v.slice(0, i, i + 1).clone().requires_grad_(true);
      const auto zk = z.slice(0, k, k + 1).clone().requires_grad_(true);
      const auto rk = r.slice(0, k, k + 1).clone().requires_grad_(true);
      polar_mlr(vi, zk, rk, c).sum().backward();
      const auto ev = oracle::exact<Real>(vi), ez = oracle::exact<Real>(zk),
                 er = oracle::exact<Real>(rk);
      const Real ec = c;
      const auto by_v =
          oracle::gradient([&](const auto& x) { return oracle::logit(x, ez, er[0], ec); }, ev);
      const auto by_z =
          oracle::gradient([&](const auto& x) { return oracle::logit(ev, x, er[0], ec); }, ez);
      const auto by_r =
          oracle::gradient([&](const auto& x) { return oracle::logit(ev, ez, x[0], ec); }, er);
      EXPECT_LE(oracle::relative_error(vi.grad(), by_v), bound) << i << " " << k;
      EXPECT_LE(oracle::relative_error(zk.grad(), by_z), bound) << i << " " << k;
      EXPECT_LE(oracle::relative_error(rk.grad(), by_r), bound) << i << " " << k;
    }
  }
}

// float32: both matrix products of backward are float32, so a few roundings. float64: the condition
// of the aligned pair, rho = 0.5 (1e-13), where the part across v is a difference.
TEST_P(PolarMlrCurvature, GradientsMatchTheOracle) {
  torch::manual_seed(42);
  for (const double radius : {1e-3, 1.0, 10.0}) {
    expect_right_gradients<oracle::Real>(radius, GetParam(), torch::kFloat32, 1e-6);
    expect_right_gradients<oracle::Real>(radius, GetParam(), torch::kFloat64, 1e-12);
  }
  expect_right_gradients<oracle::FarReal>(80, GetParam(), torch::kFloat32, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(C, PolarMlrCurvature, ::testing::Values(0.25, 1.0, 4.0));

// Section D: err(asinh T) ~ eps_dot |G_ct|, G_ct = sinh(2p) cosh(rho)/sqrt(1 + T^2), with eps_dot
// the error of a float64 cosine: a few times 1.1e-16. In the band around the plane G_ct is largest;
// a float32 dot product would fail here by a factor of 5e8.
TEST(PolarMlrNearHyperplane, ErrorIsThatOfAFloat64DotProduct) {
  using Real = oracle::FarReal;
  torch::manual_seed(43);
  for (const double rho : {0.0, 1.0, 2.0, 4.0, 8.0}) {
    for (const double radius : {4.0, 20.0, 80.0}) {
      const auto z = unit_rows(1, 3).to(torch::kFloat32),
                 normal = z.to(torch::kFloat64) / z.to(torch::kFloat64).norm();
      const double cosine = std::min(1.0, std::tanh(rho) / std::tanh(radius));  // on the plane
      auto across = unit_rows(6, 3);
      across = across - across.matmul(normal.t()) * normal;
      across = across / across.norm(2, 1, true);
      const auto v = (radius / 2 * (cosine * normal + std::sqrt(1 - cosine * cosine) * across))
                         .to(torch::kFloat32);
      const auto logits = polar_mlr(v.to(torch::kFloat64), z.to(torch::kFloat64),
                                    torch::full({1}, rho / 2, torch::kFloat64), 1.0);
      for (int64_t i = 0; i < v.size(0); ++i) {
        const Real exact = oracle::logit(oracle::exact<Real>(v[i]), oracle::exact<Real>(z[0]),
                                         Real(rho / 2), Real(1)) /
                           (2 * z.to(torch::kFloat64).norm().item<double>());
        const double error = std::abs(static_cast<double>(
            Real(exact - Real(logits[i][0].item<double>() /
                              (2 * z.to(torch::kFloat64).norm().item<double>())))));
        const double sensitivity =
            static_cast<double>(Real(sinh(Real(radius)) * cosh(Real(rho)) / cosh(Real(exact))));
        EXPECT_LE(error, 8 * 1.1e-16 * std::max(sensitivity, radius))
            << "rho " << rho << ", radius " << radius;
      }
    }
  }
}

/// The fused loops and the tensor operations must agree to rounding in every regime and layout.
TEST(PolarMlrKernels, FusedLoopsEqualTheComposite) {
  torch::manual_seed(44);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const double tolerance = dtype == torch::kFloat32 ? 2e-6 : 1e-11;
    for (const double spread : {1e-7, 1.0, 60.0}) {
      for (const bool rows : {true, false}) {
        auto v = spread *
                 torch::randn(rows ? std::vector<int64_t>{500, 5} : std::vector<int64_t>{2, 5, 300},
                              dtype);
        (rows ? v[3] : v.select(2, 3)).zero_();
        auto z = torch::randn({6, 5}, dtype);
        z[2].zero_();
        const auto r = std::min(spread, 1.0) * torch::randn({6}, dtype);
        const auto c = torch::tensor(0.7, torch::kFloat64);
        const auto close = [&](const Tensor& a, const Tensor& b) {
          const auto scale = b.abs().max().item<double>();
          return (a - b).abs().max().item<double>() <= tolerance * scale;
        };
        const auto logits = detail::polar_mlr_cpu.forward(v, z, r, c, 1);
        EXPECT_TRUE(close(logits, detail::polar_mlr_composite.forward(v, z, r, c, 1)));
        const auto g = torch::randn_like(logits);
        const detail::MlrMask all{true, true, true, true};
        const auto a = detail::polar_mlr_cpu.backward(g, v, logits, z, r, c, 1, all);
        const auto b = detail::polar_mlr_composite.backward(g, v, logits, z, r, c, 1, all);
        EXPECT_TRUE(close(a.points, b.points)) << spread << rows;
        EXPECT_TRUE(close(a.first, b.first)) << spread << rows;
        EXPECT_TRUE(close(a.second, b.second)) << spread << rows;
        EXPECT_TRUE(close(a.c, b.c)) << spread << rows;
      }
    }
  }
}

}  // namespace gyroseg::polar_mlr_accuracy_test
