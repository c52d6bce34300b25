#include "manifolds/optim/riemannian_sgd.h"

#include <gtest/gtest.h>
#include <torch/optim/optimizer.h>
#include <torch/optim/schedulers/step_lr.h>
#include <torch/optim/sgd.h>
#include <torch/serialize.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

#include "support/point_problems.h"
#include "support/value_error.h"

namespace gyroseg::riemannian_sgd_test {

using testing::cluster;
using testing::curved_spaces;
using testing::expect_value_error;
using testing::spread_loss;
using torch::Tensor;
using Groups = std::vector<torch::optim::OptimizerParamGroup>;

constexpr auto kF64 = torch::kFloat64;

RiemannianSgdOptions on(std::shared_ptr<const Manifold> space, double lr, double momentum = 0) {
  RiemannianSgdOptions options(lr);
  options.momentum = momentum;
  options.manifold = std::move(space);
  return options;
}

Tensor leaf(const Tensor& x) { return x.detach().clone().requires_grad_(true); }

TEST(RiemannianSgd, IsTorchsSgdInEuclideanSpaceToTheLastBit) {
  struct Setting {
    double momentum, dampening, weight_decay;
    bool nesterov;
  };
  for (const auto dtype : {torch::kFloat32, kF64}) {
    for (const auto& s : {Setting{0, 0, 0, false}, Setting{0.9, 0, 0, false},
                          Setting{0.9, 0.1, 1e-2, false}, Setting{0.8, 0, 1e-2, true}}) {
      for (const auto& space :
           {std::shared_ptr<const Manifold>(), make_manifold("euclidean", 1.0)}) {
        torch::manual_seed(41);
        const auto x = torch::randn({7, 5}, dtype).requires_grad_(true);
        const auto y = leaf(x);
        auto options = on(space, 0.1, s.momentum);
        options.dampening = s.dampening;
        options.weight_decay = s.weight_decay;
        options.nesterov = s.nesterov;
        RiemannianSgd ours({x}, options);
        torch::optim::SGD theirs({y}, torch::optim::SGDOptions(0.1)
                                          .momentum(s.momentum)
                                          .dampening(s.dampening)
                                          .weight_decay(s.weight_decay)
                                          .nesterov(s.nesterov));
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

TEST(RiemannianSgd, BallsStepTendsToAQuarter) {
  torch::manual_seed(42);
  const auto x = torch::randn({6, 3}, kF64).requires_grad_(true), start = leaf(x);
  RiemannianSgd optimizer({x}, on(make_manifold("poincare", 1e-12), 0.1));
  x.mutable_grad() = torch::randn({6, 3}, kF64);
  optimizer.step();
  const auto expected = start - 0.1 / 4 * x.grad();
  EXPECT_LT((x - expected).abs().max().item<double>(), 1e-11);  // c times |x|^2 of about 10
}

// From the origin along an axis, in closed form: g of length |e|/4 in coordinates is walked by
// exp0, and at momentum 1 without further gradients the point goes on along the same geodesic at the
// same speed. A momentum that is frozen at its first value, or not transported, does not.
TEST(RiemannianSgd, MomentumCoastsAlongTheGeodesic) {
  const double c = 0.5, lr = 0.25;
  const auto x = torch::zeros({1, 2}, kF64).requires_grad_(true);
  RiemannianSgd optimizer({x}, on(make_manifold("poincare", c), lr, 1.0));
  x.mutable_grad() = torch::tensor({{-4.0, 0.0}}, kF64);
  for (int step = 1; step <= 5; ++step) {
    optimizer.step();
    const double expected = std::tanh(std::sqrt(c) * lr * step) / std::sqrt(c);
    EXPECT_NEAR(x[0][0].item<double>(), expected, 1e-15 * step);  // one rounding a step
    EXPECT_EQ(x[0][1].item<double>(), 0);
    x.mutable_grad() = torch::zeros({1, 2}, kF64);
  }
  for (const auto& space : curved_spaces()) {
    torch::manual_seed(43);
    const auto p = cluster(*space, 5, 0.4).requires_grad_(true), start = leaf(p);
    RiemannianSgd coasting({p}, on(space, 0.01, 1.0));  // errors grow by e^(path length)
    p.mutable_grad() = torch::randn(p.sizes(), kF64);
    const auto velocity = -0.01 * space->rgrad(start, p.grad());
    for (int step = 1; step <= 4; ++step) {
      coasting.step();
      const auto expected = space->expmap(start.detach(), step * velocity);
      EXPECT_LT((p - expected).abs().max().item<double>(), 1e-13) << space->kind();
      p.mutable_grad() = torch::zeros_like(p);
    }
  }
}

/// Iterations until the distance to the mean is below 1e-6, or 2000.
int steps_to_mean(const Manifold& space, const Tensor& points, torch::optim::Optimizer& optimizer,
                  const Tensor& x) {
  const auto mean = space.frechet_mean(points, std::nullopt, 0);
  for (int step = 1; step <= 2000; ++step) {
    optimizer.zero_grad();
    spread_loss(space, x, points).backward();
    optimizer.step();
    if (space.dist(x[0].detach(), mean).item<double>() < 1e-6) return step;
  }
  return 2000;
}

// The rate 0.01 contracts by 0.99 a step, momentum 0.9 by about its root sqrt(0.9) = 0.949: five
// times fewer steps. Factor 3 leaves room for where they start.
TEST(RiemannianSgd, MomentumAccelerates) {
  for (const auto& space : curved_spaces()) {
    torch::manual_seed(44);
    const auto points = cluster(*space, 20, 0.3);
    const auto x = leaf(points.slice(0, 0, 1)), y = leaf(x), z = leaf(x);
    RiemannianSgd plain({x}, on(space, 0.01)), fast({y}, on(space, 0.01, 0.9));
    auto options = on(space, 0.01, 0.9);
    options.nesterov = true;
    RiemannianSgd nesterov({z}, options);
    const int slow = steps_to_mean(*space, points, plain, x);
    EXPECT_LT(3 * steps_to_mean(*space, points, fast, y), slow) << space->kind();
    EXPECT_LT(3 * steps_to_mean(*space, points, nesterov, z), slow) << space->kind();
  }
}

// frechet_mean finds the same minimiser by its own iteration. Half the mean squared distance has a
// Hessian near 1, so the rate 0.5 halves the error: 100 steps leave rounding only.
TEST(RiemannianSgd, ReachesTheFrechetMean) {
  for (const auto& space : curved_spaces()) {
    torch::manual_seed(45);
    const auto points = cluster(*space, 20, 0.3);
    const auto x = leaf(points.slice(0, 0, 1));
    RiemannianSgd optimizer({x}, on(space, 0.5));
    for (int step = 0; step < 100; ++step) {
      optimizer.zero_grad();
      spread_loss(*space, x, points).backward();
      optimizer.step();
    }
    const auto mean = space->frechet_mean(points, std::nullopt, 0);
    EXPECT_LT(space->dist(x[0].detach(), mean).item<double>(), 1e-11) << space->kind();
  }
}

// A point that is pushed outwards for ever ends at the rim of float32 and stays finite there; the
// count says that rounding took it out of the ball. Pulled back, it leaves the rim.
TEST(RiemannianSgd, PointsStayInTheBallAtTheRim) {
  torch::manual_seed(46);
  const auto space = make_manifold("poincare", 1.0);
  const auto x = space->embed(torch::randn({64, 5})).requires_grad_(true);
  RiemannianSgd optimizer({x}, on(space, 0.5, 0.9));
  int64_t projected = 0;
  const auto push = [&](double sign) {
    const auto radius2 = x.detach().to(kF64).square().sum(1, true);
    const auto speed = 2 / (1 - radius2);  // lambda: unit hyperbolic length
    x.mutable_grad() = (sign * speed * x.detach() / radius2.sqrt()).to(torch::kFloat32);
    optimizer.step();
    projected += optimizer.projected();
    ASSERT_TRUE((x.detach().to(kF64).square().sum(1) < 1).all().item<bool>());
  };
  for (int step = 0; step < 1000; ++step) push(-1);
  EXPECT_GT(projected, 0);
  const auto outside = x.detach().norm(2, 1);
  EXPECT_GT(outside.min().item<double>(), 1 - 1e-6);
  for (int step = 0; step < 100; ++step) push(1);
  EXPECT_LT(x.detach().norm(2, 1).max().item<double>(), 0.999);
}

// 1000 steps with momentum and noise in float32, at radius 8: coordinates of the hyperboloid reach
// e^8/2. Its points are right to a few roundings of X0, the sphere's to a few of 1.
TEST(RiemannianSgd, PointsStayOnSphereAndHyperboloid) {
  for (const char* kind : {"sphere", "lorentz"}) {
    torch::manual_seed(47);
    const auto space = make_manifold(kind, 1.0);
    const auto v = torch::randn({64, 3});
    const auto x = space->embed(4 * v / v.norm(2, 1, true)).requires_grad_(true);
    const auto target = x.detach().clone();
    RiemannianSgd optimizer({x}, on(space, 0.1, 0.9));
    for (int step = 0; step < 1000; ++step) {
      optimizer.zero_grad();
      space->sqdist(x, target).sum().backward();
      const torch::NoGradGuard no_grad;
      // On the hyperboloid an ambient gradient is as steep as X0 is large.
      x.mutable_grad().add_(torch::randn_like(x) / x.norm(2, 1, true), 0.3);
      optimizer.step();
    }
    const auto p = x.detach().to(kF64), squares = p.square();
    const auto expected = space->kind() == "sphere" ? torch::ones({64}, kF64)
                                                    : (1 + squares.slice(1, 1).sum(1)).sqrt();
    const auto actual = space->kind() == "sphere" ? squares.sum(1).sqrt() : p.select(1, 0);
    EXPECT_LT(((actual - expected) / expected).abs().max().item<double>(),
              4 * std::numeric_limits<float>::epsilon())
        << kind;
    EXPECT_EQ(space->project(x.detach()).count.item<int64_t>(), 0) << kind;
  }
}

TEST(RiemannianSgd, WeightDecayIsTheGradientOfThePenalty) {
  for (const auto& space : curved_spaces()) {
    torch::manual_seed(48);
    const auto x = cluster(*space, 6, 0.4).requires_grad_(true), y = leaf(x);
    auto options = on(space, 0.1);
    options.weight_decay = 0.3;
    RiemannianSgd decayed({x}, options);
    RiemannianSgd penalised({y}, on(space, 0.1));
    x.mutable_grad() = torch::zeros_like(x);
    (0.15 * y.square().sum()).backward();
    decayed.step();
    penalised.step();
    EXPECT_LT((x - y).abs().max().item<double>(), 1e-15) << space->kind();  // one rounding
  }
}

TEST(RiemannianSgd, EachGroupWalksInItsOwnSpace) {
  torch::manual_seed(49);
  const auto ball = make_manifold("poincare", 1.0);
  const auto x = cluster(*ball, 4, 0.3).requires_grad_(true),
             y = torch::randn({3}, kF64).requires_grad_(true);
  const auto x_alone = leaf(x), y_alone = leaf(y);
  Groups groups;
  groups.emplace_back(std::vector<Tensor>{x},
                      std::make_unique<RiemannianSgdOptions>(on(ball, 0.2, 0.9)));
  groups.emplace_back(std::vector<Tensor>{y});
  RiemannianSgd both(groups, RiemannianSgdOptions(0.1));
  RiemannianSgd first({x_alone}, on(ball, 0.2, 0.9)), second({y_alone}, RiemannianSgdOptions(0.1));
  for (int step = 0; step < 3; ++step) {
    const auto gx = torch::randn_like(x), gy = torch::randn_like(y);
    for (const auto& p : {x, x_alone}) p.mutable_grad() = gx.clone();
    for (const auto& p : {y, y_alone}) p.mutable_grad() = gy.clone();
    both.step();
    first.step();
    second.step();
  }
  EXPECT_TRUE(torch::equal(x, x_alone));
  EXPECT_TRUE(torch::equal(y, y_alone));
  both.add_param_group(
      torch::optim::OptimizerParamGroup({torch::zeros({2, 3}).requires_grad_(true)},
                                        std::make_unique<RiemannianSgdOptions>(on(ball, 0.7))));
  EXPECT_EQ(both.param_groups()[2].options().get_lr(), 0.7);
}

TEST(RiemannianSgd, ChannelFirstPointsWalkAlike) {
  torch::manual_seed(50);
  const auto ball = make_manifold("poincare", 1.0);
  const auto x = cluster(*ball, 8, 0.3).requires_grad_(true), y = leaf(x.t());
  auto options = on(ball, 0.2, 0.9);
  RiemannianSgd rows({x}, options);
  options.dim = 0;
  RiemannianSgd columns({y}, options);
  for (int step = 0; step < 3; ++step) {
    x.mutable_grad() = torch::randn_like(x);
    y.mutable_grad() = x.grad().t().clone();
    rows.step();
    columns.step();
  }
  EXPECT_LT((x.t() - y).abs().max().item<double>(), 1e-15);  // the order of three summands
}

TEST(RiemannianSgd, ContinuesAfterSavingAndLoading) {
  torch::manual_seed(51);
  const auto ball = make_manifold("poincare", 1.0);
  const auto x = cluster(*ball, 4, 0.3).requires_grad_(true);
  RiemannianSgd first({x}, on(ball, 0.2, 0.9));
  const auto g = torch::randn_like(x);
  x.mutable_grad() = g;
  first.step();
  first.param_groups()[0].options().set_lr(0.05);
  std::stringstream file;
  torch::save(first, file);

  const auto y = leaf(x);
  RiemannianSgd second({y}, on(ball, 1.0));
  torch::load(second, file);
  EXPECT_EQ(second.param_groups()[0].options().get_lr(), 0.05);
  y.mutable_grad() = g;
  for (int step = 0; step < 3; ++step) {
    first.step();
    second.step();
  }
  EXPECT_TRUE(torch::equal(x, y));

  file.clear();
  file.seekg(0);
  const auto z = torch::zeros_like(x).requires_grad_(true);
  RiemannianSgd flat({z}, RiemannianSgdOptions(1.0));
  expect_value_error([&] { torch::load(flat, file); }, "saved on poincare, expected euclidean");
}

TEST(RiemannianSgd, SchedulersClosuresAndMissingGradients) {
  const auto x = torch::ones({2}, kF64).requires_grad_(true);
  const auto unused = torch::ones({2}, kF64).requires_grad_(true);
  RiemannianSgd optimizer({x, unused}, RiemannianSgdOptions(1.0));
  torch::optim::StepLR schedule(optimizer, 1, 0.5);
  for (int step = 0; step < 3; ++step) {
    const auto loss = optimizer.step([&] {
      optimizer.zero_grad();
      const auto sum = x.sum();
      sum.backward();
      return sum;
    });
    EXPECT_EQ(loss.item<double>(), 2 - 2 * step);
    schedule.step();
  }
  EXPECT_EQ(x[0].item<double>(), 1 - 1 - 1 - 0.5);  // StepLR leaves its first step's rate alone
  EXPECT_EQ(unused[0].item<double>(), 1);
  EXPECT_EQ(optimizer.projected(), 0);
}

TEST(RiemannianSgd, BadArgumentsShowTheirValue) {
  const auto x = torch::zeros({2, 3}).requires_grad_(true);
  const auto ball = make_manifold("poincare", 1.0);
  const auto with = [&](const std::function<void(RiemannianSgdOptions&)>& change) {
    auto options = on(ball, 0.1, 0.9);
    change(options);
    RiemannianSgd optimizer({x}, options);
  };
  expect_value_error([&] { with([](auto& o) { o.lr = -1; }); }, "got -1");
  expect_value_error([&] { with([](auto& o) { o.lr = NAN; }); }, "got nan");
  expect_value_error([&] { with([](auto& o) { o.momentum = -0.5; }); }, "got -0.5");
  expect_value_error([&] { with([](auto& o) { o.weight_decay = -2; }); }, "got -2");
  expect_value_error([&] { with([](auto& o) { o.dampening = INFINITY; }); }, "got inf");
  expect_value_error([&] { with([](auto& o) { o.nesterov = true, o.dampening = 0.25; }); }, "0.25");
  expect_value_error([&] { with([](auto& o) { o.dim = 2; }); }, "dim 2");
  expect_value_error([&] { RiemannianSgd optimizer({x, x}, on(ball, 0.1)); }, "listed twice");
  const auto outside = torch::tensor({{0.0, 0.5}, {1.0, 1.0}}).requires_grad_(true);
  expect_value_error([&] { RiemannianSgd optimizer({outside}, on(ball, 0.1)); }, "1 points");
  Groups foreign;
  foreign.emplace_back(std::vector<Tensor>{x}, std::make_unique<torch::optim::SGDOptions>(0.1));
  expect_value_error([&] { RiemannianSgd optimizer(foreign, on(ball, 0.1)); }, "another optimiser");
  RiemannianSgd optimizer({x}, on(ball, 0.1));
  x.mutable_grad() = torch::zeros({2, 3}).to_sparse();
  expect_value_error([&] { optimizer.step(); }, "sparse");
  optimizer.param_groups()[0].options().set_lr(-3);
  expect_value_error([&] { optimizer.step(); }, "got -3");
}

}  // namespace gyroseg::riemannian_sgd_test
