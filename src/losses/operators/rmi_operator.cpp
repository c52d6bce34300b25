#include "rmi_operator.h"

#include <tuple>

#include <torch/library.h>
#include <torch/types.h>

#include "manifolds/kernels/double_backward.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/kernels/operator_handle.h"
#include "operator_inputs.h"
#include "pixel_tiles.h"
#include "rmi_composite.h"
#include "rmi_kernel.h"
#include "rmi_value.h"

// gyroseg::rmi_loss: every node's region mutual information, mean over the images, [V]. rmi_terms
// is the same with a stride of its own and averages in place of maxima; rmi_terms_keeping gives the
// backward what it would compute again.
namespace gyroseg::losses {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kName = "rmi_loss";

using Forward = Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, std::int64_t,
                       std::int64_t, std::int64_t, bool, std::int64_t);
using Kept = std::tuple<Tensor, Tensor, Tensor>;  ///< value [V], by_patch [B*V,n,2n], means [B*V,2n]
using KeepingForward = Kept(const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                            std::int64_t, std::int64_t, std::int64_t, bool, std::int64_t);
using Backward = Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                        const Tensor&, const Tensor&, std::int64_t, std::int64_t, std::int64_t,
                        bool, std::int64_t);

void check(const Tensor& logits, const Tensor& labels, const Tensor& parent,
           const Tensor& leaf_node, const RmiSettings& s) {
  check_inputs(kName, logits, labels, parent, leaf_node);
  TORCH_CHECK_VALUE(s.radius >= 1 && s.pool >= 1 && s.stride >= 1, kName,
                    ": expected radius, pool and stride >= 1, got ", s.radius, ", ", s.pool,
                    " and ", s.stride);
}

void check_size(const Tensor& logits, const RmiSettings& s) {
  const std::int64_t height = s.pooled(logits.size(2));
  const std::int64_t width = s.pooled(logits.size(3));
  TORCH_CHECK_VALUE(height >= s.radius && width >= s.radius, kName, ": patches of ", s.radius,
                    " x ", s.radius, " do not fit in pooled maps of ", height, " x ", width,
                    " (logits ", logits.sizes(), ")");
}

/// [B*V] -> [V], the mean over the images, 0 without any.
Tensor mean_of_images(const Tensor& values, const Tensor& logits) {
  const double images = std::max<double>(1.0, static_cast<double>(logits.size(0)));
  return (values.view({logits.size(0), logits.size(1)}).sum(0) / images).to(logits.scalar_type());
}

/// by_patch [B*V,n,2n] for gradients [V] of the means.
Tensor weighted(const Tensor& by_patch, const Tensor& grad, const Tensor& logits) {
  const double images = std::max<double>(1.0, static_cast<double>(logits.size(0)));
  const Tensor by_map = (grad.to(torch::kFloat64) / images).repeat(logits.size(0));
  return (by_patch * by_map.view({-1, 1, 1})).contiguous();
}

/// The tree, where all arguments are right.
LabelTree checked_tree(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                       const Tensor& leaf_node, const RmiSettings& s) {
  check(logits, labels, parent, leaf_node, s);
  check_size(logits, s);
  return leaf_tree(kName, parent, leaf_node);
}

void check_kept(const Tensor& logits, const Tensor& by_patch, const Tensor& means,
                const RmiSettings& s) {
  const std::int64_t maps = logits.size(0) * logits.size(1);
  const std::int64_t n = s.dimensions();
  TORCH_CHECK_VALUE(by_patch.sizes() == at::IntArrayRef({maps, n, 2 * n}) &&
                        means.sizes() == at::IntArrayRef({maps, 2 * n}) &&
                        by_patch.scalar_type() == torch::kFloat64 &&
                        means.scalar_type() == torch::kFloat64,
                    kName, ": expected by_patch [", maps, ",", n, ",", 2 * n, "] and means [", maps,
                    ",", 2 * n, "] float64 of the forward, got ", by_patch.sizes(), " and ",
                    means.sizes());
}

/// float32 or float64, pixels of one stride.
Tensor readable(const Tensor& logits) {
  return with_one_pixel_stride(logits.to(detail::inside_type(logits.scalar_type())));
}

/// What the backward needs of a forward: small, and two passes over the maps less.
Kept kept(const RmiScatter& scatter, const Tensor& logits) {
  const RmiValue value = rmi_value(scatter.products, true);
  return {mean_of_images(value.value, logits), value.by_patch, scatter.means};
}

