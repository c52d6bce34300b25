#include "manifolds/ranking_sgd.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <limits>
#include <vector>

#include "manifolds/manifold.h"
#include "manifolds/optim/riemannian_sgd.h"
#include "support/value_error.h"

namespace gyroseg::ranking_sgd_test {

using testing::expect_value_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;
constexpr int64_t kNodes = 9, kDim = 5;

struct Case {
  const char* space;
  double c;
};
void PrintTo(const Case& value, std::ostream* out) { *out << value.space << " c = " << value.c; }

/// Relations with repeated nodes: u twice, a candidate shared, one negative drawn twice.
Tensor example_rows() {
  return torch::tensor({{0, 1, 2, 3, 3}, {0, 4, 5, 1, 8}, {2, 0, 6, 7, 4}}, torch::kInt64);
}

/// The same loss from the space's own distances, by autograd.
Tensor composed_loss(const Manifold& space, const Tensor& points, const Tensor& rows,
                     const Tensor& weights) {
  const Tensor u = points.index_select(0, rows.select(1, 0)).unsqueeze(1);
  const Tensor x = points.index_select(0, rows.narrow(1, 1, rows.size(1) - 1).reshape(-1))
                       .reshape({rows.size(0), -1, points.size(1)});
  const Tensor scores = -space.dist(u.expand_as(x).contiguous(), x);
  return -(weights * torch::log_softmax(scores, 1).select(1, 0)).sum();
}

class RankingSgdTest : public ::testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<const Manifold> space_ = make_manifold(GetParam().space, GetParam().c);
  Tensor start(double spread) {
    torch::manual_seed(7);
    return space_->embed(spread * torch::randn({kNodes, kDim}, kF64)).contiguous();
  }
};

// The existing pieces, distances with their own backward and the Riemannian optimiser, are the
// reference: 40 steps on from near the origin and from far out.
TEST_P(RankingSgdTest, EqualsAutogradAndTheOptimiser) {
  const Tensor weights = torch::tensor({1.0, 0.5, 2.0}, kF64);
  for (const double spread : {1e-3, 0.4, 1.0}) {
    const Tensor x = start(spread).clone().requires_grad_(true);
    RankingSgd ours(space_, start(spread));
    RiemannianSgdOptions options(0.3);
    options.manifold = space_;
    RiemannianSgd theirs({x}, options);
    for (int step = 0; step < 40; ++step) {
      theirs.zero_grad();
      const Tensor loss = composed_loss(*space_, x, example_rows(), weights);
      loss.backward();
      theirs.step();
      EXPECT_NEAR(ours.step(example_rows(), weights, 0.3), loss.item<double>(), 1e-8) << step;
    }
    const double gap = (ours.points() - x).abs().max().item<double>();
    EXPECT_LT(gap, 1e-8 * x.abs().max().item<double>()) << "spread " << spread;
    EXPECT_EQ(ours.projected(), 0);
  }
}

TEST_P(RankingSgdTest, WithoutWeightsAllAreOne) {
  RankingSgd with(space_, start(0.3)), without(space_, start(0.3));
  EXPECT_EQ(with.step(example_rows(), torch::ones({3}, kF64), 0.1),
            without.step(example_rows(), {}, 0.1));
  EXPECT_TRUE(torch::equal(with.points(), without.points()));
}

TEST_P(RankingSgdTest, TheLossFalls) {
  RankingSgd sgd(space_, start(1e-3));
  const double first = sgd.step(example_rows(), {}, 0.05);
  double last = first;
  for (int step = 0; step < 200; ++step) last = sgd.step(example_rows(), {}, 0.05);
  EXPECT_LT(last, 0.9 * first);
}

TEST_P(RankingSgdTest, CoincidentPointsStayFinite) {
  const Tensor x = space_->embed(torch::full({kNodes, kDim}, 0.1, kF64)).contiguous();
  RankingSgd sgd(space_, x.clone());
  (void)sgd.step(example_rows(), {}, 0.1);
  EXPECT_TRUE(torch::equal(sgd.points().isfinite(), torch::ones_like(x, torch::kBool)));
}

INSTANTIATE_TEST_SUITE_P(Spaces, RankingSgdTest,
                         ::testing::Values(Case{"euclidean", 1}, Case{"sphere", 1},
                                           Case{"poincare", 1}, Case{"poincare", 0.25},
                                           Case{"lorentz", 1}, Case{"lorentz", 4}));

// A step as long as the space is wide: the ball keeps its points inside and counts them.
TEST(RankingSgd, ProjectsPointsOnTheRim) {
  torch::manual_seed(8);
  const auto space = make_manifold("poincare", 1.0);
  RankingSgd sgd(space, space->embed(torch::randn({kNodes, kDim}, kF64)).contiguous());
  for (int step = 0; step < 3; ++step) (void)sgd.step(example_rows(), {}, 1e3);
  EXPECT_GT(sgd.projected(), 0);
  EXPECT_TRUE((sgd.points().square().sum(1) < 1).all().item<bool>());
}

TEST(RankingSgd, RefusesWhatItCannotDo) {
  const auto space = make_manifold("poincare", 1.0);
  const Tensor x = torch::zeros({kNodes, kDim}, kF64);
  expect_value_error([&] { RankingSgd(space, x.to(torch::kFloat32)); }, "float64");
  expect_value_error([&] { RankingSgd(space, torch::ones({2, 2}, kF64)); }, "point 0");
  RankingSgd sgd(space, x);
  expect_value_error([&] { (void)sgd.step(example_rows() + 1, {}, 0.1); }, "got 9");
  expect_value_error([&] { (void)sgd.step(torch::tensor({{1, 2, 1}}), {}, 0.1); }, "own candidates");
  expect_value_error([&] { (void)sgd.step(example_rows(), torch::ones({2}, kF64), 0.1); }, "[3]");
  expect_value_error([&] { (void)sgd.step(example_rows(), {}, -1); }, "-1");
  expect_value_error([&] { (void)sgd.step(torch::zeros({3, 1}, torch::kInt64), {}, 0.1); }, "[3, 1]");
}

}  // namespace gyroseg::ranking_sgd_test
