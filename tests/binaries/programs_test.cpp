#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "support/tiny_run.h"

namespace gyroseg::programs_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kSize = 32;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

// Wrong input must give one clear line that names the program, and exit status 2.
void expect_user_error(const ProgramResult& result, const std::string& name, const std::string& message) {
  EXPECT_EQ(result.status, 2) << result.text;
  EXPECT_THAT(result.text, HasSubstr(name + ": "));
  EXPECT_THAT(result.text, HasSubstr(message));
  EXPECT_EQ(std::count(result.text.begin(), result.text.end(), '\n'), 1) << result.text;
}

/// A trained and evaluated run that the tests share, and its data.
class ProgramsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder("programs");
    for (const auto& [split, count] : {std::pair{"train", 4}, std::pair{"val", 2}, std::pair{"test", 2}}) {
      draw_split(data(), split, count, kSize);
    }
    Config config = tiny_config(data(), kSize);
    config.training.epochs = 1;
    config.decode = {"level_sum", "leaf_argmax"};
    write_text(config_file(), write_config(config));
    const ProgramResult trained =
        run_binary("train", "--config " + config_file().string() + " --output " + run().string());
    ASSERT_EQ(trained.status, 0) << trained.text;
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static fs::path data() { return path("data"); }
  static fs::path run() { return path("run"); }
  static fs::path config_file() { return path("config.yaml"); }
  static std::string with_config() { return "--config " + config_file().string() + " "; }
  // A copy of the data that a test may spoil.
  static fs::path spoiled(const std::string& name) {
    fs::copy(data(), path(name), fs::copy_options::recursive);
    return path(name);
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* ProgramsTest::folder_ = nullptr;

TEST_F(ProgramsTest, EveryProgramHasHelpAndRefusesUnknownOptions) {
  for (const std::string name : {"train", "evaluate", "infer", "compare", "make_figures", "check_data",
                                 "score_masks", "plot_runs", "make_tables", "compare_topologies",
                                 "report", "plot_embeddings", "embed_tree"}) {
    const ProgramResult help = run_binary(name, "--help");
    EXPECT_EQ(help.status, 0) << name;
    EXPECT_THAT(help.text, HasSubstr("--help"));
    const ProgramResult unknown = run_binary(name, "--no-such-option");
    expect_user_error(unknown, name, "no-such-option");
    EXPECT_EQ(run_binary(name, "").status, 2) << name;
  }
}

TEST_F(ProgramsTest, OptionsOfEarlierSystemsStandInTheHelp) {
  EXPECT_THAT(run_binary("train", "--help").text, HasSubstr("--config arg"));
  for (const std::string option : {"--image arg", "--output-dir", "--config arg", "--checkpoint arg", "--device arg"}) {
    EXPECT_THAT(run_binary("infer", "--help").text, HasSubstr(option));
  }
}

TEST_F(ProgramsTest, AValueOrAPathThatDoesNotFitNamesItself) {
  const std::string evaluate = "--run " + run().string() + " ";
  for (const std::string wrong : {"--visualize --num_viz abc", "--visualize --num-viz=abc"}) {
    expect_user_error(run_binary("evaluate", evaluate + wrong), "evaluate", "--num-viz: expected another kind of value");
  }
  write_text(path("file"), "not a folder");
  expect_user_error(run_binary("evaluate", evaluate + "--output " + path("file").string()), "evaluate",
                    path("file").string());
  expect_user_error(run_binary("evaluate", evaluate + "--visualize --viz-dir ''"), "evaluate", "--viz-dir: expected a folder");
  expect_user_error(run_binary("evaluate", evaluate + "--set data.splits.test.images=none --set data.splits.test.masks=none"),
                    "evaluate", "the data set has no test split (data.splits.test), it has train, val");
}

TEST_F(ProgramsTest, EvaluateWritesTheDocumentedJson) {
  const ProgramResult result = run_binary("evaluate", "--run " + run().string());
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("decode level_sum"));
  const nlohmann::json json = nlohmann::json::parse(bytes_of(run() / "metrics.json"));
  ASSERT_EQ(json.at("levels").size(), 3U);
  for (int k = 1; k <= 3; ++k) {
    const nlohmann::json& level = json.at("levels").at(k - 1);
    EXPECT_EQ(level.at("level"), k);
    for (const char* key : {"miou", "miou_without_background", "pixel_accuracy", "classes"}) {
      EXPECT_TRUE(level.contains(key)) << key;
    }
    EXPECT_TRUE(level.at("classes").at(0).contains("iou"));
  }
  EXPECT_EQ(json.at("levels").at(0).at("classes").at(1).at("name"), "body");
  EXPECT_TRUE(json.at("modes").contains("leaf_argmax"));
  for (const char* file : {"metrics.csv", "metrics.md", "confusion_level_sum_level1.csv"}) {
    EXPECT_TRUE(fs::exists(run() / file)) << file;
  }
}

