// What users of the five earlier systems typed, through the programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "support/tiny_run.h"

namespace gyroseg::earlier_systems_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr int kSize = 32;
constexpr int kTestImages = 5;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Works inside its folder, as a user does; a run runs/tiny_<start time> is there.
class EarlierSystems : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder("earlier_systems");
    for (const auto& [split, count] :
         {std::pair{"train", 4}, std::pair{"val", 2}, std::pair{"test", kTestImages}}) {
      draw_split(path("data"), split, count, kSize);
    }
    Config config = tiny_config("data", kSize);
    config.training.epochs = 1;
    write("config.yaml", write_config(config));
    const ProgramResult trained = run("train", "--config config.yaml");
    ASSERT_EQ(trained.status, 0) << trained.text;
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static void write(const std::string& name, const std::string& text) {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  static ProgramResult run(const std::string& program, const std::string& arguments) {
    return run_shell("cd " + folder_->path().string() + " && " GYROSEG_BINARY_DIR "/" + program + " " +
                     arguments);
  }
  static Json metrics(const std::string& folder) {
    return Json::parse(bytes_of(path(folder) / "metrics.json"));
  }
  static std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path(folder))) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  // The one run below runs/ that `name` starts.
  static std::string run_named(const std::string& name) {
    for (const std::string& found : names_in("runs")) {
      if (found.starts_with(name + "_")) {
        return "runs/" + found;
      }
    }
    return "none";
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* EarlierSystems::folder_ = nullptr;

constexpr const char* kSegHiero = R"(
dataset: {root: data, train: {image_subdir: /train/images, mask_subdir: /train/masks},
          val: {image_subdir: /val/images, mask_subdir: /val/masks}}
classes:
  coarse_to_fine_map: [[0], [1, 6]]
  coarse_names: {0: nothing, 1: body}
model: {pretrained_model: resnet-18}
training: {epochs: 3, batch_size: 2, lr: 0.01, device: cuda, gpus: []}
transform: {resize: [32, 32], hflip_prob: 0.5}
output: {checkpoint_dir: ./checkpoints, project_name: fun}
)";
// Without ImageNet weights, and narrow.
constexpr const char* kNarrow =
    " --set model.pretrained= --set model.aspp_channels=16 --set model.decoder_channels=16 --set embedding.dim=8";

TEST_F(EarlierSystems, SegHieroTrainsKeepsItsBestAndInfers) {
  write("seghiero.yaml", kSegHiero);
  const ProgramResult trained = run("train", std::string("--config seghiero.yaml") + kNarrow);
  ASSERT_EQ(trained.status, 0) << trained.text;
  // Epoch | Avg Train Loss | Avg Val Loss | Val Pixel Acc
  EXPECT_THAT(trained.text, HasSubstr("epoch    step  train loss  val loss  pixel acc"));
  const fs::path link = path("checkpoints/fun_best.safetensors");
  ASSERT_TRUE(fs::is_symlink(link));
  const fs::path folder = fs::read_symlink(link).parent_path();
  double least = 1e9;
  std::int64_t best_step = -1;
  std::ifstream log(path("checkpoints") / folder / "metrics.jsonl");
  for (std::string line; std::getline(log, line);) {
    const Json entry = Json::parse(line);
    if (entry["val"]["loss"].get<double>() < least) {
      least = entry["val"]["loss"].get<double>();
      best_step = entry["step"].get<std::int64_t>();
    }
  }
  EXPECT_EQ(Json::parse(bytes_of(path("checkpoints") / folder / "best.json")).at("step"), best_step);
  EXPECT_EQ(bytes_of(path("checkpoints") / folder / "config.original.yaml"), kSegHiero);

  const std::string command = "--config seghiero.yaml --checkpoint checkpoints/fun_best.safetensors "
                              "--image data/test/images/0.png --output-dir inferred";
  const ProgramResult inferred = run("infer", command + " --device cpu" + kNarrow);
  EXPECT_EQ(inferred.status, 0) << inferred.text;
  EXPECT_THAT(names_in("inferred"),
              ::testing::ElementsAre("0_confidence.png", "0_level1.png", "0_level1_overlay.png",
                                     "0_level2.png", "0_level2_overlay.png"));
  const ProgramResult unfit = run("infer", command + " --overwrite" + kNarrow + " --set embedding.dim=6");
  EXPECT_EQ(unfit.status, 2);
  EXPECT_THAT(unfit.text, HasSubstr("is of another network than seghiero.yaml describes, embedding: dim: 6; it was "
                                    "trained with dim: 8"));
  if (!torch::cuda::is_available()) {
    const ProgramResult no_gpu = run("infer", command + " --overwrite --device cuda:0" + kNarrow);
    EXPECT_EQ(no_gpu.status, 2);
    EXPECT_THAT(no_gpu.text, HasSubstr("device: asks for cuda:0, but this machine has no usable CUDA device"));
  }
}

