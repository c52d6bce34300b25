#include "manifolds/nn/ganea_classifier.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/optimizer.h>
#include <torch/serialize.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <sstream>
#include <vector>

#include "manifolds/optim/riemannian_sgd.h"
#include "manifolds/poincare_operators.h"
#include "manifolds/polar_mlr.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::ganea_classifier_test {

using testing::expect_value_error;
using testing::gradient_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

// Another parametrisation of HNN++'s hyperplanes: through p = exp0(r z/|z|) across z.
TEST(GaneaClassifier, AgreesWithHnnPlusPlus) {
  torch::manual_seed(121);
  for (const double c : {0.25, 1.0, 4.0}) {
    GaneaClassifier head(4, 5, c);
    head->to(kF64);
    const auto v = 0.5 * torch::randn({2, 4, 3, 6}, kF64), z = torch::randn({5, 4}, kF64);
    const auto r = 0.3 * torch::randn({5}, kF64);
    head->normals = z;
    head->offsets = r.unsqueeze(1) * z / z.norm(2, 1, true);
    const auto scores = head->forward(poincare_expmap0(v, c, 1));
    EXPECT_EQ(scores.sizes(), (std::vector<int64_t>{2, 5, 3, 6}));
    // Points at radius 2 |v| of 4 at most lose e^(4 sqrt(c)) of a rounding: 3e3.
    EXPECT_TRUE(torch::allclose(scores, polar_mlr(v, z, r, c, 1), 1e-11, 1e-11)) << c;
    const auto rows = head->forward(poincare_expmap0(v, c, 1).movedim(1, -1).reshape({-1, 4}));
    EXPECT_TRUE(torch::allclose(scores.movedim(1, -1).reshape({-1, 5}), rows, 1e-13, 1e-13));
  }
}

TEST(GaneaClassifier, TendsToTheEuclideanScore) {
  torch::manual_seed(122);
  GaneaClassifier head(4, 5, 1e-12, HyperplanePoints::kBall);
  head->to(kF64);
  head->offsets = torch::randn({5, 4}, kF64);
  const auto x = torch::randn({9, 4}, kF64);
  const auto expected = 4 * ((x.unsqueeze(1) - head->offsets) * head->normals).sum(2);
  EXPECT_LT((head->forward(x) - expected).abs().max().item<double>(), 1e-9);  // c |x|^3
}

TEST(GaneaClassifier, GradientsMatchDifferences) {
  torch::manual_seed(123);
  const auto x = 0.3 * torch::randn({5, 3}, kF64), g = torch::randn({5, 4}, kF64);
  const auto normals = torch::randn({4, 3}, kF64), offsets = 0.2 * torch::randn({4, 3}, kF64);
  for (const auto form : {HyperplanePoints::kTangent, HyperplanePoints::kBall}) {
    const auto loss = [&](const Tensor& points, const Tensor& a, const Tensor& p, const Tensor& c) {
      GaneaClassifier head(3, 4, c, form);
      head->normals = a;
      head->offsets = p;
      return (head->forward(points) * g).sum();
    };
    const auto c = torch::scalar_tensor(0.7, kF64);
    // Central differences lose 1e-11 / 1e-5.
    EXPECT_LT(gradient_error([&](const Tensor& t) { return loss(t, normals, offsets, c); }, x),
              1e-7);
    EXPECT_LT(gradient_error([&](const Tensor& t) { return loss(x, t, offsets, c); }, normals),
              1e-7);
    EXPECT_LT(gradient_error([&](const Tensor& t) { return loss(x, normals, t, c); }, offsets),
              1e-7);
    EXPECT_LT(gradient_error([&](const Tensor& t) { return loss(x, normals, offsets, t); }, c),
              1e-7);
  }
}

// Hyperplanes that must move: two classes on one side of the origin. Points by a Riemannian
// optimiser, or tangent vectors by torch's.
TEST(GaneaClassifier, LearnsInBothForms) {
  const auto ball = make_manifold("poincare", 1.0);
  for (const auto form : {HyperplanePoints::kTangent, HyperplanePoints::kBall}) {
    torch::manual_seed(124);
    GaneaClassifier head(2, 2, 1.0, form);
    const auto labels = torch::arange(60).remainder(2);
    const auto centre = torch::stack({torch::full({60}, 0.5), 0.3 + 0.6 * labels}, 1);
    const auto x = poincare_expmap0(centre + 0.05 * torch::randn({60, 2}), 1.0);
    RiemannianSgdOptions plain(0.2), points(0.2);
    if (form == HyperplanePoints::kBall) points.manifold = ball;
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(std::vector<Tensor>{head->normals});
    groups.emplace_back(std::vector<Tensor>{head->offsets},
                        std::make_unique<RiemannianSgdOptions>(points));
    RiemannianSgd optimizer(groups, plain);
    for (int step = 0; step < 300; ++step) {
      optimizer.zero_grad();
      torch::nn::functional::cross_entropy(head->forward(x), labels).backward();
      optimizer.step();
    }
    EXPECT_TRUE(torch::equal(head->forward(x).argmax(1), labels));
    EXPECT_TRUE((head->points().square().sum(1) < 1).all().item<bool>());
  }
}

TEST(GaneaClassifier, LearnsItsParametersAndKeepsThemInAFile) {
  torch::manual_seed(125);
  GaneaClassifier head(3, 4, Curvature::learnable(0.7)), other(3, 4, Curvature::learnable(0.7));
  EXPECT_EQ(head->parameters().size(), 3u);
  const auto x = 0.3 * torch::randn({5, 3});
  head->forward(x).pow(3).sum().backward();
  for (const auto& p : head->named_parameters())
    EXPECT_GT(p.value().grad().abs().max().item<double>(), 0) << p.key();
  std::stringstream file;
  torch::save(head, file);
  torch::load(other, file);
  EXPECT_TRUE(torch::equal(head->forward(x), other->forward(x)));
}

TEST(GaneaClassifier, BadArgumentsShowTheirValue) {
  expect_value_error([] { GaneaClassifier head(0, 3, 1.0); }, "D = 0");
  expect_value_error([] { GaneaClassifier head(3, 0, 1.0); }, "K = 0");
  expect_value_error([] { GaneaClassifier head(3, 3, 0.0); }, "got 0");
  GaneaClassifier head(3, 2, 1.0);
  expect_value_error([&] { (void)head->forward(torch::zeros({5, 4})); }, "[5, 4]");
}

}  // namespace gyroseg::ganea_classifier_test
