#include "gyroseg/losses/schedule.h"

#include <gtest/gtest.h>

#include "support/value_error.h"

namespace gyroseg::schedule_test {

TEST(Schedule, ConstantKeepsTheWeight) {
  EXPECT_EQ(scheduled_weight(0.7, "constant", 0, 10), 0.7);
  EXPECT_EQ(scheduled_weight(0.7, "constant", 99, 10), 0.7);
}

TEST(Schedule, CosineRisesFromZeroToTheWeight) {
  EXPECT_EQ(scheduled_weight(0.5, "cosine", 0, 1000), 0.0);
  // cos(-pi/2) is 6e-17 in double.
  EXPECT_NEAR(scheduled_weight(0.5, "cosine", 500, 1000), 0.25, 1e-15);
  EXPECT_NEAR(scheduled_weight(0.5, "cosine", 250, 1000), 0.25 * (1 - std::sqrt(0.5)), 1e-15);
  EXPECT_EQ(scheduled_weight(0.5, "cosine", 1000, 1000), 0.5);
  EXPECT_EQ(scheduled_weight(0.5, "cosine", 5000, 1000), 0.5);
}

TEST(Schedule, CosineOfNoStepsIsTheWeight) {
  EXPECT_EQ(scheduled_weight(0.5, "cosine", 0, 0), 0.5);
}

TEST(Schedule, RefusesWhatItDoesNotKnow) {
  testing::expect_value_error([] { (void)scheduled_weight(1, "linear", 0, 1); }, "linear");
  testing::expect_value_error([] { (void)scheduled_weight(1, "cosine", -3, 1); }, "-3");
}

}  // namespace gyroseg::schedule_test
