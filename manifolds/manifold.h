#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

namespace gyroseg {

/// An embedding space whose points are given by their tangent vector at the origin: x = exp0(v). So
/// the network's Euclidean output is the parameter, nothing is projected and nothing saturates.
///
///   Symbols  B      batch;  H,W pixels;  N rows;  K class hyperplanes;  C leaf classes
///            D      embedding dimension, the number of entries of v along `dim`
///            c      curvature parameter, c > 0 in the ball: curvature -c, radius 1/sqrt(c)
///            v, w   tangent vectors at the origin: float64 | float32 | bfloat16 | half
///            z, r   normal and offset of a class hyperplane
///   Laws     with d = tangent_dist, l0 = lambda0(); one test per number in
///            tests/manifolds/manifold_laws_test.cpp
///     1  d(v, w) == d(w, v), d(v, v) == 0
///     2  d(u, w) <= d(u, v) + d(v, w)
///     3  d(0, v) == l0 |v|, and d(s v, t v) == l0 |s - t| |v|: rays from the origin are geodesics
///     4  d(Q v, Q w) == d(v, w) for every rotation Q
///     5  logits change sign with (z, r) -> (-z, -r), and where v crosses the hyperplane, which
///        passes through r z/|z|; they are positively homogeneous in z
///     6  c -> 0: d -> l0 |v - w|, logits -> 4 (<v,z> - r|z|): all spaces meet their Euclidean twin
///   Grads    finite everywhere; 0 by convention where none exists: d at v == w, logits at z_k == 0
///   NaN      NaN in, NaN out
class Manifold {
 public:
  virtual ~Manifold() = default;

  /// Distance of exp0(v) and exp0(w). Inputs broadcast and have the same D along `dim`, which is
  /// reduced (a positive `dim` counts in the broadcast shape). Result in the wider dtype of the
  /// two. Throws c10::ValueError on dtype, shape or device.
  [[nodiscard]] virtual torch::Tensor tangent_dist(const torch::Tensor& v, const torch::Tensor& w,
                                                   int64_t dim = -1) const = 0;

  /// Signed class scores of exp0(v), proportional to the distance from each hyperplane. normals
  /// [K,D], offsets [K] (signed distance parameter along the normal). K replaces D at `dim`: pixels
  /// [B,D,H,W] with dim = 1 and rows [N,D] with dim = -1 are both read where they lie. Throws
  /// c10::ValueError on dtype, shape or device.
  [[nodiscard]] virtual torch::Tensor logits(const torch::Tensor& v, const torch::Tensor& normals,
                                             const torch::Tensor& offsets,
                                             int64_t dim = -1) const = 0;

  /// Scale of the metric at the origin: 1 in Euclidean space, 2 in the ball. A loss with a margin
  /// divides by it, or one margin means different things in different spaces (derivations.md B6).
  [[nodiscard]] virtual double lambda0() const = 0;

  /// "euclidean" or "poincare", as in the config.
  [[nodiscard]] virtual std::string kind() const = 0;

  /// The curvature parameter c; 0 in Euclidean space.
  [[nodiscard]] virtual double curvature() const = 0;
};

/// kind: "euclidean" | "poincare". c is the ball's curvature parameter; Euclidean space does not
/// use it. Throws c10::ValueError for another kind, and in both spaces unless c is finite and > 0.
[[nodiscard]] std::shared_ptr<const Manifold> make_manifold(const std::string& kind, double c);

}  // namespace gyroseg
