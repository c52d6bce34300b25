// Training in two processes, as a launcher starts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "support/free_port.h"
#include "support/tiny_run.h"

namespace gyroseg::processes_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr int kSize = 32;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ProcessesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder("processes");
    draw_split(folder_->path() / "data", "train", 6, kSize);
    draw_split(folder_->path() / "data", "val", 3, kSize);
    Config config = tiny_config(folder_->path() / "data", kSize);
    config.loss.resize(1);
    config.loss[0].class_weights = "none";
    config.training.batch_size = 3;  // shares of 1 and 2
    config.training.epochs = 1;
    std::ofstream(folder_->path() / "config.yaml") << write_config(config);
  }
  static void TearDownTestSuite() { delete folder_; }
  void SetUp() override {
    if (!GYROSEG_HAS_GLOO) GTEST_SKIP() << "built without gloo's headers";
  }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static std::string arguments(const std::string& run) {
    return "--config " + path("config.yaml").string() + " --output " + path(run).string() + " ";
  }

  /// Rank 1 in the background, then `meanwhile`, and rank 0; the text is rank 0's, then rank 1's.
  /// `meanwhile` may use $other, the process id of rank 1.
  static ProgramResult train_in_two(const std::string& arguments,
                                    const std::string& meanwhile = "") {
    const std::string log = path("rank1.log").string();
    const std::string train = GYROSEG_BINARY_DIR "/train " + arguments;
    return run_shell("export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" +
                     std::to_string(free_port()) + "; RANK=1 " + train + " > " + log +
                     " 2>&1 & other=$!; " + (meanwhile.empty() ? "" : "(" + meanwhile + ") & ") +
                     "RANK=0 " + train + "; status=$?; wait $other; other_status=$?; " +
                     "echo rank 1:; cat " + log + "; echo rank 1 status $other_status; exit $status");
  }

  static std::string after_rank_1(const std::string& text) {
    return text.substr(text.find("rank 1:\n"));
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* ProcessesTest::folder_ = nullptr;

TEST_F(ProcessesTest, TheFirstStepIsThatOfOneProcess) {
  const std::string one_step = "--set training.max_steps=1 ";
  const ProgramResult alone = run_binary("train", arguments("alone") + one_step);
  ASSERT_EQ(alone.status, 0) << alone.text;
  const ProgramResult two = train_in_two(arguments("two") + one_step);
  ASSERT_EQ(two.status, 0) << two.text;
  EXPECT_THAT(two.text, HasSubstr("processes   2, batch norm synchronised"));
  EXPECT_EQ(after_rank_1(two.text), "rank 1:\nrank 1 status 0\n");  // rank 0 alone prints
  const Json one = Json::parse(bytes_of(path("alone") / "metrics.jsonl"));
  const Json both = Json::parse(bytes_of(path("two") / "metrics.jsonl"));
  // Float32 roundings, 6e-8 each, in another order of sums; the validation stands one update later. Gradients
  // are differences that twenty batch norms divide by: their norm keeps fewer digits, and is far off where the
  // processes' shares are not weighed right.
  for (const auto& [term, value] : one["train"].items()) {
    const double expected = value.get<double>();
    const double tolerance = term == "gradient_norm" ? 1e-3 : 1e-5;
    EXPECT_NEAR(both["train"][term].get<double>(), expected, tolerance * std::max(1.0, expected)) << term;
  }
  EXPECT_NEAR(both["val"]["loss"].get<double>(), one["val"]["loss"].get<double>(), 1e-4);
}

TEST_F(ProcessesTest, AResumedRunEqualsTheUninterruptedOne) {
  const ProgramResult whole = train_in_two(arguments("whole"));
  ASSERT_EQ(whole.status, 0) << whole.text;
  const ProgramResult first = train_in_two(arguments("halves") + "--stop-after 1");
  ASSERT_EQ(first.status, 0) << first.text;
  const ProgramResult second = train_in_two("--resume " + path("halves").string());
  ASSERT_EQ(second.status, 0) << second.text;
  EXPECT_EQ(bytes_of(path("whole") / "last.safetensors"),
            bytes_of(path("halves") / "last.safetensors"));
}

TEST_F(ProcessesTest, AProcessThatDiesEndsTheOther) {
  const ProgramResult result = train_in_two(
      arguments("lost") + "--set training.epochs=100000",
      "while [ ! -e " + path("lost/last.json").string() + " ]; do sleep 0.1; done; kill -9 $other");
  EXPECT_EQ(result.status, 1) << result.text;
  EXPECT_THAT(result.text, HasSubstr("train: rank 0 of 2: lost contact with another process"));
}

TEST_F(ProcessesTest, StoppingOneProcessStopsAndSaves) {
  const ProgramResult result = train_in_two(
      arguments("stopped") + "--set training.epochs=100000",
      "while [ ! -e " + path("stopped/last.json").string() +
          " ]; do sleep 0.1; done; kill -TERM $other");
  EXPECT_EQ(result.status, 130) << result.text;
  EXPECT_THAT(result.text, HasSubstr("everything is saved; go on with: train --resume"));
  EXPECT_EQ(after_rank_1(result.text), "rank 1:\nrank 1 status 130\n");
}

TEST_F(ProcessesTest, ABatchThatCannotBeSharedIsTheUsersError) {
  const ProgramResult result = train_in_two(arguments("small") + "--set training.batch_size=1");
  EXPECT_EQ(result.status, 2) << result.text;
  EXPECT_THAT(result.text, HasSubstr("a batch of 1 images cannot be shared by 2 processes"));
  EXPECT_FALSE(fs::exists(path("small")));
}

}  // namespace gyroseg::processes_test
