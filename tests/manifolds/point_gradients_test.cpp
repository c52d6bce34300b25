// Every function on points against central differences, in each argument and in c; and gradients at
// degenerate points.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "manifolds/clip_features.h"
#include "manifolds/manifold.h"
#include "manifolds/mobius.h"
#include "manifolds/models.h"
#include "manifolds/poincare_operators.h"
#include "manifolds/sphere.h"
#include "manifolds/wrapped_normal.h"
#include "support/gradient_check.h"

namespace gyroseg::point_gradients_test {

using testing::gradient_error;
using torch::Tensor;

Tensor f64(double value) { return torch::scalar_tensor(value, torch::kFloat64); }
Tensor random(at::IntArrayRef shape) { return torch::randn(shape, torch::kFloat64); }

/// A function of some tensors and c, checked in every one of them. A fixed random combination of
/// the result's entries is differentiated. Central differences at step 1e-5 leave 1e-9 of functions
/// of scale 1 and more where they bend (sinh of a few units): 1e-7 in all.
using Function = std::function<Tensor(const std::vector<Tensor>&, const Curvature&)>;

void check(const std::string& name, const std::vector<Tensor>& arguments, const Function& f,
           double c = 0.7) {
  const Tensor value = f(arguments, c), weights = random(value.sizes());
  const auto scalar = [&](const std::vector<Tensor>& at, const Curvature& curvature) {
    return (f(at, curvature) * weights).sum();
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto in_one = [&](const Tensor& x) {
      auto at = arguments;
      at[i] = x;
      return scalar(at, c) + 0 * x.sum();  // some spaces ignore an argument: its gradient is 0
    };
    EXPECT_LT(gradient_error(in_one, arguments[i]), 1e-7) << name << ", argument " << i;
  }
  const auto in_c = [&](const Tensor& x) { return scalar(arguments, Curvature(x)) + 0 * x; };
  EXPECT_LT(gradient_error(in_c, f64(c)), 1e-7) << name << ", c";
}

std::shared_ptr<const Manifold> space_of(const std::string& kind, const Curvature& c) {
  if (kind == "sphere") return std::make_shared<const Sphere>(Sphere::Distance::geodesic);
  return make_manifold(kind, c);
}

class PointGradients : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { torch::manual_seed(21); }
  [[nodiscard]] std::shared_ptr<const Manifold> space(const Curvature& c) const {
    return space_of(GetParam(), c);
  }
  [[nodiscard]] Tensor points(at::IntArrayRef outputs) const {
    return space(0.7)->embed(0.6 * random(outputs));
  }
  /// Tangent vectors are made of v inside the functions, or a step off the tangent space would be
  /// taken by difference quotients.
  [[nodiscard]] Tensor vectors(const Tensor& x) const { return 0.5 * random(x.sizes()); }
};

TEST_P(PointGradients, Maps) {
  const auto x = points({3, 4}), y = points({3, 4}), u = vectors(x), v = vectors(x);
  check("embed", {random({3, 4})},
        [&](const auto& a, const Curvature& c) { return space(c)->embed(a[0]); });
  check("expmap", {x, v}, [&](const auto& a, const Curvature& c) {
    return space(c)->expmap(a[0], space(c)->project_tangent(a[0], a[1]));
  });
  check("logmap", {x, y},
        [&](const auto& a, const Curvature& c) { return space(c)->logmap(a[0], a[1]); });
  check("transport", {x, y, v},
        [&](const auto& a, const Curvature& c) { return space(c)->transport(a[0], a[1], a[2]); });
  check("inner", {x, u, v},
        [&](const auto& a, const Curvature& c) { return space(c)->inner(a[0], a[1], a[2]); });
  check("rgrad", {x, v},
        [&](const auto& a, const Curvature& c) { return space(c)->rgrad(a[0], a[1]); });
  check("geodesic", {x, y}, [&](const auto& a, const Curvature& c) {
    return space(c)->geodesic(f64(0.3), a[0], a[1]);
  });
  check("geodesic t", {torch::rand({3}, torch::kFloat64)},
        [&](const auto& a, const Curvature& c) { return space(c)->geodesic(a[0], x, y); });
}

