// The configs of configs/figures that name other networks: each trains, and its run folder alone
// gives the trained network back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gyroseg/config/read.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/loaded_run.h"
#include "gyroseg/training/trainer.h"
#include "support/tiny_run.h"

namespace gyroseg {
namespace {

constexpr int kSize = 32;

/// What a config builds.
struct Expected {
  std::string name;
  int channels;     ///< of the logits
  int logits_size;  ///< at kSize
};

void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.name; }

class FiguresConfig : public ::testing::TestWithParam<Expected> {
 protected:
  static void SetUpTestSuite() {
    at::set_num_threads(1);
    folder_ = new TemporaryFolder("architectures");
    draw_split(folder_->path() / "data", "train", 4, kSize);
    draw_split(folder_->path() / "data", "val", 2, kSize);
  }
  static void TearDownTestSuite() { delete folder_; }

  static TemporaryFolder* folder_;
};

TemporaryFolder* FiguresConfig::folder_ = nullptr;

TEST_P(FiguresConfig, TrainsAndComesBackFromItsRunFolder) {
  const auto& [name, channels, logits_size] = GetParam();
  const std::string file = std::string(GYROSEG_SOURCE_DIR) + "/configs/figures/" + name + ".yaml";
  const Config config = read_config(
      file, {"data.root=" + (folder_->path() / "data").string(), "data.image_size=[32,32]",
             "training.max_steps=2", "training.batch_size=2", "training.best=val_loss"});
  const RunFolder run{folder_->path() / name};
  std::ostringstream table, progress;
  Trainer trainer(config, run, {}, table, progress);
  ASSERT_EQ(trainer.run(), TrainOutcome::finished);

  LoadedRun loaded = load_run(run.path, "last", {});
  EXPECT_EQ(write_config(loaded.config), write_config(config));
  EXPECT_EQ(count_parameters(*loaded.model), count_parameters(*trainer.model()));
  const torch::NoGradGuard no_grad;
  trainer.model()->eval();
  const torch::Tensor images = torch::rand({2, 3, kSize, kSize});
  const torch::Tensor logits = loaded.model->forward(images).logits;
  EXPECT_THAT(logits.sizes(), ::testing::ElementsAre(2, channels, logits_size, logits_size));
  EXPECT_TRUE(logits.equal(trainer.model()->forward(images).logits));
}

INSTANTIATE_TEST_SUITE_P(All, FiguresConfig,
                         ::testing::Values(Expected{"branches", 10, 16},
                                           Expected{"unet_resnet", 10, 32},
                                           Expected{"segnet", 7, 32}, Expected{"unet", 7, 32}),
                         [](const auto& test) { return test.param.name; });

// A checkpoint belongs to the options of its own config: another kernel size is another network.
TEST_F(FiguresConfig, ACheckpointOfOtherOptionsIsRefused) {
  const std::string file = std::string(GYROSEG_SOURCE_DIR) + "/configs/figures/segnet.yaml";
  const Config config = read_config(
      file, {"data.root=" + (folder_->path() / "data").string(), "data.image_size=[32,32]",
             "training.max_steps=1", "training.batch_size=2", "training.best=val_loss"});
  const RunFolder run{folder_->path() / "refused"};
  std::ostringstream table, progress;
  ASSERT_EQ(Trainer(config, run, {}, table, progress).run(), TrainOutcome::finished);
  EXPECT_THROW((void)load_run(run.path, "last", {"model.conv_kernel=3"}), CheckpointError);
  EXPECT_THROW((void)load_run(run.path, "last", {"model.block_depth=2"}), CheckpointError);
  EXPECT_THROW((void)load_run(run.path, "last", {"model.batch_norm=false"}), CheckpointError);
}

// Sizes of SegHiero's document: logits at a quarter of the image, embedding at an eighth; its
// auxiliary head has one block on the 256 channels of ResNet-18's C4, here at an eighth too.
TEST(SegHieroModel, HasTheDocumentedSizes) {
  const TemporaryFolder folder("seghiero_model");
  const std::filesystem::path file = folder.path() / "seghiero.yaml";
  std::ofstream(file) << "dataset: {root: x}\n"
                         "classes: {coarse_to_fine_map: [[0,3], [4,6], [7], [8]]}\n"
                         "model: {pretrained_model: resnet-18}\n";
  const Config config = read_config(file, {"model.pretrained="});
  const Hierarchy tree(config.hierarchy);
  Segmenter model = build_model(config, tree);
  for (const auto& [height, width] : {std::pair{64, 96}, std::pair{75, 80}}) {
    const Prediction prediction = model->forward(torch::rand({2, 3, height, width}));
    const auto part = [](int size, int stride) { return (size + stride - 1) / stride; };
    EXPECT_THAT(prediction.logits.sizes(),
                ::testing::ElementsAre(2, 9 + 4, part(height, 4), part(width, 4)));
    EXPECT_THAT(prediction.embedding.sizes(),
                ::testing::ElementsAre(2, 256, part(height, 8), part(width, 8)));
    EXPECT_THAT(prediction.auxiliary.sizes(),
                ::testing::ElementsAre(2, 9, part(height, 8), part(width, 8)));
    EXPECT_GE(prediction.auxiliary.min().item<double>(), 0);
  }
  std::int64_t auxiliary = 0;
  for (const auto& parameter : model->named_parameters()) {
    if (parameter.key().starts_with("auxiliary.")) auxiliary += parameter.value().numel();
  }
  EXPECT_EQ(auxiliary, 256 * 9 + 2 * 9);
}

}  // namespace
}  // namespace gyroseg
