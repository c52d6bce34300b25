// Windows, scales and flips through evaluate, infer and train; and what they say without memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "support/tiny_run.h"

namespace gyroseg::inference_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kSize = 32;

class InferenceProgramsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder("inference_programs");
    for (const auto& [split, count] :
         {std::pair{"train", 2}, std::pair{"val", 2}, std::pair{"test", 2}}) {
      draw_split(path("data"), split, count, kSize);
    }
    Config config = tiny_config(path("data"), kSize);
    config.training.epochs = 1;
    std::ofstream(path("config.yaml")) << write_config(config);
    const ProgramResult trained = run_binary("train", train_arguments("run"));
    ASSERT_EQ(trained.status, 0) << trained.text;
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static std::string train_arguments(const std::string& run) {
    return "--config " + path("config.yaml").string() + " --output " + path(run).string();
  }
  static std::string evaluate_arguments(const std::string& output) {
    return "--run " + path("run").string() + " --output " + path(output).string();
  }
  static std::string infer_arguments(const std::string& output) {
    return evaluate_arguments(output) + " " + path("data/test/images/0.png").string();
  }
  static nlohmann::json metrics(const std::string& output) {
    std::ifstream in(path(output) / "metrics.json");
    return nlohmann::json::parse(in);
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* InferenceProgramsTest::folder_ = nullptr;

TEST_F(InferenceProgramsTest, EvaluatePrintsAndRecordsTheSettings) {
  const ProgramResult whole = run_binary("evaluate", evaluate_arguments("whole"));
  ASSERT_EQ(whole.status, 0) << whole.text;
  EXPECT_THAT(whole.text,
              HasSubstr("inference.window=null inference.scales=[1] inference.flip=false\n"));
  EXPECT_EQ(metrics("whole").at("inference.window"), "null");

  const ProgramResult augmented =
      run_binary("evaluate", evaluate_arguments("augmented") +
                                 " --set inference.window=[24,15] --set inference.scales=[0.5,1]"
                                 " --set inference.flip=true --set metrics.resolution=original");
  ASSERT_EQ(augmented.status, 0) << augmented.text;
  EXPECT_THAT(augmented.text, HasSubstr("inference.window=[24,15] inference.stride=[16,10] "
                                        "inference.scales=[0.5,1] inference.flip=true\n"));
  const nlohmann::json json = metrics("augmented");
  EXPECT_EQ(json.at("inference.stride"), "[16,10]");
  EXPECT_EQ(json.at("inference.flip"), "true");
  EXPECT_EQ(json.at("pixels"), metrics("whole").at("pixels"));
}

// One window that is the image: the same tensors go through the network, image by image.
TEST_F(InferenceProgramsTest, AWindowOfTheImagesSizeChangesNoFigure) {
  for (const auto& [output, set] : {std::pair{"one_by_one", "training.batch_size=1"},
                                    std::pair{"one_window", "inference.window=[32,32]"}}) {
    const ProgramResult result =
        run_binary("evaluate", evaluate_arguments(output) + " --set " + set);
    ASSERT_EQ(result.status, 0) << result.text;
  }
  EXPECT_EQ(metrics("one_window").at("modes"), metrics("one_by_one").at("modes"));
}

TEST_F(InferenceProgramsTest, InferUsesThemAtTheImagesOwnSize) {
  const ProgramResult result = run_binary("infer", infer_arguments("inferred") +
                                                       " --set data.image_size=[48,40]"
                                                       " --set inference.window=[32,32]"
                                                       " --set inference.flip=true");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("inference.window=[32,32] inference.stride=[21,21]"));
  EXPECT_EQ(read_mask(path("inferred") / "0_level3.png").values.size(0), kSize);
}

TEST_F(InferenceProgramsTest, TrainValidatesByTheWindowOfTheConfig) {
  const ProgramResult result =
      run_binary("train", train_arguments("windowed") + " --set inference.window=[16,16]");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("finished"));
  // The run keeps its window for evaluate, which may leave it out.
  const std::string evaluate = "--run " + path("windowed").string();
  EXPECT_THAT(run_binary("evaluate", evaluate).text, HasSubstr("inference.window=[16,16]"));
  EXPECT_THAT(run_binary("evaluate", evaluate + " --set inference.window=").text,
              HasSubstr("inference.window=null"));
}

TEST_F(InferenceProgramsTest, WrongSettingsEndWithStatusTwo) {
  const ProgramResult result =
      run_binary("infer", infer_arguments("wrong") +
                              " --set inference.window=[16,16] --set inference.stride=[16,17]");
  EXPECT_EQ(result.status, 2) << result.text;
  EXPECT_THAT(result.text,
              HasSubstr("infer: --set inference.stride=[16,17]: inference.stride: expected "
                        "at most inference.window [16, 16], got [16, 17]"));
}

// 3 x 4000000 x 4000000 float32 are 192 TB: past what 47 bits of address space hold.
TEST_F(InferenceProgramsTest, WithoutMemoryOneLineNamesTheKnobs) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer ends a program that asks for so much";
#endif
  const std::string huge = " --set inference.window=[4000000,4000000]";
  for (const auto& [name, arguments] : {std::pair{"train", train_arguments("huge")},
                                        std::pair{"evaluate", evaluate_arguments("huge_figures")},
                                        std::pair{"infer", infer_arguments("huge_masks")}}) {
    const ProgramResult result = run_binary(name, arguments + huge);
    EXPECT_EQ(result.status, 1) << result.text;
    const std::size_t start =
        result.text.find(std::string(name) + ": out of memory (192000000000000 bytes");
    ASSERT_NE(start, std::string::npos) << result.text;
    const std::string last = result.text.substr(start);
    for (const char* knob : {"training.batch_size", "data.image_size", "inference.window"}) {
      EXPECT_THAT(last, HasSubstr(knob));
    }
    EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 1) << last;
  }
}

}  // namespace gyroseg::inference_test
