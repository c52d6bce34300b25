// What a training begins with and goes on from: checkpoints, weights of other runs.
#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "gyroseg/models/safetensors.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/loaded_run.h"
#include "trainer_fixture.h"

namespace gyroseg::checkpoint_test {

using ::testing::HasSubstr;

class CheckpointTest : public testing::TrainerTest {};

// Fine-tuning with another class head: everything else comes from the run, the training starts anew.
TEST_F(CheckpointTest, InitFromLoadsWhatFitsAndReportsTheRest) {
  const RunFolder source = run_folder("init_source");
  EXPECT_EQ(train(config(), source), TrainOutcome::finished);
  const auto weights = read_safetensors(source.best()).tensors;
  for (const std::filesystem::path& start : {source.path, source.best()}) {
    Config other = config();
    other.classifier.nodes = "all";
    other.training.init_from = start.string();
    progress_.str("");
    const RunFolder run = run_folder("init_" + start.filename().string());
    Trainer trainer(other, run, {}, table_, progress_);
    EXPECT_EQ(trainer.state().step, 0);
    EXPECT_THAT(progress_.str(), HasSubstr(source.best().string() + ": loaded "));
    EXPECT_THAT(progress_.str(), HasSubstr("mismatched 2: classifier.normals (file [7, 8] Float, model "
                                           "[10, 8] Float), classifier.offsets"));
    for (const auto& [name, tensor] : state_of(*trainer.model())) {
      EXPECT_EQ(torch::equal(tensor, weights.at(name)), !name.starts_with("classifier.")) << name;
    }
    EXPECT_EQ(trainer.run(), TrainOutcome::finished);
    EXPECT_EQ(load_run(run.path, "last", {}).config.training.init_from, "");
  }
  begin_run(run_folder("init_none"), config());  // no checkpoint in it yet
  Config other = config();
  other.training.init_from = run_folder("init_none").path.string();
  EXPECT_THROW(Trainer(other, run_folder("init_target"), {}, table_, progress_), CheckpointError);
}

// Equal in number, the classes may still be others, or in another order.
TEST_F(CheckpointTest, InitFromStartsTheClassesOfAnotherTreeAnew) {
  const RunFolder source = run_folder("init_tree");
  EXPECT_EQ(train(config(), source), TrainOutcome::finished);
  const auto weights = read_safetensors(source.best()).tensors;
  Config other = config();
  other.training.init_from = source.path.string();
  const auto taken = [&](const std::string& run) {
    progress_.str("");
    Trainer trainer(other, run_folder(run), {}, table_, progress_);
    int classes = 0;
    for (const auto& [name, tensor] : state_of(*trainer.model())) {
      const bool same = torch::equal(tensor, weights.at(name));
      EXPECT_TRUE(same || is_of_classes(name)) << name;
      classes += same && is_of_classes(name) ? 1 : 0;
    }
    return classes;
  };
  EXPECT_EQ(taken("init_same"), std::count_if(weights.begin(), weights.end(), [](const auto& entry) {
              return is_of_classes(entry.first);
            }));
  EXPECT_THAT(progress_.str(), ::testing::Not(HasSubstr("anew")));
  std::swap(*other.hierarchy.roots[1].children[0].children[0].label,
            *other.hierarchy.roots[1].children[0].children[1].label);
  EXPECT_EQ(taken("init_swapped"), 0);
  EXPECT_THAT(progress_.str(), HasSubstr("its class tree is another one: what is of classes starts anew"));
}

// The config in a checkpoint may name a device that is not here, or keys of another version.
TEST_F(CheckpointTest, ACheckpointOfAnotherMachineIsOfUse) {
  const RunFolder source = run_folder("machine");
  EXPECT_EQ(train(config(), source), TrainOutcome::finished);
  const auto with = [&](const std::string& from, const std::string& to) {
    TensorFile content = read_safetensors(source.best());
    std::string& text = content.metadata.at("config");
    text.replace(text.find(from), from.size(), to);
    const auto file = folder_->path() / "machine.safetensors";
    write_safetensors(file, content);
    return file;
  };
  Config other = config();
  const auto elsewhere = with("device: cpu", "device: cuda:7");
  other.training.init_from = elsewhere.string();
  Trainer(other, run_folder("machine_cuda"), {}, table_, progress_);
  EXPECT_THAT(progress_.str(), HasSubstr("machine.safetensors: loaded "));
  EXPECT_EQ(load_weights_of(source.config(), elsewhere, {}).config.device, "cpu");
  EXPECT_EQ(load_checkpoint(elsewhere, {"device=cpu"}).config.device, "cpu");
  progress_.str("");
  other.training.init_from = with("device: cpu", "divice: cpu").string();
  Trainer(other, run_folder("machine_key"), {}, table_, progress_);
  EXPECT_THAT(progress_.str(), HasSubstr("machine.safetensors: loaded "));
}

TEST_F(CheckpointTest, ACheckpointOfAnotherModelIsRefused) {
  const RunFolder run = run_folder("other_model");
  TrainOptions first;
  first.stop_after = 1;
  EXPECT_EQ(train(config(), run, first), TrainOutcome::interrupted);
  Config other = config();
  other.embedding.dim = 6;
  TrainOptions second;
  second.resume = true;
  EXPECT_THROW(train(other, run, second), CheckpointError);
}

}  // namespace gyroseg::checkpoint_test
