#include "gyroseg/training/data_parallel.h"

#include "gyroseg/models/weights.h"

namespace gyroseg {
namespace {

constexpr std::int64_t kBucketBytes = 25 << 20;

/// Sums tensors of one dtype as one: a message costs more than its bytes.
void sum_bucket(const ProcessGroup& group, const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> flat;
  for (const torch::Tensor& tensor : tensors) {
    flat.push_back(tensor.reshape({-1}));
  }
  torch::Tensor bucket = torch::cat(flat);
  group.sum(bucket);
  std::int64_t first = 0;
  for (const torch::Tensor& tensor : tensors) {
    tensor.copy_(bucket.narrow(0, first, tensor.numel()).view(tensor.sizes()));
    first += tensor.numel();
  }
}

}  // namespace

JointLoss agree(const ProcessGroup& group, const LossSum& losses, const torch::Tensor& labels,
                bool stop) {
  JointLoss joint;
  if (group.alone()) {
    joint.total = losses.total.item<double>();
    for (const LossTerm& term : losses.terms) {
      joint.terms.push_back(term.value.item<double>());
    }
    joint.stop = stop;
    return joint;
  }
  const double pixels = labels.ge(0).sum().item<double>();
  std::vector<double> mine = {stop ? 1.0 : 0.0, pixels, pixels * losses.total.item<double>()};
  for (const LossTerm& term : losses.terms) {
    mine.push_back(pixels * term.value.item<double>());
  }
  torch::Tensor sums = torch::tensor(mine, torch::kFloat64);
  group.sum(sums);
  const auto all = sums.accessor<double, 1>();
  // Without any labelled pixel every loss is 0, or a constant (rmi): the shares do not matter, but 0 / 0
  // would.
  const double whole = std::max(all[1], 1.0);
  joint.share = pixels / whole;
  joint.total = all[2] / whole;
  for (std::int64_t i = 3; i < sums.size(0); ++i) {
    joint.terms.push_back(all[i] / whole);
  }
  joint.stop = all[0] > 0;
  return joint;
}

void sum_gradients(const ProcessGroup& group, const torch::nn::Module& model) {
  if (group.alone()) {
    return;
  }
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> bucket;
  std::int64_t bytes = 0;
  for (torch::Tensor& parameter : model.parameters()) {
    if (!parameter.grad().defined()) {
      parameter.mutable_grad() = torch::zeros_like(parameter);
    }
    const torch::Tensor& gradient = parameter.grad();
    if (!bucket.empty() && (bytes + static_cast<std::int64_t>(gradient.nbytes()) > kBucketBytes ||
                            gradient.scalar_type() != bucket.back().scalar_type())) {
      sum_bucket(group, bucket);
      bucket.clear();
      bytes = 0;
    }
    bucket.push_back(gradient);
    bytes += static_cast<std::int64_t>(gradient.nbytes());
  }
  if (!bucket.empty()) {
    sum_bucket(group, bucket);
  }
}

void share_state(const ProcessGroup& group, const torch::nn::Module& model) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_of(model)) {
    group.take_from_first(tensor);
  }
}

}  // namespace gyroseg
