#include "manifolds/polar_linear.h"

#include <torch/csrc/autograd/custom_function.h>

#include "manifolds/argument_checks.h"
#include "manifolds/kernels/composite_forms.h"
#include "manifolds/kernels/double_backward.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/kernels/series.h"
#include "manifolds/polar_mlr.h"
#include "manifolds/stable_math.h"

namespace gyroseg {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kPolarFromDistances = "polar_from_distances";

/// With t = sqrt(c) s, w = sinh t, q = |w|: v' sqrt(c) = (asinh(q)/2) w/q. Everything is scaled by
/// e^-m, m = max |t|, which cancels.
struct Bend {
  Tensor t, scale;    ///< e^-m
  Tensor sinh, cosh;  ///< of t, scaled
  Tensor length;      ///< q, scaled
  Tensor ratio;       ///< (asinh(q)/2)/q, over the scale
  Tensor largest;     ///< m

  Bend(const Tensor& s, const Tensor& c, int64_t dim) : t(at::sqrt(c) * s.to(torch::kFloat64)) {
    largest = t.abs().amax(dim, true);
    scale = at::exp(-largest);
    const Tensor up = at::exp(t - largest), down = at::exp(-t - largest);
    // The difference of exponentials cancels for small t.
    sinh = at::where(t.abs() < 1, at::sinh(t) * scale, (up - down) / 2);
    cosh = (up + down) / 2;
    length = at::linalg_vector_norm(sinh, 2, dim, true);
    const Tensor near = at::asinh(length * at::exp(largest.clamp_max(detail::kAsinhIsLog)));
    const Tensor far = at::log(length) + largest + std::numbers::ln2;
    const Tensor asinh = at::where(largest < detail::kAsinhIsLog, near, far);
    ratio = at::where(length == 0, 0.5, asinh / (2 * length));
  }

  /// d<g, sqrt(c) v'>/dt. asinh' = 1/sqrt(1 + q^2) is `slope` of the scaled length.
  [[nodiscard]] Tensor gradient(const Tensor& g, int64_t dim) const {
    const Tensor slope = (scale.square() + length.square()).rsqrt() / 2;
    const Tensor along = (g * sinh).sum(dim, true) / at::where(length == 0, 1.0, length.square());
    return cosh * (ratio * g + (slope - ratio) * along * sinh);
  }

  /// sum of <g, J t - sqrt(c) v'>, of third order in t: near 0 by series, since the two cancel.
  [[nodiscard]] Tensor excess(const Tensor& g, const Tensor& by_t, int64_t dim) const {
    const Tensor far = (by_t * t - g * ratio * sinh).sum(dim, true);
    const Tensor x = t.clamp(-1, 1), w = at::sinh(x), u = w.square().sum(dim, true);
    const Tensor root = at::sqrt(u);
    const Tensor phi = at::where(u == 0, 1.0, at::asinh(root) / root);
    const Tensor psi = at::where(u < detail::kPsiBound, detail::polynomial(detail::kPsiSeries, u),
                                 (at::rsqrt(1 + u) - phi) / u);
    const Tensor rest = x.pow(3) * detail::polynomial(detail::kCoshRestSeries, x.square());
    const Tensor across = (w * x * at::cosh(x)).sum(dim, true);
    const Tensor near = (g * (phi * rest + psi * across * w)).sum(dim, true) / 2;
    return at::where(largest < 1, near, far).sum();
  }
};

class PolarFromDistances : public torch::autograd::Function<PolarFromDistances> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& s, const Tensor& c, int64_t dim) {
    ctx->save_for_backward({s, c});
    ctx->saved_data["dim"] = dim;
    const Tensor curvature = detail::checked_curvature(kPolarFromDistances, c);
    const Bend bend(s, curvature, dim);
    return (bend.ratio * bend.sinh / at::sqrt(curvature)).to(s.scalar_type());
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const int64_t dim = ctx->saved_data["dim"].toInt();
    variable_list out{Tensor(), Tensor(), Tensor()};
    {
      const at::AutoGradMode no_graph(false);
      const Tensor c = saved[1].to(torch::kFloat64), g = grads[0].to(torch::kFloat64);
      const Bend bend(saved[0], c, dim);
      const Tensor by_t = bend.gradient(g, dim);  // sqrt(c) of t and of v' cancel
      if (ctx->needs_input_grad(0)) out[0] = by_t.to(saved[0].scalar_type());
      if (ctx->needs_input_grad(1))
        out[1] = (bend.excess(g, by_t, dim) / (2 * c * at::sqrt(c))).to(saved[1].options());
    }
    return detail::refuse_double_backward(kPolarFromDistances, out, saved, grads);
  }
};

}  // namespace

Tensor polar_from_distances(const Tensor& s, const Curvature& c, int64_t dim) {
  detail::check_floating(kPolarFromDistances, "s", s);
  const int64_t front = detail::front_dim(kPolarFromDistances, dim, s.dim());
  TORCH_CHECK_VALUE(s.size(front) > 0, kPolarFromDistances, ": K must be at least 1, got s ", s.sizes());
  return PolarFromDistances::apply(s, c.tensor(), front);
}

Tensor polar_linear(const Tensor& v, const Tensor& z, const Tensor& r, const Curvature& c,
                    int64_t dim) {
  return polar_from_distances(polar_mlr(v, z, r, c, dim), c, dim);
}

}  // namespace gyroseg
