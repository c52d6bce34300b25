#include "gyroseg/training/schedule.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <cmath>

namespace gyroseg::schedule_test {

TEST(LearningRate, PolyWithWarmupIsThePeersFormula) {
  const ScheduleConfig schedule{"poly", 0.9, 50, 0.0};
  for (const int step : {0, 10, 49, 50, 500, 899}) {
    const double expected = 0.03 * std::pow(1 - step / 900.0, 0.9) * std::min(1.0, (step + 1) / 50.0);
    EXPECT_DOUBLE_EQ(learning_rate(schedule, 0.03, step, 900), expected);
  }
}

TEST(LearningRate, CosineFallsFromTheBaseToTheFloor) {
  const ScheduleConfig schedule{"cosine", 0.9, 0, 0.001};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0.1, 0, 100), 0.1);
  EXPECT_NEAR(learning_rate(schedule, 0.1, 50, 100), 0.05, 1e-15);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0.1, 100, 100), 0.001);
}

TEST(LearningRate, ConstantStaysAndWarmsUp) {
  const ScheduleConfig schedule{"constant", 0.9, 4, 0.0};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0.2, 0, 10), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0.2, 3, 10), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0.2, 9, 10), 0.2);
}

TEST(LearningRate, UnknownScheduleIsRefused) {
  EXPECT_THROW((void)learning_rate({"linear", 1, 0, 0}, 0.1, 0, 10), c10::ValueError);
}

}  // namespace gyroseg::schedule_test
