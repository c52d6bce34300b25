// The laws of manifold.h from 7 on, by their numbers, over spaces, regimes and dtypes.
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <ostream>
#include <string>

#include "manifolds/manifold.h"
#include "manifolds/sphere.h"
#include "support/property.h"

namespace gyroseg::point_laws_test {

using testing::any_vectors;
using testing::expect_property;
using testing::largest;
using testing::within;
using torch::Tensor;

/// spread: largest entry of a network output; hyperbolic radius up to 2 sqrt(3) spread.
struct Case {
  std::string kind;
  double c, spread;
  torch::Dtype dtype;
};

void PrintTo(const Case& x, std::ostream* out) {
  *out << x.kind << " c=" << x.c << " spread=" << x.spread << " " << x.dtype;
}

constexpr int64_t kD = 3, kN = 2;

/// Where an error is allowed, it is so many roundings of the inputs' coordinates. One rounding
/// moves a point by eps sinh(sqrt(c) R)/sqrt(c) at hyperbolic radius R; a handful of points take
/// part in a law, each with a few roundings.
constexpr double kRoundings = 40;

class PointLaws : public ::testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] bool sphere() const { return GetParam().kind == "sphere"; }
  [[nodiscard]] bool hyperbolic() const { return m->curvature() > 0; }
  [[nodiscard]] double eps() const {
    return GetParam().dtype == torch::kFloat64 ? 0x1p-53 : 0x1p-24;
  }
  [[nodiscard]] Tensor outputs(int64_t n = kN) const {
    auto v = any_vectors(n, kD, GetParam().spread, GetParam().dtype);
    RC_PRE(!sphere() || v.abs().amax(1).min().item<double>() > 0);  // 0 is no point of the sphere
    return v;
  }
  [[nodiscard]] Tensor points(int64_t n = kN) const { return m->embed(outputs(n)); }
  /// Tangent vectors at x whose length is about the spread, below pi/2 on the sphere.
  [[nodiscard]] Tensor tangents(const Tensor& x) const {
    const double size = sphere() ? 0.8 : GetParam().spread;
    const auto ambient = any_vectors(x.size(0), x.size(1), size, GetParam().dtype);
    if (GetParam().kind != "lorentz") {
      const auto v = m->project_tangent(x, ambient);
      return hyperbolic() ? v * (1 - m->curvature() * x.square().sum(1, true)) : v;
    }
    return m->transport0(
        x, torch::cat({torch::zeros_like(x.narrow(1, 0, 1)), ambient.narrow(1, 1, kD)}, 1));
  }
  /// Away from the cut locus, where nothing is defined.
  void avoid_cut(const Tensor& x, const Tensor& y) const {
    RC_PRE(!sphere() || largest(m->dist(x, y)) < 3.0);
  }

  [[nodiscard]] double spread_of(double length) const {
    if (!hyperbolic()) return sphere() ? 1 : length;
    const double root = std::sqrt(m->curvature());
    return std::sinh(std::min(root * length, 300.0)) / root;
  }
  template <typename... Points>
  [[nodiscard]] double slack(const Points&... points) const {
    return kRoundings * eps() * (spread_of(largest(m->dist0(points))) + ...);
  }
  [[nodiscard]] double gap(const Tensor& a, const Tensor& b) const {
    return largest(m->dist(a, b));
  }
  [[nodiscard]] double length(const Tensor& x, const Tensor& v) const {
    return std::sqrt(largest(m->inner(x, v, v)));
  }

  std::shared_ptr<const Manifold> m =
      GetParam().kind == "sphere" ? std::make_shared<const Sphere>(Sphere::Distance::geodesic)
                                  : make_manifold(GetParam().kind, GetParam().c);
};

