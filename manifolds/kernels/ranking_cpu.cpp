#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "manifolds/kernels/ball_pairs.h"
#include "manifolds/kernels/point_steps.h"
#include "manifolds/ranking_sgd.h"

namespace gyroseg {

/// Rows that a batch touches and their gradients, and what one relation needs. Kept from batch to
/// batch: a batch costs its own size only.
struct RankingSgd::Work {
  std::vector<int32_t> slot;     ///< [N] place among the touched rows, or -1
  std::vector<int64_t> touched;  ///< node of each place
  std::vector<double> gradient;  ///< [places,A]
  std::vector<double> gap;       ///< [N] 1 - c|x|^2, the ball's alone
  std::vector<double> candidates, squares, distances, pulls, by_u, by_x;

  int32_t place(int64_t node, int64_t d) {
    if (slot[node] < 0) {
      slot[node] = static_cast<int32_t>(touched.size());
      touched.push_back(node);
      gradient.resize(touched.size() * d, 0.0);
    }
    return slot[node];
  }

  void clear() {
    for (const int64_t node : touched) slot[node] = -1;
    touched.clear();
    gradient.clear();
  }
};

namespace detail {
namespace {

/// -weight log softmax(-distances)[0]; `pulls` becomes its gradient by the distances.
GYROSEG_INLINE double ranking_loss(const double* distances, int64_t m, double weight,
                                   double* pulls) {
  const double nearest = *std::min_element(distances, distances + m);
  double total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t k = 0; k < m; ++k) {
    pulls[k] = ::exp(nearest - distances[k]);
    total += pulls[k];
  }
  const double scale = -weight / total;
#pragma omp simd
  for (int64_t k = 0; k < m; ++k) pulls[k] *= scale;
  pulls[0] += weight;
  return weight * (distances[0] - nearest + std::log(total));
}

/// A batch as plain numbers.
struct Batch {
  const int64_t* rows;
  const double* weights;  ///< null: 1 each
  int64_t relations, m;
  [[nodiscard]] double weight(int64_t r) const { return weights == nullptr ? 1 : weights[r]; }
  [[nodiscard]] const int64_t* relation(int64_t r) const { return rows + r * (1 + m); }
};

/// The ball: candidates lie coordinate by coordinate, [A,M], so that all pairs of a relation go
/// through the vector units together.
GYROSEG_EVERY_ISA double ball_gradients(const Batch& batch, const double* points, int64_t d,
                                        double c, RankingSgd::Work& work) {
  const int64_t m = batch.m;
  work.candidates.resize(d * m);
  work.squares.resize(2 * m);
  work.distances.resize(m);
  work.pulls.resize(2 * m);
  work.by_u.resize(d);
  double *xs = work.candidates.data(), *ss = work.squares.data(), *gaps = ss + m;
  double *distances = work.distances.data(), *pulls = work.pulls.data(), *own = pulls + m;
  const double root_c = std::sqrt(c);
  double loss = 0;
  for (int64_t r = 0; r < batch.relations; ++r) {
    const int64_t* nodes = batch.relation(r);
    const double *u = points + nodes[0] * d, gap_u = work.gap[nodes[0]];
    for (int64_t k = 0; k < m; ++k) {
      const double* x = points + nodes[1 + k] * d;
      for (int64_t i = 0; i < d; ++i) xs[i * m + k] = x[i];
      gaps[k] = work.gap[nodes[1 + k]];
      ss[k] = 0;
    }
    for (int64_t i = 0; i < d; ++i) {
      const double* x = xs + i * m;
#pragma omp simd
      for (int64_t k = 0; k < m; ++k) ss[k] += SquaredDifference::of(x[k], u[i]);
    }
#pragma omp simd
    for (int64_t k = 0; k < m; ++k) {
      const BallPair pair(c, gap_u, gaps[k], ss[k]);
      distances[k] = Distance::value(pair, root_c);
      own[k] = Distance::slope(pair, c);
    }
    loss += ranking_loss(distances, m, batch.weight(r), pulls);
    // by u: pull (u - x + (c s/al_u) u); by x: pull (x - u + (c s/al_x) x), as dist_cpu.cpp has it.
    double u_own = 0;
#pragma omp simd reduction(+ : u_own)
    for (int64_t k = 0; k < m; ++k) {
      pulls[k] *= own[k];
      own[k] = pulls[k] * c * ss[k] / gaps[k];
      u_own += pulls[k] * c * ss[k] / gap_u;
    }
    const int64_t place_u = work.place(nodes[0], d);
    for (int64_t k = 0; k < m; ++k) (void)work.place(nodes[1 + k], d);  // before pointers are taken
    double* gradients = work.gradient.data();
    for (int64_t i = 0; i < d; ++i) {
      double* x = xs + i * m;
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t k = 0; k < m; ++k) {
        const double pull = pulls[k] * (x[k] - u[i]);
        sum -= pull;
        x[k] = pull + own[k] * x[k];
      }
      gradients[place_u * d + i] += sum + u_own * u[i];
    }
    for (int64_t k = 0; k < m; ++k) {
      double* to = gradients + work.slot[nodes[1 + k]] * d;
      for (int64_t i = 0; i < d; ++i) to[i] += xs[i * m + k];
    }
  }
  return loss;
}

/// Any other space, pair by pair.
template <typename Pair>
GYROSEG_EVERY_ISA double pair_gradients(const Batch& batch, const double* points, int64_t d,
                                        double c, RankingSgd::Work& work) {
  const int64_t m = batch.m;
  work.distances.resize(m);
  work.pulls.resize(m);
  work.by_u.resize(d);
  work.by_x.resize(d);
  Pair pair(d, c);
  double loss = 0;
  for (int64_t r = 0; r < batch.relations; ++r) {
    const int64_t* nodes = batch.relation(r);
    const double* u = points + nodes[0] * d;
    for (int64_t k = 0; k < m; ++k) {
      work.distances[k] = pair.distance(u, points + nodes[1 + k] * d);
    }
    loss += ranking_loss(work.distances.data(), m, batch.weight(r), work.pulls.data());
    const int64_t place_u = work.place(nodes[0], d);
    for (int64_t k = 0; k < m; ++k) {
      const double* x = points + nodes[1 + k] * d;
      const int64_t place_x = work.place(nodes[1 + k], d);
      (void)pair.distance(u, x);
      (void)pair.gradient(u, x, work.pulls[k], work.by_u.data(), work.by_x.data());
      double* gradients = work.gradient.data();
      for (int64_t i = 0; i < d; ++i) {
        gradients[place_u * d + i] += work.by_u[i];
        gradients[place_x * d + i] += work.by_x[i];
      }
    }
  }
  return loss;
}

/// Steps of every touched row of the ball; returns how many were brought back from the rim.
GYROSEG_EVERY_ISA int64_t ball_steps(RankingSgd::Work& work, double* points, int64_t d, double lr,
                                     double c) {
  const auto count = static_cast<int64_t>(work.touched.size());
  work.by_u.resize(count);
  work.by_x.resize(count);
  work.squares.resize(count);
  double *lengths = work.by_u.data(), *tanhs = work.by_x.data(), *gaps = work.squares.data();
  const double* gradients = work.gradient.data();
  for (int64_t p = 0; p < count; ++p) {
    double square = 0;
    for (int64_t i = 0; i < d; ++i) square += gradients[p * d + i] * gradients[p * d + i];
    lengths[p] = square;
    tanhs[p] = work.gap[work.touched[p]];
  }
  const double root_c = std::sqrt(c), rate = root_c * lr / 2;
  constexpr double kTanhIsOne = 40;  // of twice the argument, in float64
#pragma omp simd
  for (int64_t p = 0; p < count; ++p) {
    lengths[p] = std::sqrt(lengths[p]);
    const double twice = rate * tanhs[p] * lengths[p];
    const double e = ::expm1(twice < kTanhIsOne ? twice : kTanhIsOne);
    tanhs[p] = e / (e + 2);
    gaps[p] = 4 * (e + 1) / ((e + 2) * (e + 2));
  }
  int64_t projected = 0;
  for (int64_t p = 0; p < count; ++p) {
    if (lengths[p] == 0) continue;
    const int64_t node = work.touched[p];
    projected += ball_step(points + node * d, gradients + p * d, d,
                           tanhs[p] / (root_c * lengths[p]), tanhs[p], gaps[p], c,
                           &work.gap[node])
                     ? 1
                     : 0;
  }
  return projected;
}

/// Steps of every touched row elsewhere.
template <typename Step>
GYROSEG_EVERY_ISA void row_steps(const RankingSgd::Work& work, double* points, int64_t d, double lr,
                                 double c, const Step& step) {
  for (size_t p = 0; p < work.touched.size(); ++p) {
    step(points + work.touched[p] * d, work.gradient.data() + p * d, d, lr, c);
  }
}

void check_batch(const torch::Tensor& rows, const torch::Tensor& weights, int64_t nodes,
                 double lr) {
  TORCH_CHECK_VALUE(rows.dim() == 2 && rows.size(1) >= 2 && rows.dtype() == torch::kInt64 &&
                        rows.is_contiguous() && rows.is_cpu(),
                    "RankingSgd::step: expected rows [R,1+M] int64 contiguous, M >= 1, got ",
                    rows.sizes(), " ", rows.dtype());
  TORCH_CHECK_VALUE(!weights.defined() ||
                        (weights.dim() == 1 && weights.size(0) == rows.size(0) &&
                         weights.dtype() == torch::kFloat64 && weights.is_contiguous()),
                    "RankingSgd::step: expected weights [", rows.size(0), "] float64, got ",
                    weights.defined() ? weights.sizes() : at::IntArrayRef());
  TORCH_CHECK_VALUE(std::isfinite(lr) && lr >= 0, "RankingSgd::step: expected lr >= 0, got ", lr);
  const auto* relation = rows.const_data_ptr<int64_t>();
  for (int64_t r = 0; r < rows.size(0); ++r, relation += rows.size(1)) {
    for (int64_t k = 0; k < rows.size(1); ++k) {
      TORCH_CHECK_VALUE(relation[k] >= 0 && relation[k] < nodes,
                        "RankingSgd::step: expected nodes in [0, ", nodes, "), got ", relation[k]);
      TORCH_CHECK_VALUE(k == 0 || relation[k] != relation[0], "RankingSgd::step: node ",
                        relation[0], " stands among its own candidates");
    }
  }
}

}  // namespace
}  // namespace detail