RmiScatter scatter_cpu(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                       const Tensor& leaf_node, const RmiSettings& s) {
  const LabelTree tree = checked_tree(logits, labels, parent, leaf_node, s);
  const Tensor rows = labels.contiguous();
  (void)count_labels(kName, rows, tree.labels, s.ignore);
  return rmi_scatter_cpu(readable(logits), rows, tree, s);
}

Tensor forward_cpu(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                   const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                   std::int64_t stride, bool average, std::int64_t ignore) {
  const RmiScatter scatter =
      scatter_cpu(logits, labels, parent, leaf_node, {radius, pool, stride, average, ignore});
  return mean_of_images(rmi_value(scatter.products, false).value, logits);
}

Kept keeping_forward_cpu(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                         const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                         std::int64_t stride, bool average, std::int64_t ignore) {
  return kept(
      scatter_cpu(logits, labels, parent, leaf_node, {radius, pool, stride, average, ignore}),
      logits);
}

Tensor backward_cpu(const Tensor& grad, const Tensor& logits, const Tensor& labels,
                    const Tensor& parent, const Tensor& leaf_node, const Tensor& by_patch,
                    const Tensor& means, std::int64_t radius, std::int64_t pool,
                    std::int64_t stride, bool average, std::int64_t ignore) {
  const RmiSettings s{radius, pool, stride, average, ignore};
  const LabelTree tree = checked_tree(logits, labels, parent, leaf_node, s);
  check_kept(logits, by_patch, means, s);
  const Tensor rows = labels.contiguous();
  (void)count_labels(kName, rows, tree.labels, ignore);
  const Tensor gradient = rmi_gradient_cpu(readable(logits), rows, tree, s,
                                           weighted(by_patch, grad, logits), means.contiguous());
  return detail::laid_out_like(logits, gradient.to(logits.scalar_type()));
}

RmiScatter scatter_composite(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                             const Tensor& leaf_node, const RmiSettings& s) {
  const LabelTree tree = checked_tree(logits, labels, parent, leaf_node, s);
  return rmi_scatter_composite(logits, labels, tree, s);
}

Tensor forward_composite(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                         const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                         std::int64_t stride, bool average, std::int64_t ignore) {
  const RmiScatter scatter =
      scatter_composite(logits, labels, parent, leaf_node, {radius, pool, stride, average, ignore});
  return mean_of_images(rmi_value(scatter.products, false).value, logits);
}

Kept keeping_forward_composite(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                               const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                               std::int64_t stride, bool average, std::int64_t ignore) {
  return kept(
      scatter_composite(logits, labels, parent, leaf_node, {radius, pool, stride, average, ignore}),
      logits);
}

Tensor backward_composite(const Tensor& grad, const Tensor& logits, const Tensor& labels,
                          const Tensor& parent, const Tensor& leaf_node, const Tensor& by_patch,
                          const Tensor& means, std::int64_t radius, std::int64_t pool,
                          std::int64_t stride, bool average, std::int64_t ignore) {
  const RmiSettings s{radius, pool, stride, average, ignore};
  const LabelTree tree = checked_tree(logits, labels, parent, leaf_node, s);
  check_kept(logits, by_patch, means, s);
  const Tensor gradient = rmi_gradient_composite(logits, labels, tree, s,
                                                 weighted(by_patch, grad, logits), means);
  return detail::laid_out_like(logits, gradient.to(logits.scalar_type()));
}

Tensor forward_meta(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                    const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                    std::int64_t stride, bool average, std::int64_t ignore) {
  check(logits, labels, parent, leaf_node, {radius, pool, stride, average, ignore});
  return at::empty_symint({logits.sym_size(1)}, logits.options());
}

Kept keeping_forward_meta(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                          const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                          std::int64_t stride, bool average, std::int64_t ignore) {
  const c10::SymInt n = radius * radius;
  const c10::SymInt maps = logits.sym_size(0) * logits.sym_size(1);
  const auto options = logits.options().dtype(torch::kFloat64);
  return {forward_meta(logits, labels, parent, leaf_node, radius, pool, stride, average, ignore),
          at::empty_symint({maps, n, n * 2}, options), at::empty_symint({maps, n * 2}, options)};
}

Tensor backward_meta(const Tensor&, const Tensor& logits, const Tensor&, const Tensor&,
                     const Tensor&, const Tensor&, const Tensor&, std::int64_t, std::int64_t,
                     std::int64_t, bool, std::int64_t) {
  return at::empty_like(logits);
}