TEST_P(PointLaws, Law7OutputsAndPointsAgree) {
  expect_property([&] {
    const auto v = outputs(), w = outputs();
    const auto x = m->embed(v), y = m->embed(w);
    RC_ASSERT(x.size(1) == m->coordinates(kD) && x.scalar_type() == v.scalar_type());
    within(largest(m->tangent_dist(v, w) - m->dist(x, y)), slack(x, y), "distance");
  });
}

TEST_P(PointLaws, Law8ProjectionIsIdempotent) {
  expect_property([&] {
    const auto x = points();
    const auto inside = m->project(x);
    RC_ASSERT(inside.count.item<int64_t>() == 0 && torch::equal(inside.points, x));
    const auto outside = points() * 1.7 + 0.1;
    const auto once = m->project(outside), twice = m->project(once.points);
    RC_ASSERT(torch::equal(once.points, twice.points) && twice.count.item<int64_t>() == 0);
    RC_ASSERT(largest(m->dist0(once.points)) < INFINITY);
  });
}

TEST_P(PointLaws, Law9ExpAndLogAreInverse) {
  expect_property([&] {
    const auto x = points(), y = points(), v = tangents(x), end = m->expmap(x, v);
    const double n = length(x, v);
    within(length(x, m->logmap(x, end) - v), slack(x, end) + 10 * eps() * n, "log exp");
    avoid_cut(x, y);
    // On the hyperboloid a velocity of length d has coordinates of size d cosh(sqrt(c) R), whose
    // roundings turn it; the end of the geodesic is sinh(sqrt(c) d)/(d sqrt(c)) times farther off.
    const double boost = GetParam().kind == "lorentz"
                             ? std::cosh(std::sqrt(GetParam().c) * largest(m->dist0(x)))
                             : 1;
    const double reach = kRoundings * eps() * boost * spread_of(gap(x, y));
    within(gap(m->expmap(x, m->logmap(x, y)), y), slack(x, y) + reach, "exp log");
  });
}

TEST_P(PointLaws, Law10LengthOfLogIsDistance) {
  expect_property([&] {
    const auto x = points(), y = points();
    avoid_cut(x, y);
    const auto l = m->logmap(x, y), square = m->inner(x, l, l).squeeze(1), d = m->dist(x, y);
    const double scale = kRoundings * eps() * largest(d) * largest(d) + 2 * largest(d) * slack(x);
    within(largest(square - m->sqdist(x, y)), scale, "|log|^2");
    within(largest(d.square() - m->sqdist(x, y)), scale, "sqdist");
  });
}

TEST_P(PointLaws, Law11DistanceIsAMetric) {
  expect_property([&] {
    const auto x = points(), y = points(), z = points();
    const auto around = m->dist(x, y) + m->dist(y, z);
    RC_ASSERT((m->dist(x, z) <= around * (1 + 8 * eps())).all().item<bool>());
    within(largest(m->dist(x, y) - m->dist(y, x)), 8 * eps() * largest(around), "symmetry");
    RC_ASSERT(largest(m->dist(x, x)) == 0 && largest(m->sqdist(x, x)) == 0);
  });
}

TEST_P(PointLaws, Law12TransportIsAnIsometry) {
  expect_property([&] {
    const auto x = points(), y = points(), u = tangents(x), v = tangents(x);
    avoid_cut(x, y);
    const auto tu = m->transport(x, y, u), tv = m->transport(x, y, v);
    const double turn =
        (slack(x, y) + kRoundings * eps()) * (hyperbolic() ? std::sqrt(m->curvature()) : 1);
    const double n = length(x, u), k = length(x, v);
    within(largest(m->inner(y, tu, tv) - m->inner(x, u, v)), 2 * turn * n * k, "inner product");
    within(length(x, m->transport(y, x, tu) - u), turn * n, "there and back");
    const auto there = m->logmap(x, y), back = m->logmap(y, x);
    const double d = largest(m->dist(x, y));
    within(length(y, m->transport(x, y, there) + back), slack(x, y) + turn * d, "velocity");
  });
}

