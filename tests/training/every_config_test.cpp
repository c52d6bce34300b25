// Every config under configs/ trains an epoch on noise in its own layout and labels, and its run
// folder alone gives the trained network back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gyroseg/config/read.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/loaded_run.h"
#include "gyroseg/training/trainer.h"
#include "support/tiny_data.h"
#include "support/tiny_run.h"

namespace gyroseg::every_config_test {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

constexpr int kSize = 32;
const fs::path kConfigs = fs::path(GYROSEG_SOURCE_DIR) / "configs";

/// Trains it on `root`, small and short, on this machine; everything else as written.
std::vector<std::string> tiny(const fs::path& root) {
  return {"data.root=" + root.string(), "data.image_size=[32,32]", "data.threads=0",
          "training.batch_size=2", "training.epochs=1", "training.max_steps=0",
          "training.validate_every=0", "training.threads=0", "training.init_from=",
          "model.pretrained=", "classifier.prototypes=", "device=cpu"};
}

/// Every YAML and JSON file under `folder`, relative to it: a new one is tested by being there. Those of
/// topologies/ are plans of compare_topologies; tests/config/topology_plan_test.cpp reads them.
std::vector<std::string> all_configs(const fs::path& folder = kConfigs) {
  const std::set<std::string> extensions = {".yaml", ".yml", ".json"};
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const bool plan = entry.path().parent_path() == folder / "topologies";
    if (extensions.contains(entry.path().extension().string()) && !plan) {
      files.push_back(fs::relative(entry.path(), folder).string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Shape of the logits of a kSize image, where a config's name says what it should be.
struct Expected {
  int channels;
  int size;
};
const std::map<std::string, Expected> kExpected = {
    {"papers/seed000_two_levels_figures.yaml", {7 + 3, 8}},
    {"papers/seed000_three_levels_pascal_part.yaml", {7 + 3 + 2, 8}},
    {"papers/seed001_figures.yaml", {7 + 3 + 2, 16}},
    {"papers/seed002_figures.yaml", {10, 32}},
    {"papers/seed004_baseline_figures.yaml", {7, 32}},
    {"papers/seed004_unet_pascal_part.yaml", {7, 32}},
    {"papers/hssn_pascal_part.yaml", {7 + 3 + 2, 8}},
    {"papers/atigh2022_voc.yaml", {21 + 14, 8}}};

class EveryConfig : public ::testing::TestWithParam<std::string> {
 protected:
  EveryConfig() : folder_("every_config") {}

  TemporaryFolder folder_;
};

std::map<std::string, torch::Tensor> copy_of_parameters(const Segmenter& model) {
  std::map<std::string, torch::Tensor> copy;
  for (const auto& parameter : model->named_parameters()) {
    copy[parameter.key()] = parameter.value().detach().clone();
  }
  return copy;
}

// The losses of all validations, from metrics.jsonl.
void expect_finite_losses(const fs::path& file) {
  std::ifstream in(file);
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    const auto json = nlohmann::json::parse(line);
    for (const auto& terms : {json.at("train"), json.at("val").at("terms")}) {
      for (const auto& [name, loss] : terms.items()) {
        EXPECT_TRUE(loss.is_number()) << name << " is not finite";
      }
    }
  }
  EXPECT_EQ(lines, 1);
}

TEST_P(EveryConfig, TrainsAnEpochAndComesBackFromItsRunFolder) {
  const fs::path root = folder_.path() / "data";
  const Config config = read_config(kConfigs / GetParam(), tiny(root));
  const Hierarchy tree(config.hierarchy);
  write_tiny_data(config.data, tree, kSize, {{"train", 4}, {"val", 2}});
  const RunFolder run{folder_.path() / "run"};
  std::ostringstream table, progress;
  Trainer trainer(config, run, {}, table, progress);
  const auto before = copy_of_parameters(trainer.model());
  ASSERT_EQ(trainer.run(), TrainOutcome::finished);
  EXPECT_EQ(trainer.state().step, 2);
  expect_finite_losses(run.metrics());

  int changed = 0;
  for (const auto& [name, value] : copy_of_parameters(trainer.model())) {
    changed += value.equal(before.at(name)) ? 0 : 1;
    EXPECT_TRUE(value.isfinite().all().item<bool>()) << name;
  }
  // Not all: at the first of 2500 steps of warm-up a weight of 1 does not move in float32.
  EXPECT_GT(changed, 0.5 * static_cast<double>(before.size()));

  LoadedRun loaded = load_run(run.path, "last", {});
  EXPECT_EQ(write_config(loaded.config), write_config(config));
  EXPECT_EQ(count_parameters(*loaded.model), count_parameters(*trainer.model()));
  const torch::NoGradGuard no_grad;
  trainer.model()->eval();
  const torch::Tensor images = torch::rand({2, 3, kSize, kSize});
  const torch::Tensor logits = loaded.model->forward(images).logits;
  EXPECT_TRUE(logits.equal(trainer.model()->forward(images).logits));

  // And from its checkpoint alone.
  const fs::path moved = folder_.path() / "moved.safetensors";
  fs::rename(run.last(), moved);
  fs::remove_all(run.path);
  LoadedRun alone = load_checkpoint(moved, {});
  EXPECT_EQ(write_config(alone.config), write_config(loaded.config));
  EXPECT_TRUE(logits.equal(alone.model->forward(images).logits));
  if (const auto found = kExpected.find(GetParam()); found != kExpected.end()) {
    const auto& [channels, size] = found->second;
    EXPECT_THAT(logits.sizes(), ::testing::ElementsAre(2, channels, size, size));
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryConfig, ::testing::ValuesIn(all_configs()),
                         [](const auto& test) {
                           std::string name = test.param;  // a.json may stand beside a.yaml
                           std::replace_if(name.begin(), name.end(),
                                           [](unsigned char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

TEST(EveryConfigList, HasTheExpectedOnes) {
  const std::vector<std::string> files = all_configs();
  EXPECT_GE(files.size(), 41U);
  for (const auto& [file, expected] : kExpected) {
    EXPECT_THAT(files, ::testing::Contains(file));
  }
}

TEST(EveryConfigList, TakesEveryFormAndFolderButThePlans) {
  const TemporaryFolder folder("every_config_list");
  for (const char* file : {"a.yaml", "set/a.json", "set/b.yml", "set/topologies/c.yaml",
                           "topologies/plan.yaml", "set/tree.txt"}) {
    fs::create_directories((folder.path() / file).parent_path());
    std::ofstream(folder.path() / file) << "name: x\n";
  }
  EXPECT_THAT(all_configs(folder.path()),
              ::testing::ElementsAre("a.yaml", "set/a.json", "set/b.yml", "set/topologies/c.yaml"));
}

// A checkpoint belongs to the options of its own config: another kernel size is another network.
TEST_F(EveryConfig, ACheckpointOfOtherOptionsIsRefused) {
  const fs::path root = folder_.path() / "data";
  const Config config = read_config(kConfigs / "papers/seed004_baseline_figures.yaml", tiny(root));
  write_tiny_data(config.data, Hierarchy(config.hierarchy), kSize, {{"train", 4}, {"val", 2}});
  const RunFolder run{folder_.path() / "refused"};
  std::ostringstream table, progress;
  ASSERT_EQ(Trainer(config, run, {}, table, progress).run(), TrainOutcome::finished);
  EXPECT_THROW((void)load_run(run.path, "last", {"model.conv_kernel=3"}), CheckpointError);
  EXPECT_THROW((void)load_run(run.path, "last", {"model.block_depth=2"}), CheckpointError);
  EXPECT_THROW((void)load_run(run.path, "last", {"model.batch_norm=false"}), CheckpointError);
  // Shapes do not tell these: the config that the checkpoint carries does.
  const auto by_config = [&](const std::string& override) {
    try {
      (void)load_weights_of(run.config(), run.last(), {override});
      return std::string("loaded");
    } catch (const CheckpointError& error) {
      return std::string(error.what());
    }
  };
  for (const std::string alike :
       {"training.epochs=9", "embedding.dim=5", "model.auxiliary_head=conv_relu",
        "labels={background: 10, low_hand: 11, torso: 12, low_leg: 13, head: 14, up_leg: 15, up_hand: 16}"}) {
    EXPECT_EQ(by_config(alike), "loaded");
  }
  EXPECT_THAT(by_config("model.activation=tanh"),
              HasSubstr("model: activation: tanh; it was trained with activation: relu; without --config"));
  EXPECT_THAT(by_config("model.pool_kernel=3"), HasSubstr("model: pool_kernel: 3"));
  EXPECT_THAT(by_config("labels={background: 0, low_hand: 6, torso: 2, low_leg: 3, head: 4, up_leg: 5, up_hand: 1}"),
              HasSubstr("hierarchy: other classes, or in another order, than it was trained with"));
}

// Sizes of SegHiero's document: logits at a quarter of the image, embedding at an eighth; its
// auxiliary head has one block on the 256 channels of ResNet-18's C4, here at an eighth too.
TEST(SegHieroModel, HasTheDocumentedSizes) {
  const TemporaryFolder folder("seghiero_model");
  const fs::path file = folder.path() / "seghiero.yaml";
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

}  // namespace gyroseg::every_config_test
