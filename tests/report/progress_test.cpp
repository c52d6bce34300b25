#include "gyroseg/report/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>

namespace gyroseg::progress_test {

using ::testing::HasSubstr;

TEST(FormatDuration, HoursMinutesSeconds) {
  EXPECT_EQ(format_duration(0.2), "0:00");
  EXPECT_EQ(format_duration(127), "2:07");
  EXPECT_EQ(format_duration(3909), "1:05:09");
  EXPECT_EQ(format_duration(-3), "0:00");
}

TEST(Progress, PlainLinesAreRareAndTheLastStepIsShown) {
  std::ostringstream out;
  Progress progress(out, /*terminal=*/false, 100);
  for (int step = 1; step < 100; ++step) {
    progress.update(step, "loss 1");
  }
  EXPECT_EQ(out.str(), "");
  progress.update(100, "loss 1");
  EXPECT_THAT(out.str(), HasSubstr("step 100/100  loss 1  ETA 0:00\n"));
}

TEST(Progress, TerminalBarIsRedrawnInPlaceAndCleared) {
  std::ostringstream out;
  Progress progress(out, /*terminal=*/true, 4);
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  progress.update(2, "half");
  EXPECT_THAT(out.str(), HasSubstr("\r\033[K[############............] 50%  half"));
  out.str("");
  progress.clear();
  EXPECT_EQ(out.str(), "\r\033[K");
}

TEST(Progress, TimeLeftCountsOnlyThisSession) {
  std::ostringstream out;
  const Progress resumed(out, /*terminal=*/false, 100, /*done=*/90);
  EXPECT_LT(resumed.seconds_left(90), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  // One step took at least 50 ms, nine are left; the upper bound allows for a machine that stands still.
  EXPECT_GE(resumed.seconds_left(91), 9 * 0.05);
  EXPECT_LT(resumed.seconds_left(91), 60);
}

}  // namespace gyroseg::progress_test
