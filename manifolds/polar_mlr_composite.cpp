#include <torch/types.h>

#include <cmath>

#include "manifolds/polar_mlr_kernels.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// The forms of polar_mlr_chunk.h as tensor operations. Pixel tensors are [N,1] or [P,1,Q],
/// class tensors [K] or [K,1], so that a pixel and a class broadcast to the shape of the logits.
struct Factors {
  Tensor length, inverse_length;  ///< |v| or |z|, and its inverse, 0 where it is 0
  Tensor twice;                   ///< 2p or |rho|
  Tensor decay, decay2, rest2;    ///< e^-twice, e^(-2 twice), 1 - e^(-2 twice)

  Factors(const Tensor& norm, const Tensor& angle)
      : length(norm),
        inverse_length(torch::where(norm == 0, 0.0, 1 / norm)),
        twice(angle),
        decay(torch::exp(-angle)),
        decay2(decay * decay),
        rest2(-torch::expm1(-2 * angle)) {}
};

struct Pairs {
  Tensor cosine, t, one;
};

Tensor sign_of(const Tensor& offset) { return torch::where(offset < 0, -1.0, 1.0); }

Pairs pairs_of(const Tensor& dots, const Factors& x, const Factors& k, const Tensor& sign) {
  const Tensor cosine = (sign * dots * x.inverse_length * k.inverse_length).clamp(-1.0, 1.0);
  const Tensor near =
      torch::where((k.rest2 > 0.5) & (x.rest2 > 0.5), k.decay2 - x.decay2, x.rest2 - k.rest2);
  const Tensor far = x.rest2 + k.rest2 - x.rest2 * k.rest2;
  return {cosine, 0.25 * ((1 + cosine) * near - (1 - cosine) * far),
          (x.decay * k.decay).clamp_min(kSmallestScale)};
}

Tensor products(const Tensor& v, const Tensor& normals) {
  const Tensor x = v.to(torch::kFloat64);
  return v.dim() == 2 ? x.matmul(normals.t()) : normals.matmul(x);
}

/// [K] as it broadcasts against the logits.
Tensor by_class(const Tensor& values, const Tensor& v) {
  return v.dim() == 2 ? values : values.unsqueeze(-1);
}

Factors pixel_factors(const Tensor& lengths, double root_c) {
  return {lengths.unsqueeze(1), 2 * root_c * lengths.unsqueeze(1)};
}

Factors class_factors(const Tensor& v, const Tensor& z, const Tensor& r, double root_c) {
  return {by_class(at::linalg_vector_norm(z.to(torch::kFloat64), 2, 1), v),
          by_class(2 * root_c * r.to(torch::kFloat64).abs(), v)};
}

}  // namespace

MlrForward mlr_forward_composite(const Tensor& v, const Tensor& z, const Tensor& r, double c,
                                 bool keep) {
  const double root_c = std::sqrt(c);
  const Tensor dots = products(v, z.to(torch::kFloat64));
  const Tensor lengths = at::linalg_vector_norm(v.to(torch::kFloat64), 2, 1);
  const Factors x = pixel_factors(lengths, root_c), k = class_factors(v, z, r, root_c);
  const Tensor sign = sign_of(by_class(r, v));
  const Pairs pair = pairs_of(dots, x, k, sign);
  const Tensor t = pair.t.abs(), ratio = (t / pair.one).clamp_max(1.0);
  const Tensor small = torch::log1p(ratio + ratio.square() / (1 + torch::sqrt(1 + ratio.square())));
  const Tensor large =
      x.twice + k.twice + torch::log(t + torch::sqrt(pair.one.square() + t.square()));
  const Tensor size = torch::where(t < pair.one, small, large);
  const Tensor logits = sign * pair.t.sign() * size * (2 / root_c) * k.length;
  MlrForward out;
  out.logits = logits.to(v.scalar_type());
  if (keep) {
    out.dots = dots;
    out.lengths = lengths;
  }
  return out;
}

MlrGradients mlr_backward_composite(const Tensor& grad, const MlrSaved& saved, double c,
                                    bool need_v) {
  const auto& [v, z, r, logits, dots, lengths] = saved;
  const double root_c = std::sqrt(c), limit = largest_gradient(v.scalar_type());
  const auto type = v.scalar_type();
  const Factors x = pixel_factors(lengths, root_c), k = class_factors(v, z, r, root_c);
  const Tensor sign = sign_of(by_class(r, v));
  const Pairs pair = pairs_of(dots, x, k, sign);
  const Tensor g = grad.to(torch::kFloat64);

  const Tensor inverse = torch::rsqrt(pair.one.square() + pair.t.square());
  const Tensor sinh_x = x.rest2 / 2, cosh_x = (1 + x.decay2) / 2;
  const Tensor sinh_k = k.rest2 / 2, cosh_k = (1 + k.decay2) / 2;
  const Tensor by_p = 2 * sign * (pair.cosine * cosh_x * cosh_k - sinh_x * sinh_k) * inverse;
  const Tensor by_rho = (pair.cosine * sinh_x * sinh_k - cosh_x * cosh_k) * inverse;
  const Tensor sinh_per_length = torch::where(x.length == 0, 2 * root_c, sinh_x * x.inverse_length);
  const Tensor most = limit / torch::maximum(x.length, k.length).clamp_min(1.0);
  const Tensor by_dot = torch::where(
      k.length == 0, 0.0,
      torch::clamp(g * (2 / root_c) * sinh_per_length * cosh_k * inverse, -most, most));
  const Tensor by_length =
      (g * 2 * k.length * by_p).clamp(-limit, limit) - by_dot * dots * x.inverse_length;
  const Tensor by_z_length = (g * logits - by_dot * dots) * k.inverse_length;
  const Tensor by_offset = (g * 4 * k.length * by_rho).clamp(-limit, limit);

  const bool rows = v.dim() == 2;
  const std::vector<int64_t> over_pixels =
      rows ? std::vector<int64_t>{0} : std::vector<int64_t>{0, 2};
  const Tensor a = by_dot.to(type);
  MlrGradients out;
  const Tensor product = rows ? a.t().matmul(v) : a.matmul(v.transpose(1, 2)).sum(0);
  const Tensor along_z = by_z_length.sum(over_pixels) * k.inverse_length.flatten();
  out.z = (product + along_z.unsqueeze(1) * z.to(torch::kFloat64)).to(type);
  out.r = by_offset.sum(over_pixels).to(type);
  if (need_v) {
    const Tensor along_v = by_length.sum(1, true) * x.inverse_length;
    out.v = ((rows ? a.matmul(z) : z.t().matmul(a)) + along_v * v.to(torch::kFloat64)).to(type);
  }
  return out;
}

}  // namespace gyroseg::detail
