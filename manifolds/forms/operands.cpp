#include "manifolds/forms/operands.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>

#include "manifolds/argument_checks.h"
#include "manifolds/kernels/composite_forms.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class ReplaceValue : public torch::autograd::Function<ReplaceValue> {
 public:
  static Tensor forward(AutogradContext*, const Tensor&, const Tensor& value) {
    return value.clone();
  }
  static variable_list backward(AutogradContext*, const variable_list& grads) {
    return {grads[0], Tensor()};
  }
};

}  // namespace

Operands::Operands(const char* op, std::initializer_list<Named> named, int64_t dim) {
  int64_t rank = 0;
  for (const auto& [name, tensor] : named) {
    check_floating(op, name, tensor);
    rank = std::max(rank, tensor.dim());
  }
  dim_ = front_dim(op, dim, rank) - rank;
  const auto* first = named.begin();
  dtype_ = first->tensor.scalar_type();
  for (const auto* a = first; a != named.end(); ++a) {
    check_pair(op, first->name, first->tensor, a->name, a->tensor, dim_);
    for (const auto* b = first + 1; b < a; ++b)
      check_pair(op, b->name, b->tensor, a->name, a->tensor, dim_);
    dtype_ = at::promote_types(dtype_, a->tensor.scalar_type());
    wide_.push_back(a->tensor.to(torch::kFloat64));
  }
  TORCH_CHECK_VALUE(wide_[0].size(dim_) > 0, op, ": no coordinates along dim ", dim, ", got ",
                    first->name, " ", first->tensor.sizes());
}

Tensor Operands::gap(const Tensor& x, const Tensor& c) const {
  const Tensor plain = 1 - c * square(x);
  const Tensor nan = torch::full({}, std::numeric_limits<double>::quiet_NaN(), plain.options());
  if (exact_products()) return torch::where(plain > 0, plain, nan);
  Tensor value;
  {
    const torch::NoGradGuard no_grad;
    value = Gap(x, c, dim_).gap;
  }
  return with_value(plain, value);
}

Tensor Operands::scalars(const Tensor& t) const {
  return t.dim() > -dim_ - 1 ? t.unsqueeze(dim_) : t;
}

Tensor with_value(const Tensor& formula, const Tensor& value) {
  return formula.requires_grad() ? ReplaceValue::apply(formula, value.detach()) : value;
}

Tensor held_inside(const Tensor& points, const Tensor& gap, torch::Dtype dtype) {
  const double largest = largest_norm(dtype);
  const Tensor length = torch::sqrt((1 - gap.detach()).clamp_min(0));
  return points * torch::where(length > largest, largest / length, 1.0);
}

double rounding(torch::Dtype dtype) {
  switch (dtype) {
    case torch::kFloat64:
      return 0x1p-53;
    case torch::kFloat32:
      return 0x1p-24;
    case torch::kFloat16:
      return 0x1p-11;
    default:
      return 0x1p-8;  // bfloat16
  }
}

void check_rows(const char* op, const Tensor& x, const Tensor& y) {
  check_floating(op, "x", x);
  check_floating(op, "y", y);
  TORCH_CHECK_VALUE(x.dim() == 2 && y.dim() == 2 && x.size(1) == y.size(1), op,
                    ": x and y must be [N,D] and [M,D], got ", x.sizes(), " and ", y.sizes());
  TORCH_CHECK_VALUE(x.device() == y.device(), op, ": x is on ", x.device(), ", y on ", y.device());
}

Tensor direct_cdist(const char* op, const Tensor& x, const Tensor& y) {
  check_rows(op, x, y);
  const auto type = at::promote_types(x.scalar_type(), y.scalar_type());
  const auto inside = at::promote_types(type, torch::kFloat32);
  constexpr int64_t kNeverByMatrixProduct = 2;  // |x|^2 + |y|^2 - 2<x,y> would lose near pairs
  return at::cdist(x.to(inside), y.to(inside), 2, kNeverByMatrixProduct).to(type);
}

WeightedPoints::WeightedPoints(const char* op, const Tensor& points,
                               const std::optional<Tensor>& given, int64_t along, int64_t dim) {
  check_floating(op, "x", points);
  const int64_t axis = front_dim(op, along, points.dim());
  const int64_t coordinates = front_dim(op, dim, points.dim());
  TORCH_CHECK_VALUE(axis != coordinates, op, ": along and dim are both axis ", axis, " of x ",
                    points.sizes());
  TORCH_CHECK_VALUE(points.size(axis) > 0 && points.size(coordinates) > 0, op,
                    ": no points to average, got x ", points.sizes());
  x = points.to(torch::kFloat64).movedim({axis, coordinates}, {0, -1});
  auto shape = points.sizes().vec();
  shape.erase(shape.begin() + coordinates);
  Tensor w = torch::ones({}, x.options());
  if (given) {
    check_floating(op, "weights", *given);
    TORCH_CHECK_VALUE(at::is_expandable_to(given->sizes(), shape), op,
                      ": weights must broadcast to ", at::IntArrayRef(shape), ", got ",
                      given->sizes());
    TORCH_CHECK_VALUE(given->device() == points.device(), op, ": x is on ", points.device(),
                      ", weights on ", given->device());
    w = given->to(torch::kFloat64);
  }
  w = w.expand(shape).movedim(axis - (coordinates < axis ? 1 : 0), 0).unsqueeze(-1);
  const Tensor total = w.sum(0, true);
  weights = w / torch::where(total > 0, total, std::numeric_limits<double>::quiet_NaN());
  place_ = coordinates - (axis < coordinates ? 1 : 0);
  dtype_ = points.scalar_type();
}

Tensor WeightedPoints::restore(const Tensor& mean) const {
  return mean.movedim(-1, place_).to(dtype_);
}

}  // namespace gyroseg::detail