TEST_F(ProgramsTest, EvaluateAtTheOriginalResolutionOfAnotherSplit) {
  const ProgramResult result = run_binary(
      "evaluate", "--run " + run().string() + " --split val --checkpoint last --set metrics.resolution=original");
  ASSERT_EQ(result.status, 0) << result.text;
  const nlohmann::json json = nlohmann::json::parse(bytes_of(run() / "val" / "metrics.json"));
  EXPECT_EQ(json.at("resolution"), "original");
}

TEST_F(ProgramsTest, InferWritesMasksOverlaysAndConfidence) {
  const std::string image = (data() / "test/images/0.png").string();
  const std::string arguments = "--run " + run().string() + " --output " + path("inferred").string() + " " + image;
  const ProgramResult result = run_binary("infer", arguments);
  ASSERT_EQ(result.status, 0) << result.text;
  const RawMask mask = read_mask(path("inferred") / "0_level3.png");
  EXPECT_EQ(mask.values.size(0), kSize);
  EXPECT_LE(mask.values.max().item<int>(), 6);
  EXPECT_TRUE(fs::exists(path("inferred") / "0_level1_overlay.png"));
  EXPECT_TRUE(fs::exists(path("inferred") / "0_confidence.png"));
  const std::string before = bytes_of(path("inferred") / "0_level3.png");
  expect_user_error(run_binary("infer", arguments), "infer", "exists already");
  EXPECT_EQ(bytes_of(path("inferred") / "0_level3.png"), before);
}

TEST_F(ProgramsTest, CompareShowsRunsSideBySide) {
  ASSERT_EQ(run_binary("evaluate", "--run " + run().string()).status, 0);
  fs::copy(run(), path("second_run"), fs::copy_options::recursive);
  const ProgramResult result =
      run_binary("compare", "--run " + run().string() + " --run " + path("second_run").string() + "/");
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("second_run"));
  write_text(path("second_run") / "metrics.json", "{\"levels\": [");
  expect_user_error(run_binary("compare", "--run " + path("second_run").string()), "compare", "metrics.json");
}

TEST_F(ProgramsTest, MakeTablesPutsRunsBesidePublishedFigures) {
  ASSERT_EQ(run_binary("evaluate", "--run " + run().string()).status, 0);
  fs::create_directories(path("tables"));
  const std::string columns =
      "source,table_or_page,dataset,split,model,loss,level,metric,value,unit\n";
  write_text(path("published.csv"), columns + "seed 9,p. 1,Pascal-Part,val,Their Net,,3,miou,0.4,share\n");
  const std::string arguments = "--run " + run().string() + "/ --decode leaf_argmax --published " +
                                path("published.csv").string();
  const ProgramResult result =
      run_binary("make_tables", arguments + " --output " + path("tables").string());
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("*Their Net (published)*"));
  EXPECT_THAT(bytes_of(path("tables") / "table.md"), HasSubstr(run().string()));
  EXPECT_THAT(bytes_of(path("tables") / "table.csv"),
              HasSubstr("\nseed 9,p. 1,Pascal-Part,val,Their Net,,leaf,miou,40,percent,,,\n"));
  EXPECT_THAT(bytes_of(path("tables") / "table.tex"), HasSubstr("\\toprule"));
  expect_user_error(run_binary("make_tables", arguments + " --output " + path("nowhere").string()),
                    "make_tables", "--output");
  expect_user_error(run_binary("make_tables", "--run " + run().string() + " --decode no_mode"),
                    "make_tables", "no_mode");
  const ProgramResult named = run_binary("make_tables", arguments + " --rows root_middle_leaf");
  EXPECT_THAT(named.text, HasSubstr("| mean root IoU | mean middle IoU | mean leaf IoU | mIoU leaf |"));
  expect_user_error(run_binary("make_tables", arguments + " --rows leaf"), "make_tables", "--rows");
  expect_user_error(run_binary("make_tables", arguments + " --published " + path("published.csv").string()),
                    "make_tables", "published.csv:2: value: a second number");
  write_text(path("published.csv"), columns + "seed 9,p. 1,d,val,m,,3,miou,40,share\n");
  expect_user_error(run_binary("make_tables", arguments), "make_tables", "published.csv:2: value");
}

