// plot_embeddings on runs of train in several spaces.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "support/tiny_run.h"

namespace gyroseg::plot_embeddings_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kSize = 32;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class PlotEmbeddingsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder("plot_embeddings");
    for (const auto& [split, count] : {std::pair{"train", 2}, std::pair{"val", 2}, std::pair{"test", 3}}) {
      draw_split(path("data"), split, count, kSize);
    }
    Config config = tiny_config(path("data"), kSize);
    config.training.epochs = 1;
    config.optimizer.clip_norm = 1;
    std::ofstream(path("config.yaml")) << write_config(config);
    train("ball", "");
    train("flat", " --set embedding.space=euclidean --set embedding.dim=2");
    train("none", " --set classifier.input=features --set loss=[{name: cross_entropy}]");
  }
  static void TearDownTestSuite() { delete folder_; }

  static void train(const std::string& name, const std::string& more) {
    std::string quoted = more;
    const auto at = quoted.find("loss=");
    if (at != std::string::npos) {
      quoted = quoted.substr(0, at) + "'" + quoted.substr(at) + "'";
    }
    const ProgramResult trained = run_binary("train", "--config " + path("config.yaml").string() + " --output " + path(name).string() + quoted);
    ASSERT_EQ(trained.status, 0) << trained.text;
  }
  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static std::string run(const std::string& name) { return "--run " + path(name).string() + " "; }

  static TemporaryFolder* folder_;
};

TemporaryFolder* PlotEmbeddingsTest::folder_ = nullptr;

TEST_F(PlotEmbeddingsTest, OneRunIsDrawnIntoItsOwnFolderWithTablesOfAllFields) {
  ASSERT_EQ(run_binary("evaluate", run("ball")).status, 0);
  const ProgramResult result = run_binary("plot_embeddings", run("ball") + "--points 140 --samples 1 --theme dark");
  ASSERT_EQ(result.status, 0) << result.text;
  const fs::path folder = path("ball") / "embedding_figures";
  for (const std::string name : {"embedding_level1", "embedding_level2", "embedding_level3", "radius_by_depth", "radius_by_class", "uncertainty", "gradient_norm", "clipped",
                                 "loss", "miou_level3", "confusion_level_sum_level2", "panels_level1"}) {
    EXPECT_TRUE(fs::exists(folder / (name + ".svg"))) << name << "\n" << result.text;
    EXPECT_TRUE(fs::exists(folder / (name + ".png"))) << name;
    EXPECT_THAT(text_of(folder / (name + ".svg")), HasSubstr("#15181d")) << name;  // the dark ground
  }
  const std::string picture = text_of(folder / "embedding_level3.svg");
  EXPECT_THAT(picture, HasSubstr("HoroPCA"));
  EXPECT_THAT(picture, HasSubstr(">torso</text>"));
  EXPECT_THAT(picture, HasSubstr("A"));
  const std::string pixels = text_of(folder / "pixels.csv");
  EXPECT_THAT(pixels, StartsWith("image,row,column,leaf,predicted,level_1,predicted_1,level_2,predicted_2,level_3,predicted_3,radius,confidence,x,y,v1,"));
  const auto rows = std::count(pixels.begin(), pixels.end(), '\n');
  EXPECT_GT(rows, 50);
  EXPECT_LE(rows, 141);
  const std::string prototypes = text_of(folder / "prototypes.csv");
  EXPECT_THAT(prototypes, HasSubstr("\nbody/upper_body/torso,3,body/upper_body,frechet_mean,"));
  EXPECT_EQ(std::count(prototypes.begin(), prototypes.end(), '\n'), 11);
}

TEST_F(PlotEmbeddingsTest, SeveralRunsHaveNamesAndOneWithoutEmbeddingIsLeftOut) {
  const ProgramResult result = run_binary("plot_embeddings", run("ball") + run("flat") + run("none") + "--output " + path("figures").string() + " --points 70 --samples 0 --level 2");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: embeddings of none: its network has none"));
  EXPECT_TRUE(fs::exists(path("figures") / "ball_embedding_level2.png"));
  EXPECT_FALSE(fs::exists(path("figures") / "ball_embedding_level1.png"));
  EXPECT_THAT(text_of(path("figures") / "flat_embedding_level2.svg"), HasSubstr("2-D head as it is"));
  const ProgramResult again = run_binary("plot_embeddings", run("ball") + "--output " + path("figures").string());
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.text, HasSubstr("exists already"));
}

TEST_F(PlotEmbeddingsTest, MistakesAreNamedInOneLine) {
  for (const auto& [arguments, message] :
       {std::pair{std::string(""), "expected --run DIR"},
        std::pair{run("ball") + "--projection pca", "--projection: expected auto | plane | tangent_pca | horo_pca, got pca"},
        std::pair{run("ball") + "--projection plane", "projection plane: needs embedding.dim 2, the run has 8"},
        std::pair{run("flat") + "--projection horo_pca", "needs embedding.space poincare or lorentz, the run has euclidean"},
        std::pair{run("ball") + "--level 4", "--level: expected a level from 1 to 3, got 4"},
        std::pair{run("ball") + "--theme blue", "--theme: expected light | dark, got blue"},
        std::pair{run("ball") + "--points 0", "--points: expected a number from 1, got 0"},
        std::pair{run("ball") + run("flat"), "expected --output DIR, as there are several runs"},
        std::pair{run("data"), "data"}}) {
    const ProgramResult result = run_binary("plot_embeddings", arguments);
    EXPECT_EQ(result.status, 2) << arguments << result.text;
    EXPECT_THAT(result.text, HasSubstr(message));
    EXPECT_EQ(std::count(result.text.begin(), result.text.end(), '\n'), 1) << result.text;
  }
}

}  // namespace gyroseg::plot_embeddings_test
