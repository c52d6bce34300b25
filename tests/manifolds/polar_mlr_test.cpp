#include "manifolds/polar_mlr.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::polar_mlr_test {

using testing::expect_value_error;
using testing::gradient_error;
using torch::Tensor;

struct Inputs {
  Tensor v, z, r;
};

Inputs random_inputs(std::vector<int64_t> shape, int64_t dim, int64_t classes, torch::Dtype dtype) {
  const auto d = shape[dim];
  return {torch::randn(shape, dtype), torch::randn({classes, d}, dtype),
          0.3 * torch::randn({classes}, dtype)};
}

TEST(PolarMlr, ClosedForms) {
  // D = 1, z = 1: the plane is the point exp0(r), so the logit is 2 * signed distance = 4 (v - r).
  const auto f64 = torch::kFloat64;
  const auto v = torch::tensor({{2.0}, {-1.5}, {0.25}}, f64);
  const auto z = torch::tensor({{1.0}, {-1.0}}, f64), r = torch::tensor({0.25, 0.5}, f64);
  const auto expected = torch::tensor({{7.0, -10.0}, {-7.0, 4.0}, {0.0, -3.0}}, f64);
  for (const double c : {0.25, 1.0, 4.0})
    EXPECT_TRUE(torch::allclose(polar_mlr(v, z, r, c), expected, 1e-14, 1e-14));
  // A right angle at a plane through the origin: sinh(distance of foot) closed, asinh(0) = 0.
  EXPECT_EQ(polar_mlr(torch::tensor({{0.0, 50.0}}, f64), torch::tensor({{3.0, 0.0}}, f64),
                      torch::zeros({1}, f64), 1.0)
                .item<double>(),
            0);
}

TEST(PolarMlr, TendsToFourTimesTheEuclideanScore) {
  torch::manual_seed(31);
  auto in = random_inputs({40, 7}, 1, 5, torch::kFloat64);
  for (auto* t : {&in.v, &in.z, &in.r}) t->requires_grad_(true);
  const auto g = torch::randn({40, 5}, torch::kFloat64);
  const auto flat = 4 * (in.v.matmul(in.z.t()) - in.r * in.z.norm(2, 1));
  const auto ball = polar_mlr(in.v, in.z, in.r, 1e-12);
  EXPECT_LT((ball - flat).abs().max().item<double>(), 1e-9);  // difference O(c |v|^3 |z|)
  const auto expected = torch::autograd::grad({flat}, {in.v, in.z, in.r}, {g});
  const auto actual = torch::autograd::grad({ball}, {in.v, in.z, in.r}, {g});
  for (int i = 0; i < 3; ++i)
    EXPECT_LT((actual[i] - expected[i]).abs().max().item<double>(),
              1e-8 * expected[i].abs().max().item<double>());
}

TEST(PolarMlr, GradientMatchesCentralDifferences) {
  torch::manual_seed(32);
  for (const double c : {0.25, 1.0, 4.0}) {
    const auto in = random_inputs({2, 3, 4, 5}, 1, 6, torch::kFloat64);
    const auto g = torch::randn({2, 6, 4, 5}, torch::kFloat64);
    const auto f = [&](const Tensor& v, const Tensor& z, const Tensor& r) {
      return (polar_mlr(v, z, r, c, 1) * g).sum();
    };
    // Step 1e-6: rounding 1e-8, truncation 1e-12 times the third derivative, up to 1e4 near a plane
    // at c = 4.
    EXPECT_LT(gradient_error([&](const Tensor& x) { return f(x, in.z, in.r); }, in.v, 1e-6), 2e-7);
    EXPECT_LT(gradient_error([&](const Tensor& x) { return f(in.v, x, in.r); }, in.z, 1e-6), 2e-7);
    EXPECT_LT(gradient_error([&](const Tensor& x) { return f(in.v, in.z, x); }, in.r, 1e-6), 2e-7);
  }
}

// The origin is a regular point: value -4 r|z|, gradient 4 z (derivations.md D).
TEST(PolarMlr, OriginIsExact) {
  torch::manual_seed(33);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const auto z = torch::randn({4, 3}, dtype), r = torch::randn({4}, dtype);
    const auto v = torch::zeros({1, 3}, dtype).requires_grad_(true);
    const auto logits = polar_mlr(v, z, r, 2.0);
    EXPECT_TRUE(torch::allclose(logits[0], -4 * r * z.norm(2, 1), 1e-6, 0));
    for (int k = 0; k < 4; ++k) {
      const auto g = torch::autograd::grad({logits[0][k]}, {v}, {}, true)[0];
      EXPECT_TRUE(torch::allclose(g[0], 4 * z[k], 1e-6, 0));
    }
  }
}

