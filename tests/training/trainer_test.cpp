#include "gyroseg/training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "gyroseg/config/read.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/loaded_run.h"
#include "support/tiny_run.h"
#include "trainer_fixture.h"

namespace gyroseg::trainer_test {

using ::testing::HasSubstr;
using testing::TrainerTest;

// A learned c starts at embedding.curvature, moves, is logged, saved and found again by evaluate; with
// the classifier on the embedding and beside it.
TEST_F(TrainerTest, CurvatureIsLearnedAndLogged) {
  for (const std::string input : {"embedding", "features"}) {
    Config config = this->config();
    config.embedding.curvature = 0.5;
    config.embedding.learn_curvature = true;
    config.classifier.input = input;
    config.optimizer.lr = 0.05;
    const RunFolder run = run_folder("curvature_" + input);
    ASSERT_EQ(train(config, run), TrainOutcome::finished);
    const std::string log = text_of(run.path / "metrics.jsonl");
    const std::string last = log.substr(log.rfind('\n', log.size() - 2) + 1);
    const double learned = nlohmann::json::parse(last).at("curvature").get<double>();
    EXPECT_GT(std::abs(learned - 0.5), 1e-6) << input;
    EXPECT_GT(learned, 0);
    const LoadedRun loaded = load_run(run.path, "last", {});
    EXPECT_EQ(loaded.model->manifold()->curvature(), learned) << input;
  }
}

// Fixed prototypes come from a file at the start, and from the checkpoint ever after.
TEST_F(TrainerTest, PrototypesAreInTheCheckpoint) {
  const std::filesystem::path file = folder_->path() / "prototypes.csv";
  Config config = this->config();
  const Hierarchy tree(config.hierarchy);
  std::ofstream csv(file);
  csv << "node,x,y\n";
  for (int v = 0; v < tree.num_leaves(); ++v) {
    csv << tree.name(v) << "," << 0.9 * std::cos(v) << "," << 0.9 * std::sin(v) << "\n";
  }
  csv.close();
  config.embedding.dim = 2;
  config.classifier.kind = "prototypes";
  config.classifier.prototypes = file.string();
  config.classifier.learn_prototypes = false;
  config.classifier.learn_temperature = true;
  config.optimizer.lr = 0.05;
  const RunFolder run = run_folder("prototypes");
  ASSERT_EQ(train(config, run), TrainOutcome::finished);
  std::filesystem::remove(file);
  const LoadedRun loaded = load_run(run.path, "last", {});
  const auto state = state_of(*loaded.model);
  const torch::Tensor points = loaded.model->manifold()->embed(state.at("classifier.prototypes"));
  EXPECT_NEAR(points[3][1].item<double>(), 0.9 * std::sin(3), 1e-5);
  EXPECT_NE(state.at("classifier.temperature").item<double>(), 0);
}

// N steps, stop, resume, N steps equal 2N steps: weights, optimiser, averages and the state, bit for bit;
// stopped inside an epoch and at its end, with SGD and AdamW, with and without averaged weights, in
// both precisions.
TEST_F(TrainerTest, ResumedRunEqualsTheUninterruptedOne) {
  for (const auto& [name, optimizer, ema, stop, precision] :
       {std::tuple{"sgd", "sgd", 0.0, 3, "float32"},
        std::tuple{"adamw", "adamw", 0.99, 4, "float32"},
        std::tuple{"bfloat16", "sgd", 0.9, 3, "bfloat16"}}) {
    Config config = this->config();
    config.optimizer.name = optimizer;
    config.optimizer.lr = 0.002;
    config.training.ema = ema;
    config.training.precision = precision;
    const RunFolder whole = run_folder(std::string(name) + "_whole");
    const RunFolder halves = run_folder(std::string(name) + "_halves");
    EXPECT_EQ(train(config, whole), TrainOutcome::finished);
    TrainOptions first;
    first.stop_after = stop;
    EXPECT_EQ(train(config, halves, first), TrainOutcome::interrupted);
    TrainOptions second;
    second.resume = true;
    EXPECT_EQ(train(config, halves, second), TrainOutcome::finished);
    expect_equal_files(whole.last(), halves.last());
    expect_equal_files(whole.best(), halves.best());
  }
}

// The training loss of the last epoch against the first, and weights that stay float32.
TEST_F(TrainerTest, Bfloat16Learns) {
  Config config = this->config();
  config.training.precision = "bfloat16";
  config.training.epochs = 5;
  config.optimizer.name = "adamw";
  config.optimizer.lr = 0.002;
  const RunFolder run = run_folder("bfloat16_learns");
  EXPECT_EQ(train(config, run), TrainOutcome::finished);
  std::istringstream log(text_of(run.metrics()));
  std::vector<double> losses;
  for (std::string line; std::getline(log, line);) {
    losses.push_back(nlohmann::json::parse(line)["train"]["cross_entropy"].get<double>());
  }
  ASSERT_EQ(losses.size(), 5U);
  EXPECT_LT(losses.back(), 0.9 * losses.front());
  for (const auto& [name, tensor] : read_safetensors(run.last()).tensors) {
    EXPECT_NE(tensor.scalar_type(), torch::kBFloat16) << name;
  }
}

TEST_F(TrainerTest, ResumeDropsLogLinesPastItsCheckpoint) {
  const RunFolder run = run_folder("rewound");
  TrainOptions first;
  first.stop_after = 5;
  EXPECT_EQ(train(config(), run, first), TrainOutcome::interrupted);
  std::ofstream(run.metrics(), std::ios::app) << "{\"step\": 7}\n{\"step\": 8, \"tr";
  TrainOptions second;
  second.resume = true;
  EXPECT_EQ(train(config(), run, second), TrainOutcome::finished);
  const std::string log = text_of(run.metrics());
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2);
  EXPECT_THAT(log, Not(HasSubstr("\"tr\n")));
}