TEST_P(PointLaws, Law13GeodesicsHaveConstantSpeed) {
  expect_property([&] {
    const auto x = points(), y = points();
    avoid_cut(x, y);
    for (const double t : {-0.25, 0.0, 0.3, 0.5, 1.0, 1.25}) {
      if (sphere() && (t < 0 || t > 1)) continue;  // it may pass the antipode of x
      const auto at = m->geodesic(torch::scalar_tensor(t, torch::kFloat64), x, y);
      RC_ASSERT(at.scalar_type() == x.scalar_type());
      // Beyond its ends a geodesic amplifies their roundings as e^(d/4).
      const double bound = slack(x, y, at) + kRoundings * eps() * spread_of(1.5 * gap(x, y));
      within(largest(m->dist(x, at) - std::abs(t) * m->dist(x, y)), bound, "speed");
      if (t == 0.0) within(gap(at, x), slack(x), "start");
      if (t == 1.0) within(gap(at, y), slack(y), "end");
    }
  });
}

TEST_P(PointLaws, Law14MapsAtTheOrigin) {
  expect_property([&] {
    const auto y = points(), origin = m->origin(y.size(1), y.options()), from = origin.expand_as(y);
    const auto v = tangents(from.contiguous());
    avoid_cut(from, y);
    within(gap(m->expmap0(v), m->expmap(from, v)), slack(m->expmap0(v)), "exp");
    const auto l = m->logmap0(y);
    within(length(from, l - m->logmap(from, y)), slack(y), "log");
    within(largest(m->dist0(y) - m->dist(from, y)), slack(y), "dist");
    const double n = length(from, v);
    within(length(y, m->transport0(y, v) - m->transport(from, y, v)),
           (slack(y) + kRoundings * eps()) * n * 2, "transport");
    within(gap(m->expmap0(l), y), 2 * slack(y), "exp log");
  });
}

TEST_P(PointLaws, Law15GradientsAreDualToTheInnerProduct) {
  expect_property([&] {
    const auto x = points(), v = tangents(x);
    const auto e = any_vectors(kN, x.size(1), 1.0, GetParam().dtype);
    const auto expected = (e * v).sum(1, true).to(torch::kFloat64);
    const double lever =
        GetParam().kind == "lorentz"  // e's own roundings, seen by a boost to x
            ? std::pow(std::cosh(std::sqrt(GetParam().c) * largest(m->dist0(x))), 2)
            : 1;
    within(largest(m->inner(x, m->rgrad(x, e), v) - expected),
           kRoundings * eps() * lever * largest(e) * (largest(v) + (sphere() ? 1 : 0)), "dual");
  });
}

TEST_P(PointLaws, Law16Means) {
  expect_property([&] {
    const auto x = points(), y = points();
    avoid_cut(x, y);
    const auto half = m->geodesic(torch::scalar_tensor(0.5, torch::kFloat64), x, y);
    const auto both = torch::stack({x, y}, 1);  // [N,2,A]
    const double pair = slack(x, y) + kRoundings * eps() * spread_of(gap(x, y));
    within(gap(m->midpoint(both), half), pair, "midpoint of two");
    within(gap(m->frechet_mean(both), half), pair, "Frechet mean of two");
  });
}

TEST_P(PointLaws, Law16FrechetMeanIsStationary) {
  expect_property(
      [&] {
        auto x = points(5);
        const auto w = torch::tensor({1.0, 2.0, 0.5, 0.0, 3.0}, torch::kFloat64);
        if (sphere()) {  // in the half sphere around the pole
          x = torch::where(x.narrow(1, 0, 1) < 0, -x, x);
          RC_PRE(x.narrow(1, 0, 1).min().item<double>() > 0.5);
        }
        const auto mean = m->frechet_mean(x.unsqueeze(1), w.unsqueeze(1), 0);  // [1,A]
        const auto pull =
            (w.unsqueeze(1) * m->logmap(mean.to(torch::kFloat64), x.to(torch::kFloat64)));
        const auto rest = pull.sum(0, true) / w.sum();
        // The mean's own rounding moves every log by up to D coth D of it, D <= 2 max dist0.
        const double stiff =
            hyperbolic() ? 1 + std::sqrt(m->curvature()) * largest(m->dist0(x)) : 1;
        within(length(mean.to(torch::kFloat64), rest), stiff * slack(x, mean), "sum of logs");
      },
      25);
}