TEST_F(ProgramsTest, TrainPrintsConfigAndHierarchyWithoutTraining) {
  const ProgramResult config = run_binary("train", with_config() + "--print-config --set optimizer.lr=0.125");
  EXPECT_EQ(config.status, 0);
  EXPECT_THAT(config.text, HasSubstr("lr: 0.125"));
  const ProgramResult tree = run_binary("train", with_config() + "--print-hierarchy");
  EXPECT_EQ(tree.status, 0);
  EXPECT_THAT(tree.text, HasSubstr("lower_body: low_leg up_leg"));
}

TEST_F(ProgramsTest, TrainStopsResumesAndRefusesToOverwrite) {
  const std::string output = path("stopped").string();
  const ProgramResult first = run_binary("train", with_config() + "--output " + output + " --stop-after 1");
  EXPECT_EQ(first.status, 0) << first.text;
  EXPECT_THAT(first.text, HasSubstr("go on with: train --resume " + output));
  expect_user_error(run_binary("train", with_config() + "--output " + output), "train", "holds a run already");
  const ProgramResult second = run_binary("train", "--resume " + output);
  EXPECT_EQ(second.status, 0) << second.text;
  EXPECT_THAT(second.text, HasSubstr("finished at step 2"));
}

TEST_F(ProgramsTest, InterruptSavesAndSaysHowToResume) {
  const std::string output = path("interrupted").string();
  const std::string command = with_config() + "--output " + output +
                              " --set training.epochs=100000 & pid=$!; "
                              "while [ ! -e " + output + "/last.json ]; do sleep 0.1; done; "
                              "kill -INT $pid; wait $pid";
  const ProgramResult result = run_binary("train", command);
  EXPECT_EQ(result.status, 130) << result.text;
  EXPECT_THAT(result.text, HasSubstr("everything is saved; go on with: train --resume"));
}

TEST_F(ProgramsTest, ConfigMistakesAreListedWithPlaces) {
  const ProgramResult result =
      run_binary("train", with_config() + "--set embedding.curvature=-1 --set modle.encoder=resnet18");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.text, HasSubstr("--set embedding.curvature=-1: embedding.curvature: expected a number > 0"));
  EXPECT_THAT(result.text, HasSubstr("did you mean model?"));
  expect_user_error(run_binary("train", "--config " + path("none.yaml").string()), "train", "none.yaml");
}

TEST_F(ProgramsTest, UnknownEncoderListsTheKnownOnes) {
  const ProgramResult result = run_binary("train", with_config() + "--set model.encoder=resnet19 --output " + path("no_run").string());
  expect_user_error(result, "train", "resnet18");
  EXPECT_FALSE(fs::exists(path("no_run")));
}

TEST_F(ProgramsTest, SpoiledDataIsNamedByTrainAndListedByCheckData) {
  const fs::path root = spoiled("spoiled");
  const fs::path image = root / "train/images/1.png";
  write_text(image, bytes_of(image).substr(0, 200));
  torch::Tensor wrong = torch::zeros({kSize, kSize}, torch::kUInt8);
  wrong[4][7] = 99;
  write_mask(root / "train/masks/2.png", wrong, figures_palette());
  write_mask(root / "train/masks/3.png", torch::zeros({kSize, kSize + 8}, torch::kUInt8), figures_palette());
  const std::string set = "--set data.root=" + root.string();
  const ProgramResult checked = run_binary("check_data", with_config() + set);
  EXPECT_EQ(checked.status, 2);
  EXPECT_THAT(checked.text, HasSubstr("1.png"));
  EXPECT_THAT(checked.text, HasSubstr("99"));
  EXPECT_THAT(checked.text, HasSubstr("(x 7, y 4)"));
  EXPECT_THAT(checked.text, HasSubstr("3.png"));
  const ProgramResult trained = run_binary("train", with_config() + set + " --output " + path("spoiled_run").string());
  EXPECT_EQ(trained.status, 2) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr(root.string()));
}