class RmiOperator : public torch::autograd::Function<RmiOperator> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& logits, const Tensor& labels,
                        const Tensor& parent, const Tensor& leaf_node, std::int64_t radius,
                        std::int64_t pool, std::int64_t stride, bool average,
                        std::int64_t ignore) {
    static const auto call = detail::operator_handle<KeepingForward>("rmi_terms_keeping");
    at::AutoDispatchBelowADInplaceOrView below;
    const auto [value, by_patch, means] =
        call.call(logits, labels, parent, leaf_node, radius, pool, stride, average, ignore);
    ctx->save_for_backward({logits, labels, parent, leaf_node, by_patch, means});
    ctx->saved_data["settings"] =
        std::vector<std::int64_t>{radius, pool, stride, average ? 1 : 0, ignore};
    return value;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto call = detail::operator_handle<Backward>("rmi_terms_backward");
    const variable_list saved = ctx->get_saved_variables();
    const auto s = ctx->saved_data["settings"].toIntVector();
    at::AutoDispatchBelowADInplaceOrView below;
    const Tensor gradient = call.call(grads[0], saved[0], saved[1], saved[2], saved[3], saved[4],
                                      saved[5], s[0], s[1], s[2], s[3] != 0, s[4]);
    variable_list gradients(9);
    gradients[0] = gradient;
    return detail::refuse_double_backward(kName, std::move(gradients), saved, grads);
  }
};

Tensor forward_autograd(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                        const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                        std::int64_t stride, bool average, std::int64_t ignore) {
  if (at::GradMode::is_enabled() && logits.requires_grad()) {
    return RmiOperator::apply(logits, labels, parent, leaf_node, radius, pool, stride, average,
                              ignore);
  }
  static const auto call = detail::operator_handle<Forward>("rmi_terms");
  at::AutoDispatchBelowADInplaceOrView below;
  return call.call(logits, labels, parent, leaf_node, radius, pool, stride, average, ignore);
}

Tensor rmi_loss(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                const Tensor& leaf_node, std::int64_t radius, std::int64_t pool,
                std::int64_t ignore) {
  return rmi_terms(logits, labels, parent, leaf_node,
                   {radius, pool, /*stride=*/pool, /*average=*/false, ignore});
}

}  // namespace

Tensor rmi_terms(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                 const Tensor& leaf_node, const RmiSettings& s) {
  static const auto call = detail::operator_handle<Forward>("rmi_terms");
  return call.call(logits, labels, parent, leaf_node, s.radius, s.pool, s.stride, s.average,
                   s.ignore);
}

TORCH_LIBRARY_FRAGMENT(gyroseg, library) {
  library.def(
      "rmi_loss(Tensor logits, Tensor labels, Tensor parent, Tensor leaf_node, int radius, "
      "int pool, int ignore_index) -> Tensor",
      {at::Tag::pt2_compliant_tag});
  library.def(
      "rmi_terms(Tensor logits, Tensor labels, Tensor parent, Tensor leaf_node, int radius, "
      "int pool, int stride, bool average, int ignore_index) -> Tensor",
      {at::Tag::pt2_compliant_tag});
  library.def(
      "rmi_terms_keeping(Tensor logits, Tensor labels, Tensor parent, Tensor leaf_node, "
      "int radius, int pool, int stride, bool average, int ignore_index) "
      "-> (Tensor value, Tensor by_patch, Tensor means)",
      {at::Tag::pt2_compliant_tag});
  library.def(
      "rmi_terms_backward(Tensor grad, Tensor logits, Tensor labels, Tensor parent, "
      "Tensor leaf_node, Tensor by_patch, Tensor means, int radius, int pool, int stride, "
      "bool average, int ignore_index) -> Tensor",
      {at::Tag::pt2_compliant_tag});
  const auto implement = [&](c10::DispatchKey key, Forward* forward, KeepingForward* keeping,
                             Backward* backward) {
    library.impl("rmi_terms", torch::dispatch(key, forward));
    library.impl("rmi_terms_keeping", torch::dispatch(key, keeping));
    library.impl("rmi_terms_backward", torch::dispatch(key, backward));
  };
  implement(c10::DispatchKey::CPU, &forward_cpu, &keeping_forward_cpu, &backward_cpu);
  implement(c10::DispatchKey::Meta, &forward_meta, &keeping_forward_meta, &backward_meta);
  implement(c10::DispatchKey::CompositeExplicitAutograd, &forward_composite,
            &keeping_forward_composite, &backward_composite);
  library.impl("rmi_terms", torch::dispatch(c10::DispatchKey::Autograd, &forward_autograd));
  library.impl("rmi_loss",
               torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, &rmi_loss));
}

}  // namespace gyroseg::losses