TEST_F(EarlierSystems, InferTakesFoldersAndRefusesTwoImagesOfOneName) {
  const std::string command = "--experiment-name tiny --output all --image data/test/images";
  const ProgramResult result = run("infer", command);
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_EQ(names_in("all").size(), 7U * kTestImages);
  const ProgramResult twice = run("infer", command + " --overwrite --image data/val/images/1.png");
  EXPECT_EQ(twice.status, 2);
  EXPECT_THAT(twice.text, HasSubstr("two images are named 1"));
  fs::create_directories(path("empty"));
  EXPECT_THAT(run("infer", "--experiment-name tiny --output no empty").text, HasSubstr("empty: expected jpg"));
}

// 001, with the dashes of our other options too.
TEST_F(EarlierSystems, EvaluateByExperimentNameDrawsSamples) {
  const ProgramResult result =
      run("evaluate", "--experiment_name tiny --visualize --num_viz 2 --viz_dir logs/tiny");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(names_in("logs/tiny"), ::testing::ElementsAre("0.png", "2.png"));  // spread over five
  EXPECT_TRUE(fs::exists(path(run_named("tiny")) / "metrics.json"));
  const torch::Tensor sheet = read_image(path("logs/tiny/2.png"));
  EXPECT_EQ(sheet.sizes(), (std::vector<std::int64_t>{3 * kSize + 8, 3 * kSize + 8, 3}));
  EXPECT_TRUE(torch::equal(sheet.narrow(0, 0, kSize).narrow(1, 0, kSize),
                           read_image(path("data/test/images/2.png"))));
  const ProgramResult again =
      run("evaluate", "--experiment-name=tiny --visualize --num-viz=2 --viz-dir=logs/tiny");
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.text, HasSubstr("logs/tiny/0.png exists already"));
  EXPECT_THAT(run("evaluate", "--experiment_name none").text, HasSubstr("runs/none: no run of this name; runs holds tiny_"));
  EXPECT_EQ(run("evaluate", "--experiment_name tiny --num_viz 2").status, 2);
  fs::create_directories(path("elsewhere"));
  fs::copy(path(run_named("tiny")), path("elsewhere/tiny"), fs::copy_options::recursive);
  for (const std::string config : {"", "--config config.yaml "}) {
    const ProgramResult moved =
        run("evaluate", config + "--experiment_name tiny --set output_dir=elsewhere --output by_name --split val");
    EXPECT_EQ(moved.status, 0) << moved.text;
    EXPECT_THAT(bytes_of(path("by_name/metrics.json")), HasSubstr("\"run\": \"elsewhere/tiny\""));
  }
}