TEST_F(TrainerTest, WritesTableLogAndAUsableRunFolder) {
  const RunFolder run = run_folder("plain");
  Config config = this->config();
  config.training.best = "miou@1";
  EXPECT_EQ(train(config, run), TrainOutcome::finished);
  EXPECT_THAT(table_.str(), HasSubstr("mIoU@3"));
  EXPECT_THAT(text_of(run.metrics()), HasSubstr("\"tree_triplet\""));
  const LoadedRun loaded = load_run(run.path, "best", {});
  EXPECT_EQ(loaded.config.training.best, "miou@1");
  EXPECT_EQ(loaded.tree.num_leaves(), 7);
  EXPECT_FALSE(loaded.model->is_training());
  EXPECT_THAT(text_of(run.metrics()),
              HasSubstr("\"parameters\":" + std::to_string(count_parameters(*loaded.model))));
}

// With the training images as validation images too, both measurements must agree, and neither may change
// the training.
TEST_F(TrainerTest, MeasuresTrainingSamplesAsItMeasuresValidationSamples) {
  Config config = this->config();
  config.data.splits["val"] = config.data.splits["train"];
  config.data.augment.scale = {0.5, 2.0};  // of training alone
  const auto lines = [&](const std::string& name, int samples) {
    config.training.evaluate_train = samples;
    const RunFolder run = run_folder(name);
    EXPECT_EQ(train(config, run), TrainOutcome::finished);
    std::vector<nlohmann::json> entries;
    std::istringstream log(text_of(run.metrics()));
    for (std::string line; std::getline(log, line);) {
      entries.push_back(nlohmann::json::parse(line));
    }
    return entries;
  };
  const auto without = lines("train_eval_0", 0);
  const auto all = lines("train_eval_8", 8);
  const auto some = lines("train_eval_3", 3);
  ASSERT_FALSE(all.empty());
  ASSERT_EQ(all.size(), without.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_FALSE(without[i].contains("train_eval"));
    EXPECT_EQ(all[i].at("train_eval"), all[i].at("val"));
    EXPECT_EQ(all[i].at("val"), without[i].at("val"));
    EXPECT_EQ(all[i].at("train"), without[i].at("train"));
    EXPECT_NE(some[i].at("train_eval").at("loss"), some[i].at("val").at("loss"));
    EXPECT_GT(all[i].at("train_std").at("total").get<double>(), 0) << "several steps an epoch";
    const nlohmann::json& val = all[i].at("val");
    EXPECT_GE(val.at("loss_std").get<double>(), 0);
    EXPECT_GE(val.at("terms_std").at("cross_entropy").get<double>(), 0);
    EXPECT_GT(val.at("modes").at("level_sum").at(2).at("image_miou_std").get<double>(), 0);
  }
  expect_equal_files(run_folder("train_eval_0").last(), run_folder("train_eval_8").last());
}

// An infinite learning rate of the second step makes every later loss NaN.
TEST_F(TrainerTest, NonFiniteLossesDumpABatchAndStopTheRun) {
  Config config = this->config();
  config.training.epochs = 5;
  config.training.max_nonfinite = 3;
  config.optimizer.lr = 1e30;
  const RunFolder run = run_folder("diverged");
  EXPECT_EQ(train(config, run), TrainOutcome::diverged);
  EXPECT_THAT(progress_.str(), HasSubstr("the step is left out, its batch is in"));
  int dumps = 0;
  for (const auto& entry : std::filesystem::directory_iterator(run.path)) {
    dumps += entry.path().filename().string().starts_with("nonfinite_step_") ? 1 : 0;
  }
  EXPECT_EQ(dumps, 1);
}

