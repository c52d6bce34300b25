#include "gyroseg/report/run_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gyroseg::run_names_test {

using ::testing::ElementsAre;

TEST(RunNames, AsShortAsTellsThemApart) {
  EXPECT_THAT(run_names({"/runs/a/x"}), ElementsAre("x"));
  EXPECT_THAT(run_names({"/runs/a/x/", "/runs/a/y"}), ElementsAre("x", "y"));
  EXPECT_THAT(run_names({"/runs/a/x", "/runs/b/x/", "/runs/b/y"}), ElementsAre("a/x", "b/x", "y"));
  EXPECT_THAT(run_names({"/1/a/x", "/2/a/x", "/1/b/x"}), ElementsAre("1/a/x", "2/a/x", "b/x"));
  // One is the end of the other.
  EXPECT_THAT(run_names({"/x", "/a/x"}), ElementsAre("x", "a/x"));
  // The same folder, however it is written.
  EXPECT_THAT(run_names({"/a/x", "/a/b/../x"}), ElementsAre("x", "x"));
  EXPECT_THAT(run_names({"a/x", "./a/y/../x"}), ElementsAre("x", "x"));
  EXPECT_THAT(run_names({}), ElementsAre());
}

}  // namespace gyroseg::run_names_test