TEST(PolarMlr, ZeroNormalHasValueAndGradientZero) {
  const auto v = torch::randn({5, 3}).requires_grad_(true);
  const auto z = torch::zeros({2, 3}).requires_grad_(true),
             r = torch::ones({2}).requires_grad_(true);
  const auto logits = polar_mlr(v, z, r, 1.0);
  EXPECT_EQ(logits.abs().max().item<float>(), 0);
  logits.sum().backward();
  for (const auto& t : {v, z, r}) EXPECT_EQ(t.grad().abs().max().item<float>(), 0);
}

// Contract 2: finite everywhere, at any radius, also exactly on a hyperplane, where the true
// gradient is about e^(sqrt(c) R) and saturates.
TEST(PolarMlr, StaysFiniteAtAnyRadius) {
  torch::manual_seed(34);
  for (const double c : {0.25, 1.0, 4.0}) {
    for (const double radius : {80.0, 160.0, 300.0, 1000.0, 1e6, 1e20}) {
      auto v = torch::randn({64, 3});
      v = v / v.norm(2, 1, true) * (radius / 2);
      v[0] = torch::tensor({0.0, radius / 2, 0.0});  // on the plane of z[0] exactly
      auto z = torch::randn({4, 3});
      z[0] = torch::tensor({1.0, 0.0, 0.0});
      const auto r = torch::tensor({0.0, 1.0, -2.0, 0.5});
      for (auto* t : {&v, &z}) t->requires_grad_(true);
      const auto offsets = r.clone().requires_grad_(true);
      const auto logits = polar_mlr(v, z, offsets, c);
      logits.sum().backward();
      ASSERT_TRUE(logits.isfinite().all().item<bool>()) << c << " " << radius;
      EXPECT_EQ(logits[0][0].item<float>(), 0);
      for (const auto& t : {v, z, offsets})
        ASSERT_TRUE(t.grad().isfinite().all().item<bool>()) << c << " " << radius;
      EXPECT_GT(v.grad()[0][0].item<float>(), 0);  // saturated, not zeroed
    }
  }
}

TEST(PolarMlr, EveryLayoutGivesTheSame) {
  torch::manual_seed(35);
  const auto in = random_inputs({3, 8, 9, 10}, 1, 5, torch::kFloat32);
  const auto rows = in.v.movedim(1, -1).reshape({-1, 8});
  const auto g = torch::randn({3, 5, 9, 10});
  struct Result {
    Tensor logits, v, z, r;
  };
  const auto run = [&](const Tensor& v, int64_t dim,
                       const std::function<Tensor(const Tensor&)>& to_pixels) {
    auto x = v.detach().requires_grad_(true), z = in.z.clone().requires_grad_(true),
         r = in.r.clone().requires_grad_(true);
    const auto logits = to_pixels(polar_mlr(x, z, r, 1.0, dim));
    (logits * g).sum().backward();
    return Result{logits.detach(), x.grad(), z.grad(), r.grad()};
  };
  const auto same = [](const Tensor& x) { return x; };
  const auto from_rows = [](const Tensor& x) { return x.view({3, 9, 10, 5}).movedim(-1, 1); };
  const auto pixels = run(in.v, 1, same);
  const auto channels_last = run(in.v.contiguous(at::MemoryFormat::ChannelsLast), 1, same);
  const auto as_rows = run(rows, -1, from_rows);
  const auto strided = run(torch::stack({in.v, in.v}, -1).select(-1, 0), -3, same);
  EXPECT_TRUE(channels_last.logits.is_contiguous(at::MemoryFormat::ChannelsLast));
  const auto close = [](const Tensor& a, const Tensor& b) {
    return torch::allclose(a, b, 1e-5, 1e-5);
  };
  for (const auto* other : {&channels_last, &as_rows, &strided}) {
    EXPECT_TRUE(close(other->logits, pixels.logits));
    EXPECT_TRUE(close(other->z, pixels.z));
    EXPECT_TRUE(close(other->r, pixels.r));
  }
  EXPECT_TRUE(close(channels_last.v, pixels.v));
  EXPECT_TRUE(close(strided.v, pixels.v));
  EXPECT_TRUE(close(from_rows(as_rows.v.view({-1, 8}).narrow(1, 0, 5)), pixels.v.narrow(1, 0, 5)));
}