// 002: predicted masks, and their scores from disk; some pixels have no leaf.
TEST_F(EarlierSystems, ScoresOfMasksEqualTheEvaluation) {
  // A network of colours alone: unsure of some pixels, sure of others.
  const ProgramResult trained =
      run("train", "--config config.yaml --output unsure --set model.encoder=pointwise"
                   " --set model.decoder=pointwise --set model.auxiliary_weight=0"
                   " --set classifier.input=features --set training.epochs=20 --set optimizer.lr=0.3");
  ASSERT_EQ(trained.status, 0) << trained.text;
  for (const std::string resolution : {"resized", "original"}) {
    const std::string set = " --set data.image_size=[24,24]";
    const ProgramResult evaluated =
        run("evaluate", "--run unsure --output " + resolution + " --predictions masks_" + resolution +
                            set + " --set metrics.resolution=" + resolution +
                            " --set decode=[backoff,level_sum] --set inference.backoff_threshold=0.4");
    ASSERT_EQ(evaluated.status, 0) << evaluated.text;
    const ProgramResult scored = run("score_masks", "--run unsure --predictions masks_" + resolution +
                                                        " --output scored_" + resolution + set);
    ASSERT_EQ(scored.status, 0) << scored.text;
    Json expected = metrics(resolution)["modes"]["backoff"];
    Json actual = metrics("scored_" + resolution)["modes"]["masks"];
    std::int64_t undecided = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      expected["levels"][k]["ece"] = nullptr;  // masks hold no probabilities
      for (const Json& cls : expected["levels"][k]["classes"]) {
        undecided += cls.value("undecided", 0);
      }
    }
    expected.erase("decode");
    actual.erase("decode");
    EXPECT_EQ(actual, expected);
    EXPECT_GT(undecided, 0);
    EXPECT_LT(undecided, expected["pixels"].get<std::int64_t>());
  }
  fs::remove(path("masks_resized/3_level2.png"));
  const ProgramResult missing =
      run("score_masks", "--config config.yaml --predictions masks_resized --set data.image_size=[24,24]");
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.text, HasSubstr("masks_resized/3_level2.png"));
  const ProgramResult size =
      run("score_masks", "--config config.yaml --predictions masks_resized --set data.image_size=[16,16]");
  EXPECT_THAT(size.text, HasSubstr("32 x 32, or data.image_size, 16 x 16, found 24 x 24"));
}

// Leaf masks hold the values of the data set's own: without undecided pixels they are labels to train on.
TEST_F(EarlierSystems, PredictedLeafMasksAreMasksOfTheDataSet) {
  ASSERT_EQ(run("evaluate", "--experiment-name tiny --output leaves --predictions leaf_masks").status, 0);
  fs::create_directories(path("relabelled/test"));
  fs::copy(path("data/test/images"), path("relabelled/test/images"));
  fs::create_directories(path("relabelled/test/masks"));
  for (int i = 0; i < kTestImages; ++i) {
    const std::string name = std::to_string(i);
    fs::copy(path("leaf_masks") / (name + "_level3.png"), path("relabelled/test/masks") / (name + ".png"));
  }
  const ProgramResult own = run("evaluate", "--experiment-name tiny --output relabelled --set data.root=relabelled");
  ASSERT_EQ(own.status, 0) << own.text;
  EXPECT_EQ(metrics("relabelled")["levels"][2]["pixel_accuracy"], 1.0);
}

constexpr const char* kJson = R"({
  "name": "hseg", "seed": 1,
  "hierarchy": {"background": 0, "body": {"upper_body": {"low_hand": 1, "up_hand": 6, "torso": 2, "head": 4},
                                          "lower_body": {"low_leg": 3, "up_leg": 5}}},
  "data": {"root": "data", "image_size": [32, 32], "threads": 0},
  "model": {"encoder": "resnet18", "output_stride": 32, "decoder": "unet", "unet_channels": [32, 16, 16, 8, 8],
            "auxiliary_weight": 0},
  "classifier": {"nodes": "all"},
  "loss": [{"name": "bce"}],
  "training": {"max_steps": 3, "validate_every": 2, "batch_size": 2},
  "decode": ["level_sum", "leaf_argmax"]
})";

