#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "gyroseg/models/safetensors.h"
#include "gyroseg/training/trainer.h"
#include "support/tiny_run.h"

namespace gyroseg::testing {

inline constexpr int kTrainerImage = 32;

/// Trainings of a tiny network on eight drawn images of 32 x 32, on one thread.
class TrainerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    at::set_num_threads(1);
    folder_ = new TemporaryFolder("trainer");
    draw_split(folder_->path() / "data", "train", 8, kTrainerImage);
    draw_split(folder_->path() / "data", "val", 4, kTrainerImage);
  }
  static void TearDownTestSuite() { delete folder_; }

  static Config config() { return tiny_config(folder_->path() / "data", kTrainerImage); }

  static RunFolder run_folder(const std::string& name) { return {folder_->path() / name}; }

  TrainOutcome train(const Config& config, const RunFolder& run, const TrainOptions& options = {}) {
    Trainer trainer(config, run, options, table_, progress_);
    return trainer.run();
  }

  static void expect_equal_files(const std::filesystem::path& a, const std::filesystem::path& b) {
    const TensorFile first = read_safetensors(a);
    const TensorFile second = read_safetensors(b);
    ASSERT_EQ(first.tensors.size(), second.tensors.size());
    for (const auto& [name, tensor] : first.tensors) {
      ASSERT_TRUE(second.tensors.contains(name)) << name;
      EXPECT_TRUE(torch::equal(tensor, second.tensors.at(name))) << name;
    }
    EXPECT_EQ(first.metadata.at("state"), second.metadata.at("state"));
  }

  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  inline static TemporaryFolder* folder_ = nullptr;
  std::ostringstream table_;
  std::ostringstream progress_;
};

}  // namespace gyroseg::testing
