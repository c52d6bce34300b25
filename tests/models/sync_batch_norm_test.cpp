#include "gyroseg/models/sync_batch_norm.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <array>
#include <barrier>
#include <thread>
#include <vector>

#include "gyroseg/models/batch_norm.h"

namespace gyroseg::sync_batch_norm_test {

using torch::Tensor;

constexpr std::int64_t kChannels = 5;

/// Processes as threads: each call of sum waits for the other's, then both hold the same total.
class TwoThreads {
 public:
  SumOverProcesses sum(int rank) {
    return [this, rank](Tensor& tensor) {
      parts_[rank] = tensor.clone();
      meet_.arrive_and_wait();
      tensor = parts_[0] + parts_[1];
      meet_.arrive_and_wait();
    };
  }

 private:
  std::array<Tensor, 2> parts_;
  std::barrier<> meet_{2};
};

struct Step {
  Tensor output, by_x, by_weight, by_bias, running_mean, running_var;
};

/// One training step of a batch norm whose output is weighted by `direction`.
Step step(BatchNorm norm, const Tensor& x, const Tensor& direction) {
  const Tensor input = x.detach().clone().requires_grad_();
  const Tensor output = norm->forward(input);
  (output * direction).sum().backward();
  return {output.detach(),      input.grad(),       norm->weight.grad(),
          norm->bias.grad(),    norm->running_mean, norm->running_var};
}

BatchNorm make_norm(torch::Dtype dtype) {
  torch::manual_seed(1);
  BatchNorm norm(kChannels);
  norm->to(dtype);
  torch::NoGradGuard no_grad;
  norm->weight.uniform_(0.5, 2);
  norm->bias.uniform_(-1, 1);
  norm->running_mean.uniform_(-1, 1);
  return norm;
}

struct Case {
  torch::Dtype dtype;
  double mean;  ///< of the inputs, whose deviation is 1
  torch::MemoryFormat format;
  double tolerance;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.dtype << " about " << c.mean; }

class SyncBatchNormTest : public ::testing::TestWithParam<Case> {};

// Shares of 3 and 1 images against torch's batch norm of all 4.
TEST_P(SyncBatchNormTest, EqualsBatchNormOfAllBatchesTogether) {
  const auto [dtype, mean, format, tolerance] = GetParam();
  torch::manual_seed(2);
  const Tensor x = (torch::randn({4, kChannels, 6, 7}, dtype) + mean).contiguous(format);
  const Tensor direction = torch::randn_like(x);
  const Step whole = step(make_norm(dtype), x, direction);
  TwoThreads threads;
  std::array<Step, 2> parts;
  const std::array<std::array<std::int64_t, 2>, 2> shares = {{{0, 3}, {3, 1}}};
  std::array<BatchNorm, 2> norms = {make_norm(dtype), make_norm(dtype)};
  {
    std::vector<std::jthread> processes;
    for (int rank = 0; rank < 2; ++rank) {
      processes.emplace_back([&, rank] {
        norms[rank]->synchronise(threads.sum(rank));
        const auto [first, count] = shares[rank];
        parts[rank] =
            step(norms[rank], x.narrow(0, first, count), direction.narrow(0, first, count));
      });
    }
  }
  const auto expect_near = [&](const Tensor& got, const Tensor& expected, const char* what) {
    EXPECT_LE((got - expected).abs().max().item<double>(),
              tolerance * std::max(1.0, expected.abs().max().item<double>()))
        << what;
  };
  expect_near(torch::cat({parts[0].output, parts[1].output}), whole.output, "output");
  expect_near(torch::cat({parts[0].by_x, parts[1].by_x}), whole.by_x, "gradient of x");
  expect_near(parts[0].by_weight + parts[1].by_weight, whole.by_weight, "gradient of the weight");
  expect_near(parts[0].by_bias + parts[1].by_bias, whole.by_bias, "gradient of the bias");
  for (const Step& part : parts) {
    expect_near(part.running_mean, whole.running_mean, "running mean");
    expect_near(part.running_var, whole.running_var, "running variance");
  }
}

// Tolerances: a few roundings of the dtype (1e-16, 6e-8) a value, times the mean, which cancels in
// x - mean, times the 168 values that a sum has.
INSTANTIATE_TEST_SUITE_P(
    Regimes, SyncBatchNormTest,
    ::testing::Values(Case{torch::kFloat64, 0, torch::MemoryFormat::Contiguous, 1e-13},
                      Case{torch::kFloat64, 100, torch::MemoryFormat::ChannelsLast, 1e-11},
                      Case{torch::kFloat32, 0, torch::MemoryFormat::ChannelsLast, 1e-5},
                      Case{torch::kFloat32, 100, torch::MemoryFormat::Contiguous, 3e-4}));

// The dtypes of mixed precision: bfloat16 maps, float32 weights.
TEST(SyncBatchNorm, TakesBfloat16MapsWithFloat32Weights) {
  const SumOverProcesses alone = [](Tensor&) {};
  const Tensor x = torch::randn({2, kChannels, 6, 7}).to(torch::kBFloat16);
  const Tensor direction = torch::randn_like(x);
  BatchNorm synchronised = make_norm(torch::kFloat32);
  synchronised->synchronise(alone);
  const Step ours = step(synchronised, x, direction);
  const Step torchs = step(make_norm(torch::kFloat32), x, direction);
  EXPECT_EQ(ours.output.scalar_type(), torch::kBFloat16);
  EXPECT_EQ(ours.by_x.scalar_type(), torch::kBFloat16);
  EXPECT_EQ(ours.by_weight.scalar_type(), torch::kFloat32);
  // One rounding to bfloat16, 2^-8, of values up to about 5.
  EXPECT_LE((ours.output - torchs.output).abs().max().item<double>(), 0.04);
  EXPECT_LE((ours.by_x - torchs.by_x).abs().max().item<double>(), 0.04);
}

TEST(SyncBatchNorm, EvaluationUsesTheRunningStatistics) {
  const Tensor x = torch::randn({2, kChannels, 3, 3});
  BatchNorm norm = make_norm(torch::kFloat32), plain = make_norm(torch::kFloat32);
  norm->synchronise([](Tensor&) { FAIL() << "evaluation must not wait for other processes"; });
  norm->eval();
  plain->eval();
  EXPECT_TRUE(norm->forward(x).equal(plain->forward(x)));
}

TEST(SyncBatchNorm, RefusesOneValueAChannel) {
  BatchNorm norm = make_norm(torch::kFloat32);
  norm->synchronise([](Tensor&) {});
  EXPECT_THROW((void)norm->forward(torch::randn({1, kChannels, 1, 1})), c10::ValueError);
}

}  // namespace gyroseg::sync_batch_norm_test