TEST_P(PointLaws, Law16MeansCommuteWithRotations) {
  torch::manual_seed(3);
  const auto q = std::get<0>(torch::linalg_qr(torch::randn({kD, kD}, torch::kFloat64)));
  expect_property(
      [&] {
        const auto v = outputs(4);
        if (sphere()) RC_PRE(largest(m->cdist(m->embed(v), m->embed(v))) < 1.5);
        const auto turned = v.to(torch::kFloat64).matmul(q).to(v.scalar_type());
        const auto x = m->embed(v), y = m->embed(turned);
        const auto turn = [&](const Tensor& p) {
          const auto space = p.narrow(-1, p.size(-1) - kD, kD).to(torch::kFloat64).matmul(q);
          const auto all = p.size(-1) == kD
                               ? space
                               : torch::cat({p.narrow(-1, 0, 1).to(torch::kFloat64), space}, -1);
          return all.to(p.scalar_type());
        };
        within(gap(turn(m->midpoint(x)), m->midpoint(y)), slack(x, y), "midpoint");
        within(gap(turn(m->frechet_mean(x)), m->frechet_mean(y)), slack(x, y), "Frechet mean");
      },
      25);
}

TEST_P(PointLaws, Law17CdistIsDist) {
  expect_property([&] {
    const auto x = points(3), y = points(4);
    const auto pairs = m->dist(x.unsqueeze(1), y.unsqueeze(0));
    RC_ASSERT(m->cdist(x, y).sizes() == pairs.sizes());
    within(largest(m->cdist(x, y) - pairs), 8 * eps() * largest(pairs), "cdist");
  });
}

TEST_P(PointLaws, Law18UnembedInvertsEmbed) {
  expect_property([&] {
    const auto v = outputs();
    const auto x = m->embed(v), w = m->unembed(x);
    RC_ASSERT(w.sizes() == v.sizes() && w.scalar_type() == v.scalar_type());
    within(gap(m->embed(w), x), slack(x), "embed unembed");
    within(largest(m->tangent_dist(sphere() ? m->embed(v) : v, w)), slack(x), "unembed embed");
  });
}

TEST_P(PointLaws, PixelsAndRowsAgree) {
  torch::manual_seed(6);
  const auto dtype = GetParam().dtype;
  const double spread = GetParam().spread;
  const auto rows = [&] { return spread * (torch::rand({2, 3, 4, kD}, dtype) - 0.3); };
  const auto x = m->embed(rows()), y = m->embed(rows());
  const auto v = m->logmap(x, m->embed(rows()));
  const auto t = torch::rand({2, 3, 4}, dtype), w = torch::rand({2, 3, 4}, dtype);
  const auto first = [](const Tensor& a) { return a.movedim(-1, 1).contiguous(); };
  const auto same = [&](const std::string& name, const Tensor& pixels, const Tensor& expected) {
    ASSERT_EQ(pixels.sizes(), expected.sizes()) << name;
    // Sums along other strides may round differently.
    EXPECT_TRUE(torch::allclose(pixels, expected, 1e3 * eps(), 1e3 * eps() * largest(expected)))
        << name;
  };
  const auto px = first(x), py = first(y), pv = first(v);
  same("exp", m->expmap(px, pv, 1), first(m->expmap(x, v)));
  same("unembed", m->unembed(px, 1), first(m->unembed(x)));
  same("log", m->logmap(px, py, 1), first(m->logmap(x, y)));
  same("dist", m->dist(px, py, 1), m->dist(x, y));
  same("sqdist", m->sqdist(px, py, 1), m->sqdist(x, y));
  same("dist0", m->dist0(px, 1), m->dist0(x));
  same("log0", m->logmap0(px, 1), first(m->logmap0(x)));
  same("transport", m->transport(px, py, pv, 1), first(m->transport(x, y, v)));
  same("transport0", m->transport0(px, pv, 1), first(m->transport0(x, v)));
  same("geodesic", m->geodesic(t, px, py, 1), first(m->geodesic(t, x, y)));
  same("inner", m->inner(px, pv, pv, 1), first(m->inner(x, v, v)));
  same("rgrad", m->rgrad(px, pv, 1), first(m->rgrad(x, v)));
  same("project", m->project(2 * px, 1).points, first(m->project(2 * x).points));
  same("midpoint", m->midpoint(px, w, 2, 1), m->midpoint(x, w, 1).movedim(-1, 1));
  same("frechet_mean", m->frechet_mean(px, w, 2, 1), m->frechet_mean(x, w, 1).movedim(-1, 1));
}

