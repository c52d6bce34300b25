#include "gyroseg/training/process_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace gyroseg::process_place_test {

using ::testing::HasSubstr;

/// The launcher's variables, set to what a test says and unset otherwise.
class ProcessPlaceTest : public ::testing::Test {
 protected:
  ~ProcessPlaceTest() override { set({}); }

  static void set(const std::map<std::string, std::string>& values) {
    for (const char* name : {"WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT",
                             "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT"}) {
      const auto value = values.find(name);
      if (value == values.end()) {
        ::unsetenv(name);
      } else {
        ::setenv(name, value->second.c_str(), 1);
      }
    }
  }

  static std::string error(const std::map<std::string, std::string>& values) {
    set(values);
    try {
      (void)place_in_environment();
    } catch (const LaunchError& wrong) {
      return wrong.what();
    }
    return "";
  }
};

TEST_F(ProcessPlaceTest, WithoutALauncherAProcessIsAlone) {
  for (const auto& values :
       {std::map<std::string, std::string>{}, {{"WORLD_SIZE", "1"}}, {{"WORLD_SIZE", ""}}}) {
    set(values);
    EXPECT_EQ(place_in_environment().size, 1);
  }
}

TEST_F(ProcessPlaceTest, ReadsWhatTorchrunSets) {
  set({{"WORLD_SIZE", "4"}, {"RANK", "3"}, {"LOCAL_RANK", "1"}, {"MASTER_ADDR", "node0"},
       {"MASTER_PORT", "29500"}, {"TORCHELASTIC_USE_AGENT_STORE", "True"},
       {"TORCHELASTIC_RESTART_COUNT", "2"}});
  const ProcessPlace place = place_in_environment();
  EXPECT_EQ(place.size, 4);
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.address, "node0");
  EXPECT_EQ(place.port, 29500);
  EXPECT_EQ(place.served_store, "gyroseg/attempt_2");
}

TEST_F(ProcessPlaceTest, SaysWhatIsMissingOrWrong) {
  EXPECT_THAT(error({{"WORLD_SIZE", "2"}}), HasSubstr("RANK is not set"));
  EXPECT_EQ(error({{"WORLD_SIZE", "two"}}),
            "WORLD_SIZE: expected an integer from 1 to 65536, got two");
  EXPECT_EQ(error({{"WORLD_SIZE", "2"}, {"RANK", "2"}}),
            "RANK: expected an integer from 0 to 1, got 2");
  EXPECT_THAT(error({{"WORLD_SIZE", "2"}, {"RANK", "1"}}), HasSubstr("MASTER_PORT is not set"));
  EXPECT_THAT(error({{"WORLD_SIZE", "2"}, {"RANK", "1"}, {"MASTER_PORT", "29500"}}),
              HasSubstr("MASTER_ADDR is not set"));
}

TEST(DeviceOf, IsTheGpuOfTheProcess) {
  ProcessPlace alone;
  EXPECT_EQ(device_of("cuda:1", alone), "cuda:1");
  ProcessPlace third;
  third.size = 4;
  third.local_rank = 2;
  EXPECT_EQ(device_of("cuda", third), "cuda:2");
  EXPECT_EQ(device_of("cuda:0", third), "cuda:2");
  EXPECT_EQ(device_of("cpu", third), "cpu");
}

}  // namespace gyroseg::process_place_test