TEST_F(EarlierSystems, AJsonConfigTrainsByStepsAndIsKept) {
  write("hseg.json", kJson);
  const ProgramResult trained = run("train", "--cfg hseg.json");
  ASSERT_EQ(trained.status, 0) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr("finished at step 3"));
  EXPECT_EQ(bytes_of(path(run_named("hseg")) / "config.original.json"), kJson);
  EXPECT_TRUE(fs::exists(path(run_named("hseg")) / "config.yaml"));
}

// 003: the same command with --test_only measures what it trained.
TEST_F(EarlierSystems, TestOnlyEvaluatesWithoutTraining) {
  const std::string folder = run_named("tiny");
  ASSERT_EQ(run("evaluate", "--run " + folder + " --output by_evaluate").status, 0);
  const std::string before = bytes_of(path(folder) / "last.safetensors");
  for (const std::string& arguments :
       {std::string("--config config.yaml --test_only"), "--test-only " + folder,
        "--config config.yaml --test-only --checkpoint " + folder + "/best.safetensors --output " + folder,
        "--test-only --checkpoint " + folder + "/best.safetensors --output " + folder}) {
    fs::remove(path(folder) / "metrics.json");
    const ProgramResult result = run("train", arguments);
    EXPECT_EQ(result.status, 0) << result.text;
    EXPECT_EQ(metrics(folder)["modes"], metrics("by_evaluate")["modes"]) << arguments;
  }
  EXPECT_EQ(bytes_of(path(folder) / "last.safetensors"), before);
  for (const std::string& wrong :
       {std::string("--test-only"), "--config config.yaml --test-only " + folder, "--test-only --resume " + folder}) {
    EXPECT_EQ(run("train", wrong).status, 2) << wrong;
  }
}

// 004: the network comes back from its checkpoint, wherever that lies.
TEST_F(EarlierSystems, ACheckpointNeedsNeitherRunNorConfig) {
  fs::copy_file(path(run_named("tiny")) / "best.safetensors", path("alone.safetensors"));
  ASSERT_EQ(run("evaluate", "--experiment-name tiny --output by_run").status, 0);
  const ProgramResult evaluated = run("evaluate", "--checkpoint alone.safetensors --output by_file");
  EXPECT_EQ(evaluated.status, 0) << evaluated.text;
  EXPECT_EQ(metrics("by_file")["modes"], metrics("by_run")["modes"]);
  const ProgramResult inferred = run("infer", "--checkpoint alone.safetensors --output inferred_alone data/test/images/0.png");
  EXPECT_EQ(inferred.status, 0) << inferred.text;
  EXPECT_THAT(run("evaluate", "--config config.yaml --checkpoint alone.safetensors --output x --set embedding.curvature=2").text,
              HasSubstr("is of another network than config.yaml describes, embedding: curvature: 2"));
}

TEST_F(EarlierSystems, CompareShowsItsColumnsParametersAndSpeed) {
  ASSERT_EQ(run("evaluate", "--experiment-name tiny --output first").status, 0);
  const Json json = metrics("first");
  const std::string speed = json.at("images_per_second").get<std::string>();
  EXPECT_GT(std::stod(speed), 0);
  const ProgramResult result = run("compare", "--run first --rows root_middle_leaf");
  EXPECT_EQ(result.status, 0) << result.text;
  const std::vector<std::string> expected = {"mean root IoU",      "mean middle IoU", "mean leaf IoU",
                                             "evaluation images/s  ", speed, json.at("parameters")};
  for (const std::string& text : expected) {
    EXPECT_THAT(result.text, HasSubstr(text));
  }
  EXPECT_EQ(run("compare", "--run first --rows leaf").status, 2);
}

TEST_F(EarlierSystems, WithoutSavedCheckpointsOnlyConfigAndMetricsStay) {
  const ProgramResult result =
      run("train", "--config config.yaml --output unsaved --set training.save_checkpoints=false");
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("not saved"));
  EXPECT_THAT(names_in("unsaved"),
              ::testing::ElementsAre("config.original.yaml", "config.yaml", "metrics.jsonl"));
}

}  // namespace gyroseg::earlier_systems_test
