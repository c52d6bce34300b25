#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "manifolds/curvature.h"
#include "manifolds/tangent_distance.h"

namespace gyroseg {

/// Points brought back into their space, and how many of them had to be moved.
struct Projection {
  torch::Tensor points;
  torch::Tensor count;  ///< 0-dim int64, on the points' device: reading it is the caller's choice
};

/// An embedding space. The network's Euclidean output v is the parameter of a point embed(v): the
/// first group of functions reads v itself, so nothing is projected and nothing saturates. The
/// second group works on points.
///
///   Symbols  B      batch;  H,W pixels;  N, M rows;  K class hyperplanes;  C leaf classes
///            D      embedding dimension, the number of entries of v along `dim`: R^D, the unit
///                   sphere in R^D, the ball in R^D, the hyperboloid in R^(D+1)
///            A      coordinates of a point: D, on the hyperboloid D + 1
///            c      curvature parameter: the sectional curvature is -c
///            v, w   network outputs in tangent_dist, logits, embed
///            z, r   normal and offset of a class hyperplane
///            x, y   points, A coordinates along `dim`; u, v, w tangent vectors at them, likewise
///   Shapes   arguments broadcast; `dim` counts in the broadcast shape. Pixels [B,A,H,W] with
///            dim = 1 and rows [N,A] with dim = -1 are both read where they lie
///   Dtypes   float64, float32, bfloat16, half; float64 inside, results in the widest dtype given
///   Laws     with d = tangent_dist, l0 = lambda0(); one test per number in
///            tests/manifolds/manifold_laws_test.cpp, point_laws_test.cpp (from 7 on)
///     1  d(v, w) == d(w, v), d(v, v) == 0
///     2  d(u, w) <= d(u, v) + d(v, w)                      not the sphere's cosine distance
///     3  d(0, v) == l0 |v|, and d(s v, t v) == l0 |s - t| |v|: rays from the origin are geodesics
///                                                          not on the sphere
///     4  d(Q v, Q w) == d(v, w) for every rotation Q
///     5  logits change sign with (z, r) -> (-z, -r), and where v crosses the hyperplane, which
///        passes through r z/|z|; they are positively homogeneous in z
///     6  c -> 0: d -> l0 |v - w|, logits -> 4 (<v,z> - r|z|): all spaces meet their Euclidean twin
///     7  d(v, w) == dist(embed(v), embed(w))               the sphere: with its geodesic distance
///     8  project(project(x)) == project(x), bit-identical; project(embed(v)) moves nothing
///     9  logmap(x, expmap(x, v)) == v, expmap(x, logmap(x, y)) == y   within the cut locus
///    10  dist(x, y)^2 == sqdist(x, y) == inner(x, l, l) with l = logmap(x, y)
///    11  dist(x, z) <= dist(x, y) + dist(y, z), dist(x, y) == dist(y, x), dist(x, x) == 0
///    12  transport(x, y, .) keeps inner products; transport(y, x, .) undoes it; it takes
///        logmap(x, y) to -logmap(y, x)
///    13  dist(x, geodesic(t, x, y)) == |t| dist(x, y); t = 0 gives x, t = 1 gives y
///    14  expmap0, logmap0, dist0, transport0 are expmap, .. at origin()
///    15  inner(x, rgrad(x, e), v) == <e, v> for every tangent vector v at x
///    16  midpoint of two points with equal weights == geodesic(1/2); both means commute with
///        isometries; at the Frechet mean m the sum of w logmap(m, x) is 0
///    17  cdist(x, y)[i, j] == dist(x[i], y[j])
///    18  embed(unembed(x)) == x; unembed(embed(v)) == v     the sphere: v/|v|
///   Grads    in points, tangent vectors and c; finite everywhere; 0 by convention where none
///            exists: d at v == w, logits at z_k == 0, dist at x == y and at the cut locus
///   NaN      NaN in, NaN out. A point outside the ball gives NaN: `project` comes first where
///            points may leave it
///   Throws   c10::ValueError on dtypes, shapes, devices, c
class Manifold {
 public:
  virtual ~Manifold() = default;

