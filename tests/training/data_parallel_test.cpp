#include "gyroseg/training/data_parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <array>
#include <functional>
#include <optional>
#include <thread>

#include "gyroseg/models/batch_norm.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/assembly.h"
#include "gyroseg/training/optimizer.h"
#include "support/free_port.h"
#include "support/tiny_run.h"

namespace gyroseg::data_parallel_test {

using torch::Tensor;

/// Runs a body as two ranks that are connected over the loopback interface: two threads, each with
/// a group of its own, which is all that a process has.
void as_two_ranks(const std::function<void(const ProcessGroup&)>& body) {
  const int port = free_port();
  std::array<std::exception_ptr, 2> errors;
  {
    std::vector<std::jthread> ranks;
    for (int rank = 0; rank < 2; ++rank) {
      ranks.emplace_back([&, rank] {
        try {
          body(ProcessGroup({rank, 2, rank, "127.0.0.1", port, ""}));
        } catch (...) {
          errors[rank] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

class DataParallelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    if (!GYROSEG_HAS_GLOO) GTEST_SKIP() << "built without gloo's headers";
  }
};

TEST_F(DataParallelTest, SumsAndBroadcastsEveryDtypeOfARun) {
  as_two_ranks([](const ProcessGroup& group) {
    for (const auto dtype : {torch::kFloat32, torch::kFloat64, torch::kInt64}) {
      Tensor own = torch::full({3, 2}, group.rank() + 1, dtype);
      group.sum(own);
      EXPECT_TRUE(own.equal(torch::full({3, 2}, 3, dtype))) << dtype;
    }
    // A weight in channels_last is not one run of memory in the order of its indices.
    Tensor weight =
        torch::arange(24.0).view({2, 3, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor expected = weight.clone();
    weight.add_(group.rank());
    group.take_from_first(weight);
    EXPECT_TRUE(weight.equal(expected));
  });
}

TEST_F(DataParallelTest, AnEndedProcessIsReported) {
  try {
    as_two_ranks([](const ProcessGroup& group) {
      Tensor x = torch::ones({1});
      if (group.first()) group.sum(x);
    });
    FAIL() << "expected LostProcess";
  } catch (const LostProcess& error) {
    EXPECT_THAT(error.what(),
                ::testing::StartsWith("rank 0 of 2: lost contact with another process"));
  }
}

/// A network in float64, its loss, and four images of which the first two are mostly unlabelled.
struct Problem {
  Config config = tiny_config("", 32);
  Hierarchy tree{config.hierarchy};
  Tensor images, labels;

  Problem() {
    config.loss.resize(1);
    config.loss[0].class_weights = "none";
    torch::manual_seed(5);
    images = torch::randn({4, 3, 32, 32}, torch::kFloat64);
    labels = torch::randint(0, 7, {4, 32, 32});
    labels.narrow(0, 0, 2).narrow(1, 0, 25).fill_(kIgnored);
  }

  Segmenter model() const {
    Segmenter net = build_model(config, tree);
    net->to(torch::kFloat64);
    return net;
  }
};

/// Forward and backward of images [first, first + count), joined with the other ranks'.
JointLoss gradients(const Problem& problem, Segmenter& net, const ProcessGroup& group,
                    std::int64_t first, std::int64_t count) {
  const Tensor labels = problem.labels.narrow(0, first, count);
  const Criterion criterion = build_criterion(problem.config, problem.tree, net, {});
  const Prediction prediction = net->forward(problem.images.narrow(0, first, count));
  const LossSum losses =
      criterion({prediction.logits, prediction.embedding, prediction.auxiliary, labels, 0, 1, 0});
  const JointLoss joint = agree(group, losses, labels, false);
  (losses.total * joint.share).backward();
  sum_gradients(group, *net);
  return joint;
}

// Shares of 3 and 1 images, with different numbers of labelled pixels, against all 4 in one
// process: the same loss and gradients, and the same weights, bit for bit, in both ranks after two
// steps.
TEST_F(DataParallelTest, TwoRanksTrainAsOneProcessWithTheWholeBatch) {
  const Problem problem;
  Segmenter whole = problem.model();
  const JointLoss expected = gradients(problem, whole, ProcessGroup(), 0, 4);
  std::array<Segmenter, 2> nets = {problem.model(), problem.model()};
  as_two_ranks([&](const ProcessGroup& group) {
    Segmenter& net = nets[group.rank()];
    synchronise_batch_norm(*net, [&](Tensor& t) { group.sum(t); });
    const auto step = [&] {
      return group.first() ? gradients(problem, net, group, 0, 3)
                           : gradients(problem, net, group, 3, 1);
    };
    const JointLoss joint = step();
    EXPECT_NEAR(joint.total, expected.total, 1e-12);
    // Float64 roundings, 1e-16, through some 40 layers whose batch norms subtract nearly equal
    // numbers; a wrong share of a rank is an error of 0.1.
    const auto reference = whole->named_parameters();
    for (const auto& parameter : net->named_parameters()) {
      const Tensor& right = reference[parameter.key()].grad();
      EXPECT_LE((parameter.value().grad() - right).abs().max().item<double>(),
                1e-9 * std::max(1.0, right.abs().max().item<double>()))
          << parameter.key();
    }
    const auto optimizer = make_optimizer(problem.config.optimizer, *net);
    optimizer->step();
    optimizer->zero_grad();
    step();
    optimizer->step();
  });
  const auto second = state_of(*nets[1]);
  for (const auto& [name, tensor] : state_of(*nets[0])) {
    EXPECT_TRUE(tensor.equal(second.at(name))) << name;
  }
}

TEST_F(DataParallelTest, OneRankAskedToStopStopsAll) {
  as_two_ranks([](const ProcessGroup& group) {
    const LossSum losses{torch::ones({}), {{"a", torch::full({}, 2.0)}}};
    const Tensor labels = torch::zeros({1, 2, 2}, torch::kInt64);
    EXPECT_FALSE(agree(group, losses, labels, false).stop);
    EXPECT_TRUE(agree(group, losses, labels, group.rank() == 1).stop);
  });
}

// A rank whose loss is not finite makes the joint one so, also without a labelled pixel.
TEST_F(DataParallelTest, ANonFiniteLossIsEveryonesAndNoLabelsAreFine) {
  as_two_ranks([](const ProcessGroup& group) {
    const Tensor ignored = torch::full({1, 2, 2}, kIgnored, torch::kInt64);
    const LossSum zero{torch::zeros({}), {}};
    const JointLoss joint = agree(group, zero, ignored, false);
    EXPECT_EQ(joint.total, 0);
    EXPECT_EQ(joint.share, 0);
    const LossSum bad{torch::full({}, group.first() ? 1.0 : std::nan("")), {}};
    EXPECT_TRUE(std::isnan(agree(group, bad, ignored, false).total));
  });
}

}  // namespace gyroseg::data_parallel_test