TEST_F(ProgramsTest, CleanDataPassesTheCheck) {
  const ProgramResult result = run_binary("check_data", with_config());
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("sqrt_median_frequency"));
}

TEST_F(ProgramsTest, AMissingSplitIsAProblemOfTheCheck) {
  const ProgramResult missing = run_binary("check_data", with_config() + "--set data.splits.train.images=trian/images");
  EXPECT_EQ(missing.status, 2) << missing.text;
  EXPECT_THAT(missing.text, HasSubstr("trian/images"));
  EXPECT_THAT(missing.text, ::testing::Not(HasSubstr("sqrt_median_frequency")));  // weights are of training images
  const std::string none = "--set data.splits.test.images=none --set data.splits.test.masks=none";
  EXPECT_EQ(run_binary("check_data", with_config() + none).status, 0);
}

// Neither the check of data nor the tree needs the weights that a training starts from.
TEST_F(ProgramsTest, MissingWeightsMatterToTrainingOnly) {
  std::string config = bytes_of(run() / "config.yaml");
  const std::string none = "pretrained: \"\"";
  ASSERT_NE(config.find(none), std::string::npos);
  config.replace(config.find(none), none.size(), "pretrained: none.safetensors");
  write_text(path("pretrained.yaml"), config);
  const std::string with = "--config " + path("pretrained.yaml").string() + " ";
  EXPECT_EQ(run_binary("check_data", with).status, 0);
  EXPECT_EQ(run_binary("train", with + "--print-hierarchy").status, 0);
  expect_user_error(run_binary("train", with + "--output " + path("no_weights").string()), "train", "scripts/fetch_weights");
}

TEST_F(ProgramsTest, AnImageInTwoSplitsIsReported) {
  const std::string set = "--set data.splits.val.images=train/images --set data.splits.val.masks=train/masks ";
  const ProgramResult checked = run_binary("check_data", with_config() + set);
  EXPECT_EQ(checked.status, 2) << checked.text;
  EXPECT_THAT(checked.text, HasSubstr("splits train and val share"));
  const ProgramResult trained =
      run_binary("train", with_config() + set + "--stop-after 1 --output " + path("shared_run").string());
  EXPECT_EQ(trained.status, 0) << trained.text;
  EXPECT_THAT(trained.text, HasSubstr("warning: "));
  EXPECT_THAT(trained.text, HasSubstr("splits train and val share"));
}

TEST_F(ProgramsTest, DamagedCheckpointsAreRefused) {
  const fs::path copy = path("damaged");
  fs::copy(run(), copy, fs::copy_options::recursive);
  const std::string bytes = bytes_of(copy / "best.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, bytes.size() / 2}) {
    write_text(copy / "best.safetensors", bytes.substr(0, size));
    expect_user_error(run_binary("evaluate", "--run " + copy.string()), "evaluate", "best.safetensors");
    expect_user_error(run_binary("infer", "--run " + copy.string() + " --output " + path("x").string() + " " +
                                              (data() / "test/images/0.png").string()),
                      "infer", "best.safetensors");
  }
  write_text(copy / "last.safetensors", "not a checkpoint");
  expect_user_error(run_binary("train", "--resume " + copy.string()), "train", "last.safetensors");
  expect_user_error(run_binary("evaluate", "--run " + path("nowhere").string()), "evaluate", "no such run folder");
}

TEST_F(ProgramsTest, InferNamesAnImageThatItCannotRead) {
  write_text(path("broken.jpg"), "not an image");
  for (const std::string name : {"broken.jpg", "missing.jpg"}) {
    expect_user_error(run_binary("infer", "--run " + run().string() + " --output " + path("y").string() + " " +
                                              path(name).string()),
                      "infer", name);
  }
}

}  // namespace gyroseg::programs_test