TEST_P(PointGradients, DistancesAndMapsAtTheOrigin) {
  const auto x = points({3, 4}), y = points({3, 4}), v = vectors(x);
  // lorentz_dist's gradient is |X-Y|_L's, off the hyperboloid too, while its value reads the space
  // part only: differences agree along the hyperboloid, so points are made of their outputs.
  const auto s = 0.6 * random({3, 4}), t = 0.6 * random({3, 4});
  check("dist", {s, t}, [&](const auto& a, const Curvature& c) {
    return space(c)->dist(space(c)->embed(a[0]), space(c)->embed(a[1]));
  });
  check("cdist", {s, t}, [&](const auto& a, const Curvature& c) {
    return space(c)->cdist(space(c)->embed(a[0]), space(c)->embed(a[1]));
  });
  check("dist0", {s}, [&](const auto& a, const Curvature& c) {  // 2|v| itself does not depend on c
    return c.tensor() * space(c)->dist0(space(c)->embed(a[0]));
  });
  check("sqdist", {x, y},
        [&](const auto& a, const Curvature& c) { return space(c)->sqdist(a[0], a[1]); });
  check("expmap0", {v}, [&](const auto& a, const Curvature& c) { return space(c)->expmap0(a[0]); });
  check("logmap0", {y}, [&](const auto& a, const Curvature& c) { return space(c)->logmap0(a[0]); });
  check("transport0", {y, v},
        [&](const auto& a, const Curvature& c) { return space(c)->transport0(a[0], a[1]); });
}

TEST_P(PointGradients, Means) {
  const auto s = 0.4 * random({5, 2, 3}) + torch::tensor({1.0, 0.5, 0.2}, torch::kFloat64);
  const auto w = torch::rand({5, 2}, torch::kFloat64) + 0.1;
  check("midpoint", {s, w}, [&](const auto& a, const Curvature& c) {
    return space(c)->midpoint(space(c)->embed(a[0]), a[1], 0);
  });
  check("frechet_mean", {s, w}, [&](const auto& a, const Curvature& c) {
    return space(c)->frechet_mean(space(c)->embed(a[0]), a[1], 0);
  });
}

/// At coincident points, at the origin and for vectors 0 every gradient is finite.
TEST_P(PointGradients, FiniteAtDegeneratePoints) {
  const auto c = Curvature::learnable(0.7);
  const auto m = space(c);
  const auto finite = [&](const std::string& name, const Tensor& value, const Tensor& leaf) {
    const auto g = torch::autograd::grad({value.sum() + 0 * leaf.sum()}, {leaf})[0];
    EXPECT_TRUE(g.isfinite().all().item<bool>() && value.isfinite().all().item<bool>()) << name;
  };
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const auto some = points({2, 4}).to(dtype);
    const auto pole = m->origin(some.size(1), some.options()).detach().expand_as(some).contiguous();
    for (const auto& at : {some, pole}) {
      const auto x = at.clone().requires_grad_(true), fixed = at.clone();
      const auto zero = torch::zeros_like(at).requires_grad_(true);
      finite("dist", m->dist(x, fixed), x);
      finite("sqdist", m->sqdist(x, fixed), x);
      finite("logmap", m->logmap(x, fixed), x);
      finite("logmap y", m->logmap(fixed, x), x);
      finite("expmap", m->expmap(x, zero), x);
      finite("expmap v", m->expmap(fixed, zero), zero);
      finite("transport", m->transport(x, fixed, at), x);
      finite("geodesic", m->geodesic(f64(0.3), x, fixed), x);
      finite("dist0", m->dist0(x), x);
      finite("logmap0", m->logmap0(x), x);
      finite("expmap0", m->expmap0(zero), zero);
      finite("inner", m->inner(x, zero, zero), x);
      finite("midpoint", m->midpoint(x), x);
      finite("frechet_mean", m->frechet_mean(x), x);
      finite("cdist", m->cdist(x, fixed), x);
      EXPECT_EQ(torch::autograd::grad({m->dist(x, fixed).sum()}, {x})[0].abs().max().item<double>(),
                0);
    }
    const auto v = torch::zeros({2, 4}, dtype).requires_grad_(true);
    finite("embed", m->embed(v), v);
    finite("tangent_dist", m->tangent_dist(v, torch::ones({2, 4}, dtype)), v);
  }
}