RankingSgd::RankingSgd(const std::shared_ptr<const Manifold>& space, torch::Tensor points)
    : c_(space->curvature()), points_(std::move(points)), work_(std::make_shared<Work>()) {
  TORCH_CHECK_VALUE(points_.dim() == 2 && points_.dtype() == torch::kFloat64 &&
                        points_.is_contiguous() && points_.is_cpu() && !points_.requires_grad(),
                    "RankingSgd: expected points [N,A] float64 contiguous without gradient, got ",
                    points_.sizes(), " ", points_.dtype());
  const std::string kind = space->kind();
  const std::vector<std::string> kinds = {"euclidean", "sphere", "poincare", "lorentz"};
  const auto found = std::find(kinds.begin(), kinds.end(), kind);
  TORCH_CHECK_VALUE(found != kinds.end(), "RankingSgd: no loops for the space ", kind);
  kind_ = static_cast<Kind>(found - kinds.begin());
  const int64_t nodes = points_.size(0), d = points_.size(1);
  work_->slot.assign(nodes, -1);
  if (kind_ != Kind::poincare) return;
  work_->gap.resize(nodes);
  for (int64_t n = 0; n < nodes; ++n) {
    const detail::Square square = detail::square_of(points_.const_data_ptr<double>() + n * d, d);
    work_->gap[n] = detail::gap_of(c_, square.sum, square.rest);
    TORCH_CHECK_VALUE(work_->gap[n] > 0, "RankingSgd: point ", n, " is not inside the ball");
  }
}