  /// "euclidean", "sphere", "poincare" or "lorentz", as in the config.
  [[nodiscard]] virtual std::string kind() const = 0;

  /// The curvature parameter c as a number: 0 in Euclidean space, -1 on the unit sphere. Waits for
  /// the device where c lives on one.
  [[nodiscard]] virtual double curvature() const = 0;

  /// c with its gradient, sharing its parameter; empty where c is no parameter (Euclidean, sphere).
  [[nodiscard]] virtual std::optional<Curvature> curvature_parameter() const { return {}; }

  /// d(origin, embed(v)) = lambda0() |v|: 2 in the ball and on the hyperboloid, else 1.
  [[nodiscard]] virtual double lambda0() const = 0;

  /// What a loss with a margin multiplies tangent_dist by, so that one margin means the same in
  /// every space: 2/lambda0(), since d -> 2|v - w| in the ball as c -> 0 (derivations.md B6).
  [[nodiscard]] virtual double margin_scale() const { return 2 / lambda0(); }

  /// A for D network outputs.
  [[nodiscard]] virtual int64_t coordinates(int64_t outputs) const { return outputs; }

  // ---- from network outputs

  /// Distance of embed(v) and embed(w), without `dim`.
  [[nodiscard]] virtual torch::Tensor tangent_dist(const torch::Tensor& v, const torch::Tensor& w,
                                                   int64_t dim = -1) const = 0;

  /// What tangent_dist measures.
  [[nodiscard]] virtual TangentDistance tangent_distance() const { return TangentDistance::other; }

  /// Signed class scores of embed(v), proportional to the distance from each hyperplane. normals
  /// [K,D], offsets [K] (signed distance parameter along the normal). K replaces D at `dim`.
  [[nodiscard]] virtual torch::Tensor logits(const torch::Tensor& v, const torch::Tensor& normals,
                                             const torch::Tensor& offsets,
                                             int64_t dim = -1) const = 0;

  /// The point of a network output: v, v/|v|, exp0(v), or exp0 in R^(D+1).
  [[nodiscard]] virtual torch::Tensor embed(const torch::Tensor& v, int64_t dim = -1) const = 0;

  /// A network output of a point: embed's inverse, A coordinates -> D outputs. As accurate as the
  /// point is, which crowds at the ball's rim.
  [[nodiscard]] virtual torch::Tensor unembed(const torch::Tensor& x, int64_t dim = -1) const = 0;

  // ---- points

  /// The origin with A coordinates, [A], differentiable in c: 0, or on the sphere and the
  /// hyperboloid the pole along the first axis.
  [[nodiscard]] virtual torch::Tensor origin(int64_t coordinates,
                                             const torch::TensorOptions& options) const = 0;

  /// Moves points that are not in the space, and only so far that they are in their dtype. The
  /// gradient is the map's own: of a moved point the part along the move is gone, so look at count.
  [[nodiscard]] virtual Projection project(const torch::Tensor& x, int64_t dim = -1) const = 0;

  /// The part of v that is tangent at x.
  [[nodiscard]] virtual torch::Tensor project_tangent(const torch::Tensor& x,
                                                      const torch::Tensor& v,
                                                      int64_t dim = -1) const = 0;

  /// Riemannian inner product of tangent vectors at x; `dim` is kept with size 1.
  [[nodiscard]] virtual torch::Tensor inner(const torch::Tensor& x, const torch::Tensor& u,
                                            const torch::Tensor& v, int64_t dim = -1) const = 0;

  /// Riemannian gradient at x from the Euclidean one, egrad, of a function of the coordinates.
  [[nodiscard]] virtual torch::Tensor rgrad(const torch::Tensor& x, const torch::Tensor& egrad,
                                            int64_t dim = -1) const = 0;

