#include "manifolds/optim/riemannian_adam.h"

#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/serialize.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>
#include <tuple>
#include <vector>

#include "support/point_problems.h"
#include "support/value_error.h"

namespace gyroseg::riemannian_adam_test {

using testing::cluster;
using testing::curved_spaces;
using testing::expect_value_error;
using testing::spread_loss;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

RiemannianAdamOptions on(std::shared_ptr<const Manifold> space, double lr) {
  RiemannianAdamOptions options(lr);
  options.manifold = std::move(space);
  return options;
}

Tensor leaf(const Tensor& x) { return x.detach().clone().requires_grad_(true); }

const RiemannianAdamParamState& state_of(const RiemannianAdam& optimizer, const Tensor& x) {
  return static_cast<const RiemannianAdamParamState&>(
      *optimizer.state().at(x.unsafeGetTensorImpl()));
}

TEST(RiemannianAdam, IsTorchsAdamInEuclideanSpaceToTheLastBit) {
  for (const auto dtype : {torch::kFloat32, kF64}) {
    for (const bool amsgrad : {false, true}) {
      for (const double weight_decay : {0.0, 1e-2}) {
        torch::manual_seed(61);
        const auto x = torch::randn({7, 5}, dtype).requires_grad_(true), y = leaf(x);
        auto options = on(amsgrad ? make_manifold("euclidean", 1.0) : nullptr, 0.01);
        options.beta1 = 0.8;
        options.beta2 = 0.95;
        options.eps = 1e-6;
        options.weight_decay = weight_decay;
        options.amsgrad = amsgrad;
        RiemannianAdam ours({x}, options);
        torch::optim::Adam theirs({y}, torch::optim::AdamOptions(0.01)
                                           .betas(std::make_tuple(0.8, 0.95))
                                           .eps(1e-6)
                                           .weight_decay(weight_decay)
                                           .amsgrad(amsgrad));
        for (int step = 0; step < 30; ++step) {
          const auto g = torch::randn({7, 5}, dtype);
          x.mutable_grad() = g.clone();
          y.mutable_grad() = g.clone();
          ours.step();
          theirs.step();
          ASSERT_TRUE(torch::equal(x, y)) << step;
        }
      }
    }
  }
}

// m/sqrt(v) of the first step is the gradient over its length: every point walks the geodesic
// distance lr, whatever its gradient.
TEST(RiemannianAdam, FirstStepHasLengthLr) {
  for (const auto& space : curved_spaces()) {
    torch::manual_seed(62);
    const auto x = cluster(*space, 9, 0.4).requires_grad_(true), start = leaf(x).detach();
    auto options = on(space, 0.05);
    options.eps = 0;
    RiemannianAdam optimizer({x}, options);
    x.mutable_grad() = torch::randn_like(x) * torch::logspace(-6, 6, 9, 10, kF64).unsqueeze(1);
    optimizer.step();
    const auto length = space->dist(start, x.detach());
    EXPECT_LT((length - 0.05).abs().max().item<double>(), 1e-14)
        << space->kind();  // roundings of x
  }
}

// derivations.md B6: on the ball as c -> 0 it is Adam with one second moment a point, rate lr/2 and
// 2 eps, here written out. Differences are c times |x|^2.
TEST(RiemannianAdam, BallTendsToNormAdamAtHalfTheRate) {
  torch::manual_seed(63);
  const double lr = 0.1, b1 = 0.9, b2 = 0.999, eps = 1e-2;
  const auto x = torch::randn({5, 3}, kF64).requires_grad_(true);
  auto y = x.detach().clone();
  auto m = torch::zeros_like(y), v = torch::zeros({5, 1}, kF64);
  auto options = on(make_manifold("poincare", 1e-12), lr);
  options.eps = eps;
  RiemannianAdam optimizer({x}, options);
  for (int step = 1; step <= 20; ++step) {
    const auto g = torch::randn({5, 3}, kF64);
    x.mutable_grad() = g.clone();
    optimizer.step();
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g.square().sum(1, true);
    const auto mh = m / (1 - std::pow(b1, step)), vh = v / (1 - std::pow(b2, step));
    y = y - lr / 2 * mh / (vh.sqrt() + 2 * eps);
    if (step == 1) {
      auto tiny = on(make_manifold("poincare", 1e-12), lr);
      tiny.eps = 0;
      const auto z = torch::zeros({1, 3}, kF64).requires_grad_(true);
      RiemannianAdam first({z}, tiny);
      z.mutable_grad() = torch::randn({1, 3}, kF64);
      first.step();
      EXPECT_NEAR(z.norm().item<double>(), lr / 2, 1e-14);
    }
  }
  EXPECT_LT((x - y).abs().max().item<double>(), 1e-10);
}

// One second moment a point, and the first moment moves with its point: transport keeps lengths.
TEST(RiemannianAdam, MomentsBelongToPoints) {
  for (const auto& space : curved_spaces()) {
    torch::manual_seed(64);
    const auto x = cluster(*space, 6, 0.4).requires_grad_(true), start = leaf(x).detach();
    RiemannianAdam optimizer({x}, on(space, 0.3));
    x.mutable_grad() = torch::randn_like(x);
    optimizer.step();
    const auto g = space->rgrad(start, x.grad());
    const auto& state = state_of(optimizer, x);
    EXPECT_EQ(state.second.sizes(), (std::vector<int64_t>{6, 1}));
    const auto before = 0.01 * space->inner(start, g, g);
    const auto after = space->inner(x.detach(), state.first, state.first);
    EXPECT_TRUE(torch::allclose(after, before, 1e-12, 0)) << space->kind();
    const auto tangent = space->project_tangent(x.detach(), state.first);
    EXPECT_TRUE(torch::allclose(tangent, state.first, 1e-12, 1e-14)) << space->kind();
  }
}

// At the minimum Adam's steps have length lr: it is lowered tenfold every 200 steps, and the
// distance to the mean, found by frechet_mean's own iteration, follows.
TEST(RiemannianAdam, ReachesTheFrechetMean) {
  for (const bool amsgrad : {false, true}) {
    for (const auto& space : curved_spaces()) {
      torch::manual_seed(65);
      const auto points = cluster(*space, 20, 0.3);
      const auto x = leaf(points.slice(0, 0, 1));
      auto options = on(space, 0.1);
      options.amsgrad = amsgrad;
      RiemannianAdam optimizer({x}, options);
      for (int step = 0; step < 1200; ++step) {
        if (step % 200 == 199) optimizer.param_groups()[0].options().set_lr(options.lr *= 0.1);
        optimizer.zero_grad();
        spread_loss(*space, x, points).backward();
        optimizer.step();
      }
      const auto mean = space->frechet_mean(points, std::nullopt, 0);
      EXPECT_LT(space->dist(x[0].detach(), mean).item<double>(), 1e-6) << space->kind();
    }
  }
}

// Outwards for 1000 steps in float32: held at the rim, finite, counted; and back again. Steps of
// length 1, since rounding swallows those of 0.1 there.
TEST(RiemannianAdam, PointsStayInTheBallAtTheRim) {
  torch::manual_seed(66);
  const auto space = make_manifold("poincare", 1.0);
  const auto x = space->embed(torch::randn({64, 5})).requires_grad_(true);
  RiemannianAdam optimizer({x}, on(space, 1.0));
  int64_t projected = 0;
  const auto push = [&](double sign) {
    const auto inside = x.detach().to(kF64);
    const auto speed = 2 / (1 - inside.square().sum(1, true));  // as steep at every radius
    x.mutable_grad() = (sign * speed * inside).to(torch::kFloat32);
    optimizer.step();
    projected += optimizer.projected();
    ASSERT_TRUE((x.detach().to(kF64).square().sum(1) < 1).all().item<bool>());
  };
  for (int step = 0; step < 1000; ++step) push(-1);
  EXPECT_GT(projected, 0);
  EXPECT_GT(x.detach().norm(2, 1).min().item<double>(), 1 - 1e-6);
  for (int step = 0; step < 1000; ++step) push(1);
  EXPECT_LT(x.detach().norm(2, 1).max().item<double>(), 0.999);
}

TEST(RiemannianAdam, ContinuesAfterSavingAndLoading) {
  for (const bool amsgrad : {false, true}) {
    torch::manual_seed(67);
    const auto ball = make_manifold("poincare", 1.0);
    const auto x = cluster(*ball, 4, 0.3).requires_grad_(true);
    auto options = on(ball, 0.1);
    options.amsgrad = amsgrad;
    RiemannianAdam first({x}, options);
    x.mutable_grad() = torch::randn_like(x);
    for (int step = 0; step < 3; ++step) first.step();
    std::stringstream file;
    torch::save(first, file);

    const auto y = leaf(x);
    RiemannianAdam second({y}, on(ball, 1.0));
    torch::load(second, file);
    EXPECT_EQ(state_of(second, y).step, 3);
    y.mutable_grad() = x.grad().clone();
    for (int step = 0; step < 3; ++step) {
      first.step();
      second.step();
    }
    EXPECT_TRUE(torch::equal(x, y));

    file.clear();
    file.seekg(0);
    RiemannianAdam other({torch::zeros({4, 3}).requires_grad_(true)}, on(nullptr, 0.1));
    expect_value_error([&] { torch::load(other, file); }, "saved on poincare, expected euclidean");
  }
}

TEST(RiemannianAdam, BadArgumentsShowTheirValue) {
  const auto x = torch::zeros({2, 3}).requires_grad_(true);
  const auto with = [&](const std::function<void(RiemannianAdamOptions&)>& change) {
    auto options = on(make_manifold("poincare", 1.0), 0.1);
    change(options);
    RiemannianAdam optimizer({x}, options);
  };
  expect_value_error([&] { with([](auto& o) { o.lr = -1; }); }, "got -1");
  expect_value_error([&] { with([](auto& o) { o.beta1 = 1; }); },
                     "beta1 must lie in [0, 1), got 1");
  expect_value_error([&] { with([](auto& o) { o.beta2 = -0.5; }); }, "got -0.5");
  expect_value_error([&] { with([](auto& o) { o.eps = NAN; }); }, "got nan");
  expect_value_error([&] { with([](auto& o) { o.weight_decay = -2; }); }, "got -2");
  expect_value_error([&] { RiemannianAdam optimizer({x, x}, on(nullptr, 0.1)); }, "listed twice");
}

}  // namespace gyroseg::riemannian_adam_test