double RankingSgd::step(const torch::Tensor& rows, const torch::Tensor& weights, double lr) {
  const int64_t d = points_.size(1);
  detail::check_batch(rows, weights, points_.size(0), lr);
  const detail::Batch batch{rows.const_data_ptr<int64_t>(),
                            weights.defined() ? weights.const_data_ptr<double>() : nullptr,
                            rows.size(0), rows.size(1) - 1};
  auto* points = points_.mutable_data_ptr<double>();
  Work& work = *work_;
  double loss = 0;
  switch (kind_) {
    case Kind::euclidean:
      loss = detail::pair_gradients<detail::EuclideanPair<double>>(batch, points, d, c_, work);
      detail::row_steps(work, points, d, lr, c_, detail::euclidean_step);
      break;
    case Kind::sphere:
      loss = detail::pair_gradients<detail::GeodesicPair>(batch, points, d, c_, work);
      detail::row_steps(work, points, d, lr, c_, detail::sphere_step);
      break;
    case Kind::poincare:
      loss = detail::ball_gradients(batch, points, d, c_, work);
      projected_ += detail::ball_steps(work, points, d, lr, c_);
      break;
    case Kind::lorentz:
      loss = detail::pair_gradients<detail::LorentzPair<double>>(batch, points, d, c_, work);
      detail::row_steps(work, points, d, lr, c_, detail::lorentz_step);
      break;
  }
  work.clear();
  return loss;
}

}  // namespace gyroseg
