#include "manifolds/kernels/triplet_hinge.h"

#include <torch/csrc/autograd/custom_function.h>

#include "manifolds/kernels/double_backward.h"
#include "manifolds/kernels/operator_arguments.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// [3,N,D] vectors of the given pixels, read from the channel-first tensor where it lies.
Tensor gather_vectors(const Tensor& embedding, const Tensor& pixels) {
  const int64_t area = embedding.size(2) * embedding.size(3), width = embedding.size(3);
  const Tensor image = pixels.div(area, "floor"), in_image = pixels.remainder(area);
  using at::indexing::Slice;
  return embedding.index({image, Slice(), in_image.div(width, "floor"), in_image.remainder(width)});
}

class TripletHinge : public torch::autograd::Function<TripletHinge> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& embedding, const Tensor& c,
                        const TripletTerms& terms, TangentDistance distance) {
    const bool wanted = embedding.requires_grad() || c.requires_grad();
    const TripletSum sum =
        triplet_sum_cpu(embedding, terms, distance, c.item<double>(), wanted);
    if (wanted) {
      ctx->save_for_backward({embedding, c, terms.pixels, sum.by_vectors, sum.active});
      ctx->saved_data["by_c"] = sum.by_c;
    }
    return torch::scalar_tensor(sum.value, inside_type(embedding.scalar_type()));
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const TripletSum sum{0, saved[3], saved[4], ctx->saved_data["by_c"].toDouble()};
    const double factor = grads[0].item<double>();
    at::AutoDispatchBelowADInplaceOrView below;
    Tensor by_embedding, by_c;
    if (ctx->needs_input_grad(0))
      by_embedding = scatter_triplets_cpu(sum, saved[2], saved[0], factor);
    if (ctx->needs_input_grad(1)) by_c = torch::full_like(saved[1], factor * sum.by_c);
    return refuse_double_backward("tree_triplet", {by_embedding, by_c, Tensor(), Tensor()}, saved, grads);
  }
};

}  // namespace

Tensor triplet_hinge_composite(const Tensor& embedding, const TripletTerms& terms,
                               const Manifold& manifold) {
  const auto options = embedding.options().dtype(inside_type(embedding.scalar_type()));
  const Tensor vectors = gather_vectors(embedding, terms.pixels.to(embedding.device())).to(options);
  const Tensor distances =
      manifold.tangent_dist(vectors.narrow(0, 0, 1), vectors.narrow(0, 1, 2)) * terms.scale;
  const Tensor hinge = torch::relu(distances[0] - distances[1] + terms.margins.to(options));
  return (hinge * terms.shares.to(options)).sum();
}

Tensor triplet_hinge(const Tensor& embedding, const TripletTerms& terms, const Manifold& manifold) {
  const TangentDistance distance = manifold.tangent_distance();
  if (!embedding.is_cpu() || distance == TangentDistance::other)
    return triplet_hinge_composite(embedding, terms, manifold);
  const auto curvature = manifold.curvature_parameter();
  const Tensor c = curvature ? curvature->tensor() : torch::ones({}, torch::kFloat64);
  if (curvature) check_curvature("tree_triplet", c.item<double>());
  return TripletHinge::apply(embedding, c, terms, distance);
}

}  // namespace gyroseg::detail