TEST_P(PointLaws, HalfTypesKeepTheirDtypeAndSpace) {
  torch::manual_seed(7);
  for (const auto dtype : {torch::kHalf, torch::kBFloat16}) {
    const auto v = (torch::rand({20, kD}) - 0.3).to(dtype), x = m->embed(v),
               y = m->embed(v.flip(0));
    EXPECT_EQ(m->project(x).count.item<int64_t>(), 0);
    const auto once = m->project((1.7 * x + 0.1).to(dtype)), twice = m->project(once.points);
    EXPECT_TRUE(torch::equal(once.points, twice.points));
    const auto log = m->logmap(x, y);
    for (const auto& t :
         {x, once.points, log, m->expmap(x, log), m->transport(x, y, log), m->dist(x, y),
          m->inner(x, log, log), m->rgrad(x, log), m->midpoint(x), m->frechet_mean(x),
          m->cdist(x, y), m->dist0(x), m->origin(3, x.options())}) {
      EXPECT_EQ(t.scalar_type(), dtype);
      EXPECT_TRUE(t.isfinite().all().item<bool>());
    }
    EXPECT_EQ(m->expmap(x, log.to(torch::kFloat32)).scalar_type(), torch::kFloat32);
  }
}

// c far from 1 in both directions; near the origin, where forms are 0/0; in the middle; and far
// out: hyperbolic radius up to 17 in float64 and 7 in float32, where 1/3 to 1/2 of the digits are
// left.
INSTANTIATE_TEST_SUITE_P(
    Regimes, PointLaws,
    ::testing::Values(
        Case{"euclidean", 1.0, 1.0, torch::kFloat64}, Case{"euclidean", 1.0, 10.0, torch::kFloat32},
        Case{"sphere", 1.0, 1.0, torch::kFloat64}, Case{"sphere", 1.0, 1.0, torch::kFloat32},
        Case{"poincare", 1.0, 1e-6, torch::kFloat64}, Case{"poincare", 1.0, 1e-4, torch::kFloat32},
        Case{"poincare", 0.3, 1.0, torch::kFloat64}, Case{"poincare", 1.0, 1.0, torch::kFloat32},
        Case{"poincare", 1.0, 5.0, torch::kFloat64}, Case{"poincare", 4.0, 1.0, torch::kFloat32},
        Case{"lorentz", 1.0, 1e-6, torch::kFloat64}, Case{"lorentz", 1.0, 1e-4, torch::kFloat32},
        Case{"lorentz", 0.3, 1.0, torch::kFloat64}, Case{"lorentz", 1.0, 1.0, torch::kFloat32},
        Case{"lorentz", 1.0, 5.0, torch::kFloat64}, Case{"lorentz", 4.0, 1.0, torch::kFloat32}));

}  // namespace gyroseg::point_laws_test