INSTANTIATE_TEST_SUITE_P(Spaces, PointGradients,
                         ::testing::Values("euclidean", "sphere", "poincare", "lorentz"));

TEST(PointGradientsOfFunctions, BallModelsAndDistributions) {
  torch::manual_seed(22);
  const auto points = [] { return poincare_expmap0(0.6 * random({3, 4}), 0.7); };
  const auto x = points(), y = points(), w = random({3, 4});
  check("gyration", {x, y, w},
        [](const auto& a, const Curvature& c) { return gyration(a[0], a[1], a[2], c); });
  check("lambda", {x}, [](const auto& a, const Curvature& c) { return poincare_lambda(a[0], c); });
  check("mobius_scalar", {random({3}), x},
        [](const auto& a, const Curvature& c) { return mobius_scalar(a[0], a[1], c); });
  check("mobius_matrix", {random({5, 4}), x},
        [](const auto& a, const Curvature& c) { return mobius_matrix(a[0], a[1], c); });
  using Map = Tensor(const Tensor&, const Curvature&, int64_t);
  const auto near =
      0.2 * random({3, 4});  // towards the rim these maps bend too fast for differences
  const std::map<std::string, std::pair<Map*, Tensor>> models = {
      {"ball_to_lorentz", {&ball_to_lorentz, x}},
      {"ball_to_klein", {&ball_to_klein, x}},
      {"lorentz_to_ball", {&lorentz_to_ball, ball_to_lorentz(x, 0.7)}},
      {"lorentz_to_klein", {&lorentz_to_klein, ball_to_lorentz(x, 0.7)}},
      {"klein_to_ball", {&klein_to_ball, near}},
      {"klein_to_lorentz", {&klein_to_lorentz, near}}};
  for (const auto& [name, map] : models)
    check(name, {map.second},
          [f = map.first](const auto& a, const Curvature& c) { return f(a[0], c, -1); });
  const auto s = torch::rand({4}, torch::kFloat64) + 0.5;
  check("wrapped_normal_log_density", {x, y, s}, [](const auto& a, const Curvature& c) {
    return wrapped_normal_log_density(a[0], a[1], a[2], c);
  });
  check("wrapped_normal_sample", {y, s}, [](const auto& a, const Curvature& c) {
    return wrapped_normal_sample(a[0], a[1], c, at::make_generator<at::CPUGeneratorImpl>(3));
  });
  check("clip_features", {random({6, 4})},
        [](const auto& a, const Curvature&) { return clip_features(a[0], 1.5); });
}

TEST(PointGradientsOfFunctions, LearnableCurvatureIsReached) {
  for (const std::string kind : {"poincare", "lorentz"}) {
    const auto c = Curvature::learnable(0.7);
    const auto m = make_manifold(kind, c);
    const auto v = random({3, 4}), w = random({3, 4});
    EXPECT_EQ(m->curvature(), 0.7);
    const auto d = m->dist(m->embed(v), m->embed(w)).sum();
    const auto g = torch::autograd::grad({d}, {c.parameter()})[0].item<double>();
    const auto straight = m->tangent_dist(v, w).sum();
    const auto expected = torch::autograd::grad({straight}, {c.parameter()})[0].item<double>();
    EXPECT_NEAR(g, expected, 1e-11);  // points at radius 5: eps sinh(10)
    ASSERT_TRUE(m->curvature_parameter().has_value());
    EXPECT_TRUE(m->curvature_parameter()->parameter().is_same(c.parameter()));
  }
  EXPECT_FALSE(make_manifold("euclidean", 1.0)->curvature_parameter().has_value());
  EXPECT_FALSE(make_manifold("sphere", 1.0)->curvature_parameter().has_value());
}

}  // namespace gyroseg::point_gradients_test