  /// The end of the geodesic from x with velocity v, at time 1.
  [[nodiscard]] virtual torch::Tensor expmap(const torch::Tensor& x, const torch::Tensor& v,
                                             int64_t dim = -1) const = 0;
  /// The velocity at x that reaches y at time 1.
  [[nodiscard]] virtual torch::Tensor logmap(const torch::Tensor& x, const torch::Tensor& y,
                                             int64_t dim = -1) const = 0;

  /// Geodesic distance, without `dim`, and its square, which is smooth at x == y.
  [[nodiscard]] virtual torch::Tensor dist(const torch::Tensor& x, const torch::Tensor& y,
                                           int64_t dim = -1) const = 0;
  [[nodiscard]] virtual torch::Tensor sqdist(const torch::Tensor& x, const torch::Tensor& y,
                                             int64_t dim = -1) const = 0;
  /// All distances of x [N,A] and y [M,A]: [N,M], with O(N M) memory and the accuracy of dist.
  [[nodiscard]] virtual torch::Tensor cdist(const torch::Tensor& x,
                                            const torch::Tensor& y) const = 0;

  /// The point at time t of the geodesic with x at 0 and y at 1; any real t. t: the points' shape
  /// without `dim`, or broadcast to it; it does not widen the result's dtype.
  [[nodiscard]] virtual torch::Tensor geodesic(const torch::Tensor& t, const torch::Tensor& x,
                                               const torch::Tensor& y, int64_t dim = -1) const = 0;

  /// Parallel transport of v from x to y along their geodesic.
  [[nodiscard]] virtual torch::Tensor transport(const torch::Tensor& x, const torch::Tensor& y,
                                                const torch::Tensor& v, int64_t dim = -1) const = 0;

  // The same from the origin; v a tangent vector there, with A coordinates.
  [[nodiscard]] virtual torch::Tensor expmap0(const torch::Tensor& v, int64_t dim = -1) const;
  [[nodiscard]] virtual torch::Tensor logmap0(const torch::Tensor& y, int64_t dim = -1) const;
  [[nodiscard]] virtual torch::Tensor dist0(const torch::Tensor& y, int64_t dim = -1) const;
  [[nodiscard]] virtual torch::Tensor transport0(const torch::Tensor& y, const torch::Tensor& v,
                                                 int64_t dim = -1) const;

  /// Weighted midpoint in closed form, over the axis `along`, which is absent from the result. In
  /// the ball the gyromidpoint; in general not the minimiser of squared distances.
  ///   weights  >= 0, not all 0 (else NaN): x's shape without `dim`, or broadcast to it; equal
  ///            weights unless given. They need not sum to 1
  [[nodiscard]] virtual torch::Tensor midpoint(
      const torch::Tensor& x, const std::optional<torch::Tensor>& weights = std::nullopt,
      int64_t along = -2, int64_t dim = -1) const = 0;

  /// Weighted Frechet mean, the minimiser of sum w dist(m, x)^2; arguments as in midpoint. Iterated
  /// to the accuracy of float64, with the implicit gradient (Lou et al. 2020) in x, w and c: the
  /// iterations leave no graph. On the sphere the points must lie within pi/2 of their mean.
  [[nodiscard]] virtual torch::Tensor frechet_mean(
      const torch::Tensor& x, const std::optional<torch::Tensor>& weights = std::nullopt,
      int64_t along = -2, int64_t dim = -1) const = 0;
};

/// kind: "euclidean" | "sphere" | "poincare" | "lorentz". c is the curvature parameter of the last
/// two, a number or a tensor; the others do not use it. Throws c10::ValueError for another kind,
/// and for a number c, in every space, unless it is finite and > 0.
[[nodiscard]] std::shared_ptr<const Manifold> make_manifold(const std::string& kind,
                                                            const Curvature& c);

}  // namespace gyroseg
