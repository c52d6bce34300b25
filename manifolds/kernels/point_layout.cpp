#include "manifolds/kernels/point_layout.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// Below this many contiguous pixels rows are faster, even with the copy that they cost.
constexpr int64_t kFewPixels = 64;

int64_t product(at::IntArrayRef sizes) {
  int64_t n = 1;
  for (const int64_t size : sizes) n *= size;
  return n;
}

}  // namespace

PointLayout::PointLayout(at::IntArrayRef shape, int64_t dim, at::ArrayRef<Tensor> operands)
    : shape_(shape.vec()), dim_(dim), d_(shape[dim]) {
  const int64_t before = product(shape.slice(0, dim)), after = product(shape.slice(dim + 1));
  rows_ = after < kFewPixels;
  for (const Tensor& t : operands)
    if (t.sizes() == shape && t.movedim(dim, -1).is_contiguous()) rows_ = true;
  groups_ = rows_ ? 1 : before;
  points_ = rows_ ? before * after : after;
}

PointLayout PointLayout::with_size(int64_t k) const {
  PointLayout other = *this;
  other.shape_[dim_] = other.d_ = k;
  return other;
}

Tensor PointLayout::arrange(const Tensor& t) const {
  if (rows_ && t.numel() == d_) return t.contiguous().view({d_});
  const Tensor whole = t.expand(shape_);
  if (rows_) return whole.movedim(dim_, -1).contiguous().view({points_, d_});
  return whole.contiguous().view({groups_, d_, points_});
}

Tensor PointLayout::arrange_scalars(const Tensor& t) const {
  return t.contiguous().view({groups_, points_});
}

Tensor PointLayout::empty_if(bool wanted, const torch::TensorOptions& options) const {
  if (!wanted) return {};
  if (rows_) return torch::empty({points_, d_}, options);
  return torch::empty({groups_, d_, points_}, options);
}

Tensor PointLayout::empty_scalars(const torch::TensorOptions& options) const {
  auto shape = shape_;
  shape.erase(shape.begin() + dim_);
  return torch::empty(shape, options);
}

Tensor PointLayout::restore(const Tensor& arranged) const {
  if (!arranged.defined()) return {};
  if (!rows_) return arranged.view(shape_);
  auto shape = shape_;
  shape.erase(shape.begin() + dim_);
  shape.push_back(d_);
  return arranged.view(shape).movedim(-1, dim_);
}

}  // namespace gyroseg::detail