// The first step alone is good: what is saved within the series that follows is its state, running
// statistics and all.
TEST_F(TrainerTest, NonFiniteStepsLeaveNoTrace) {
  Config config = this->config();
  config.training.epochs = 5;
  config.training.max_nonfinite = 4;
  config.training.validate_every = 1;
  config.training.best = "miou@1";
  config.optimizer.lr = 1e30;
  const RunFolder run = run_folder("series");
  EXPECT_EQ(train(config, run), TrainOutcome::diverged);
  const RunFolder single = run_folder("one_step");
  config.training.max_steps = 1;
  EXPECT_EQ(train(config, single), TrainOutcome::finished);
  const auto last = read_safetensors(run.last()).tensors;
  for (const auto& [name, tensor] : read_safetensors(single.last()).tensors) {
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    EXPECT_TRUE(torch::equal(last.at(name), tensor)) << name;
  }
}

// A bad batch at the very end is no divergence.
TEST_F(TrainerTest, FewerNonFiniteStepsThanAllowedFinish) {
  Config config = this->config();
  config.training.max_steps = 3;
  config.training.max_nonfinite = 3;
  config.optimizer.lr = 1e30;
  EXPECT_EQ(train(config, run_folder("bad_end")), TrainOutcome::finished);
  EXPECT_THAT(progress_.str(), HasSubstr("the step is left out"));
}

TEST_F(TrainerTest, StopsEarlyWithoutImprovement) {
  Config config = this->config();
  config.training.epochs = 20;
  config.training.early_stopping = 2;
  config.optimizer.lr = 1e-12;  // nothing changes but the batch-norm statistics
  config.training.best = "miou@1";
  const RunFolder run = run_folder("early");
  EXPECT_EQ(train(config, run), TrainOutcome::early_stop);
  const std::string log = text_of(run.metrics());
  TrainOptions resume;
  resume.resume = true;
  EXPECT_EQ(train(config, run, resume), TrainOutcome::early_stop);
  EXPECT_EQ(text_of(run.metrics()), log);
}

// A run's last weights are those that its last validation measured.
TEST_F(TrainerTest, LastWeightsAreTheAverageWhereThereIsOne) {
  Config config = this->config();
  config.training.epochs = 1;
  config.training.ema = 0.9;
  config.training.best = "val_loss";
  const RunFolder run = run_folder("average_last");
  EXPECT_EQ(train(config, run), TrainOutcome::finished);  // one validation: the best is the last
  LoadedRun best = load_run(run.path, "best", {});
  LoadedRun last = load_run(run.path, "last", {});
  const auto expected = best.model->named_parameters();
  for (const auto& parameter : last.model->named_parameters()) {
    EXPECT_TRUE(torch::equal(parameter.value(), expected[parameter.key()])) << parameter.key();
  }
  const std::string name = expected.front().key();
  EXPECT_FALSE(torch::equal(read_safetensors(run.last()).tensors.at(name), expected[name]));
}

TEST_F(TrainerTest, LengthInStepsWithItsOwnValidations) {
  Config config = this->config();
  config.training.max_steps = 5;
  config.training.validate_every = 2;
  const RunFolder run = run_folder("steps");
  EXPECT_EQ(train(config, run), TrainOutcome::finished);
  const std::string log = text_of(run.metrics());
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3);  // steps 2, 4, 5
}

TEST_F(TrainerTest, ABatchLargerThanTheDataIsAConfigError) {
  Config config = this->config();
  config.training.batch_size = 100;
  try {
    train(config, run_folder("no_batch"));
    FAIL() << "expected ConfigError";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--set training.drop_last=false"));
  }
  EXPECT_FALSE(std::filesystem::exists(run_folder("no_batch").path));
}

// Four images, no augmentation: the network must be able to learn them by heart, in both spaces. They
// are large, since logits at a quarter of the size cannot follow the outlines of small ones to 2 %.
class OverfitTest : public TrainerTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(OverfitTest, FourImagesToPixelAccuracy98) {
  Config config = tiny_config(folder_->path() / ("four_" + GetParam()), 128);
  draw_split(config.data.root, "train", 4, 128);
  std::filesystem::copy(config.data.root + "/train", config.data.root + "/val",
                        std::filesystem::copy_options::recursive);
  config.data.augment = {};
  config.model = {};
  config.model.projection_input = "decoder";
  config.model.auxiliary_weight = 0;
  config.model.aspp_channels = 64;
  config.model.low_level_channels = 32;
  config.model.decoder_channels = 64;
  config.embedding = {GetParam(), 16, 1.0};
  config.loss[0].class_weights = "none";
  config.training.batch_size = 4;
  config.training.max_steps = 120;
  config.training.validate_every = 120;
  config.optimizer.name = "adamw";
  config.optimizer.lr = 0.004;
  config.optimizer.weight_decay = 0;
  const RunFolder run = run_folder("overfit_" + GetParam());
  ASSERT_EQ(train(config, run), TrainOutcome::finished);
  const auto last = nlohmann::json::parse(text_of(run.metrics()));
  EXPECT_GE(last["val"]["levels"].back()["pixel_accuracy"].get<double>(), 0.98);
}

INSTANTIATE_TEST_SUITE_P(Spaces, OverfitTest, ::testing::Values("euclidean", "poincare"));

}  // namespace gyroseg::trainer_test