TEST(PolarMlr, NoGradAndThreadCountDoNotChangeTheResult) {
  torch::manual_seed(36);
  const auto in =
      random_inputs({2, 16, 101, 103}, 1, 7, torch::kFloat32);  // more than one block and chunk
  const auto g = torch::randn({2, 7, 101, 103});
  const auto run = [&](int threads) {
    const int before = at::get_num_threads();
    at::set_num_threads(threads);
    auto r = in.r.clone().requires_grad_(true);
    const auto logits = polar_mlr(in.v, in.z, r, 1.0, 1);
    (logits * g).sum().backward();
    at::set_num_threads(before);
    return std::make_pair(logits.detach(), r.grad());
  };
  const auto one = run(1), two = run(2);
  torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::allclose(one.first, two.first, 1e-6, 1e-6));  // the matrix product may differ
  EXPECT_TRUE(torch::allclose(one.second, two.second, 1e-5, 0));
  EXPECT_TRUE(torch::equal(polar_mlr(in.v, in.z, in.r, 1.0, 1), two.first));
}

TEST(PolarMlr, HalfTypesComputeAsFloat32) {
  torch::manual_seed(37);
  for (const auto dtype : {torch::kBFloat16, torch::kHalf}) {
    const auto in = random_inputs({2, 4, 9, 9}, 1, 3, dtype);
    const auto v = in.v.clone().requires_grad_(true);
    const auto logits = polar_mlr(v, in.z, in.r, 1.0, 1);
    const auto f32 = torch::kFloat32;
    EXPECT_TRUE(torch::equal(
        logits, polar_mlr(in.v.to(f32), in.z.to(f32), in.r.to(f32), 1.0, 1).to(dtype)));
    logits.sum().backward();
    EXPECT_EQ(v.grad().scalar_type(), dtype);
    EXPECT_EQ(polar_mlr(v, in.z.to(f32), in.r.to(f32), 1.0, 1).scalar_type(), f32);
  }
}

TEST(PolarMlr, EmptyAndTinyInputs) {
  const auto z = torch::randn({3, 2}), r = torch::randn({3});
  EXPECT_EQ(polar_mlr(torch::zeros({0, 2}), z, r, 1.0).sizes(), (std::vector<int64_t>{0, 3}));
  EXPECT_EQ(polar_mlr(torch::zeros({0, 2, 4, 4}), z, r, 1.0, 1).sizes(),
            (std::vector<int64_t>{0, 3, 4, 4}));
  EXPECT_EQ(polar_mlr(torch::ones({2}), z, r, 1.0).sizes(), (std::vector<int64_t>{3}));
  EXPECT_EQ(polar_mlr(torch::ones({1, 2, 1, 1}), z, r, 1.0, 1).sizes(),
            (std::vector<int64_t>{1, 3, 1, 1}));
}

TEST(PolarMlr, NanStaysNanAtItsOwnPixel) {
  auto v = torch::ones({1, 2, 8, 8});
  v[0][1][3][4] = NAN;
  const auto logits = polar_mlr(v, torch::ones({3, 2}), torch::zeros({3}), 1.0, 1);
  EXPECT_EQ(logits.isnan().sum().item<int64_t>(), 3);
}

TEST(PolarMlr, DoubleBackwardIsAClearError) {
  const auto v = torch::randn({3, 2}).requires_grad_(true);
  const auto sum = polar_mlr(v, torch::ones({2, 2}), torch::zeros({2}), 1.0).sum();
  const auto g = torch::autograd::grad({sum}, {v}, {}, true, /*create_graph=*/true)[0];
  try {
    g.sum().backward();
    FAIL() << "no error";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("polar_mlr: double backward"), std::string::npos);
  }
}

TEST(PolarMlr, BadArgumentsShowTheirValue) {
  const auto v = torch::ones({2, 3, 4, 4}), z = torch::ones({5, 3}), r = torch::ones({5});
  expect_value_error([&] { (void)polar_mlr(v, z, r, 0.0, 1); }, "got 0");
  expect_value_error([&] { (void)polar_mlr(v, z, r, INFINITY, 1); }, "got inf");
  expect_value_error([&] { (void)polar_mlr(v, z, r, 1.0, 2); }, "[5, 3]");
  expect_value_error([&] { (void)polar_mlr(v, z, r, 1.0, 4); }, "dim 4");
  expect_value_error([&] { (void)polar_mlr(v, z, torch::ones({4}), 1.0, 1); }, "[4]");
  expect_value_error([&] { (void)polar_mlr(v, z.flatten(), r, 1.0, 1); }, "[15]");
  expect_value_error([&] { (void)polar_mlr(v.to(torch::kInt64), z, r, 1.0, 1); }, "Long");
  expect_value_error([&] { (void)polar_mlr(torch::ones({2, 0}), torch::ones({5, 0}), r, 1.0); },
                     "[2, 0]");
}

}  // namespace gyroseg::polar_mlr_test
