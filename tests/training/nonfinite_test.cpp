#include "gyroseg/training/nonfinite.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

namespace gyroseg::nonfinite_test {

TEST(BufferBackup, UndoesWhatAForwardPassMoved) {
  torch::nn::BatchNorm2d norm(2);
  (void)norm->forward(torch::randn({4, 2, 3, 3}));
  const torch::Tensor mean = norm->running_mean.clone();
  const BufferBackup backup(*norm);
  (void)norm->forward(torch::full({4, 2, 3, 3}, std::nan("")));
  ASSERT_TRUE(norm->running_mean.isnan().any().item<bool>());
  backup.restore();
  EXPECT_TRUE(torch::equal(norm->running_mean, mean));
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 1);
}

}  // namespace gyroseg::nonfinite_test
