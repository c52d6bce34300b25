// report on runs of train, and on folders that lack something.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "gyroseg/models/safetensors.h"
#include "support/tiny_run.h"

namespace gyroseg::report_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kSide = 32;

std::string page_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

nlohmann::json page_data(const std::string& page) {
  const std::string open = "id=\"embedding-data\">";
  const std::size_t from = page.find(open);
  if (from == std::string::npos) {
    return nullptr;
  }
  return nlohmann::json::parse(page.substr(from + open.size(), page.find("</script>", from) - from - open.size()));
}

class ReportTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder("report");
    for (const auto& [split, count] : {std::pair{"train", 2}, std::pair{"val", 2}, std::pair{"test", 3}}) {
      draw_split(path("data"), split, count, kSide);
    }
    Config config = tiny_config(path("data"), kSide);
    config.training.epochs = 1;
    std::ofstream(path("ball.yaml")) << write_config(config);
    Config flat = config;
    flat.classifier.input = "features";
    flat.loss.resize(1);
    std::ofstream(path("flat.yaml")) << write_config(flat);
    config.embedding = {"euclidean", 2, 1.0};
    std::ofstream(path("plane.yaml")) << write_config(config);
    config.training.epochs = 50;
    config.training.max_steps = 2;  // of one an epoch
    std::ofstream(path("short.yaml")) << write_config(config);
    config.training.max_steps = 0;
    config.embedding = {"poincare", 2, 0.5};
    config.training.epochs = 3;
    config.training.embedding_snapshots = 200;
    std::ofstream(path("kept.yaml")) << write_config(config);
    for (const std::string name : {"ball", "plane", "flat", "kept", "short"}) {
      const ProgramResult trained = run_binary("train", "--config " + path(name + ".yaml").string() +
                                                            " --output " + path(name).string());
      ASSERT_EQ(trained.status, 0) << trained.text;
    }
    const ProgramResult evaluated = run_binary("evaluate", "--run " + path("ball").string());
    ASSERT_EQ(evaluated.status, 0) << evaluated.text;
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  // A run folder of files of another, its config's data elsewhere where `root` is not empty.
  static void copy_run(const std::string& from, const std::string& to, const std::vector<std::string>& files,
                       const std::string& root = "") {
    fs::create_directories(path(to));
    for (const std::string& file : files) {
      fs::copy(path(from) / file, path(to) / file, fs::copy_options::recursive);
    }
    if (!root.empty()) {
      std::string text = page_text(path(to) / "config.yaml");
      const std::string old = path("data").string();
      const std::size_t at = text.find(old);
      ASSERT_NE(at, std::string::npos) << text;
      std::ofstream(path(to) / "config.yaml") << text.replace(at, old.size(), root);
    }
  }

  static std::string run(const std::string& name) { return "--run " + path(name).string() + " "; }

  static TemporaryFolder* folder_;
};

TemporaryFolder* ReportTest::folder_ = nullptr;

void expect_refused(const ProgramResult& result, const std::string& message) {
  EXPECT_EQ(result.status, 2) << result.text;
  EXPECT_THAT(result.text, HasSubstr(message));
}

TEST_F(ReportTest, OneRunBecomesOneFile) {
  for (int round = 0; round < 2; ++round) {  // and is written anew
    const ProgramResult result = run_binary("report", run("ball"));
    ASSERT_EQ(result.status, 0) << result.text;
    EXPECT_EQ(result.text, (path("ball") / "report.html").string() + "\n");
  }
  const std::string page = page_text(path("ball") / "report.html");
  for (const char* part : {"<td>poincare, 8 dimensions</td>", "<h2>Metrics</h2>", "<td>low_hand</td>", "alt=\"Loss\"",
                           "alt=\"ball: test split, level 3, level_sum\"", "alt=\"ball: test split, level 1", "HoroPCA, which keeps ",
                           "test split at checkpoint best"}) {
    EXPECT_TRUE(page.find(part) != std::string::npos) << part;
  }
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
  const nlohmann::json data = page_data(page);
  ASSERT_EQ(data.at("runs").size(), 1u);
  EXPECT_EQ(data.at("images").size(), 3u);
  EXPECT_EQ(data.at("runs")[0].at("name"), "ball");
}

TEST_F(ReportTest, TwoRunsStandBesideEachOther) {
  const std::string output = path("both/of/them.html").string();
  const std::string line = run("ball") + "--against " + path("plane").string() + " --points 700 --samples 1 --output " + output;
  const ProgramResult result = run_binary("report", line);
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: tables of plane: no metrics of the test split; evaluate --run "));
  const nlohmann::json data = page_data(page_text(output));
  ASSERT_EQ(data.at("runs").size(), 2u);
  EXPECT_EQ(data.at("runs")[1].at("view"), "plane");
  // The same pixels in both, so that one can be found in the other.
  EXPECT_EQ(data.at("runs")[0].at("points"), data.at("runs")[1].at("points"));
  expect_refused(run_binary("report", line), "exists already");
  EXPECT_EQ(run_binary("report", line + " --overwrite").status, 0);
}

// Numbers from base64, by Python's decoder.
std::vector<float> unpacked(const nlohmann::json& text) {
  const ProgramResult result = run_shell("python3 -c \"import base64, struct; b = base64.b64decode('" +
                                         text.get<std::string>() +
                                         "'); print(*struct.unpack('<%df' % (len(b) // 4), b))\"");
  std::istringstream in(result.text);
  return {std::istream_iterator<float>(in), {}};
}

TEST_F(ReportTest, WhatTrainingKeptIsOnTheSlider) {
  const ProgramResult result = run_binary("report", run("kept") + "--samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  const nlohmann::json data = page_data(page_text(path("kept") / "report.html")).at("runs").at(0);
  EXPECT_THAT(data.at("caption").get<std::string>(), HasSubstr("2-D head as it is, centred at the origin."));
  EXPECT_THAT(data.at("caption").get<std::string>(), HasSubstr("val split, as training kept them"));
  ASSERT_EQ(data.at("snapshots").size(), 3u);
  for (int k = 0; k < 3; ++k) {
    const nlohmann::json& snapshot = data.at("snapshots")[k];
    EXPECT_EQ(snapshot.at("epoch"), k + 1.0);
    // In two dimensions nothing is lost: points are at their distance from the origin.
    const std::vector<float> xy = unpacked(snapshot.at("xy"));
    const std::vector<float> radius = unpacked(snapshot.at("radius"));
    ASSERT_EQ(xy.size(), 2 * radius.size());
    ASSERT_GT(radius.size(), 50u);
    for (std::size_t i = 0; i < radius.size(); ++i) {
      EXPECT_NEAR(std::hypot(xy[2 * i], xy[2 * i + 1]), radius[i], 1e-4 * radius[i]) << k << " " << i;
    }
  }
}

TEST_F(ReportTest, WhatARunLacksIsSaidOnThePage) {
  // A flat classifier beside features: no embedding.
  ProgramResult result = run_binary("report", run("flat") + "--samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: embedding of flat: the network has none"));
  std::string page = page_text(path("flat") / "report.html");
  EXPECT_TRUE(page.find("embedding of flat: the network has none") != std::string::npos);
  EXPECT_TRUE(page_data(page).is_null());
  // No checkpoint.
  fs::create_directories(path("log"));
  for (const char* file : {"config.yaml", "metrics.jsonl"}) {
    fs::copy_file(path("ball") / file, path("log") / file);
  }
  result = run_binary("report", run("log"));
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: embedding of log: "));
  EXPECT_TRUE(fs::exists(path("log") / "report.html"));
  // The data set is elsewhere.
  result = run_binary("report", run("ball") + "--set data.root=/no/such/folder");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: embedding of ball: /no/such/folder"));
}

// The part of the page from the heading of a section to its end.
std::string section(const std::string& page, const std::string& id) {
  const std::size_t from = page.find("<section id=\"" + id + "\">");
  return from == std::string::npos ? "" : page.substr(from, page.find("</section>", from) - from);
}

TEST_F(ReportTest, SnapshotsNeedNoCheckpoint) {
  copy_run("kept", "bare", {"config.yaml", "metrics.jsonl", "embeddings"});
  const ProgramResult result = run_binary("report", run("bare") + "--samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  const nlohmann::json data = page_data(page_text(path("bare") / "report.html"));
  EXPECT_EQ(data.at("runs").at(0).at("snapshots").size(), 3u);
}

TEST_F(ReportTest, SnapshotsFollowTheNamesOfTheirImages) {
  ASSERT_EQ(run_binary("report", run("kept") + "--samples 0").status, 0);
  const nlohmann::json before = page_data(page_text(path("kept") / "report.html")).at("images");
  // One more image between those that there were.
  fs::copy(path("data"), path("more"), fs::copy_options::recursive);
  for (const std::string part : {"images", "masks"}) {
    fs::copy_file(path("data/test") / part / "0.png", path("more/val") / part / "00.png");
  }
  ProgramResult result = run_binary("report", run("kept") + "--samples 0 --set data.root=" + path("more").string());
  ASSERT_EQ(result.status, 0) << result.text;
  nlohmann::json data = page_data(page_text(path("kept") / "report.html"));
  EXPECT_EQ(data.at("images"), before);
  EXPECT_EQ(data.at("runs").at(0).at("snapshots").size(), 3u);
  // One is gone, which was the last one: its index is past the end.
  fs::remove(path("more/val/images/1.png"));
  fs::remove(path("more/val/masks/1.png"));
  fs::remove(path("more/val/images/00.png"));
  fs::remove(path("more/val/masks/00.png"));
  result = run_binary("report", run("kept") + "--samples 0 --set data.root=" + path("more").string());
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: snapshots of kept: the image 1.png is not among those of "));
  data = page_data(page_text(path("kept") / "report.html"));
  EXPECT_EQ(data.at("runs").at(0).at("snapshots").size(), 1u);
  EXPECT_THAT(data.at("runs").at(0).at("caption").get<std::string>(), HasSubstr("test split at checkpoint best"));
}

TEST_F(ReportTest, TheTroubleOfOneRunLeavesTheOther) {
  copy_run("plane", "lost", {"config.yaml", "metrics.jsonl", "best.safetensors", "best.json"}, "/no/such/folder");
  ProgramResult result = run_binary("report", run("lost") + "--against " + path("ball").string() + " --samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: embedding of lost: /no/such/folder"));
  const nlohmann::json data = page_data(page_text(path("lost") / "report.html"));
  ASSERT_EQ(data.at("runs").size(), 1u);
  EXPECT_EQ(data.at("runs").at(0).at("name"), "ball");
}

TEST_F(ReportTest, AnEmbeddingOfNaNLeavesTheOther) {
  copy_run("ball", "nan", {"config.yaml", "metrics.jsonl", "best.safetensors", "best.json"});
  const fs::path weights = path("nan") / "best.safetensors";
  TensorFile file = read_safetensors(weights);
  for (auto& [name, tensor] : file.tensors) {
    if (name.starts_with("projection.out")) {
      tensor = torch::full_like(tensor, std::nan(""));
    }
  }
  write_safetensors(weights, file);
  const ProgramResult result = run_binary("report", run("nan") + "--against " + path("plane").string() + " --samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: embedding of nan: at 1 of 1 moments it is not of finite numbers"));
  EXPECT_EQ(page_data(page_text(path("nan") / "report.html")).at("runs").size(), 1u);
}

TEST_F(ReportTest, EachSectionSaysWhatItLacks) {
  copy_run("ball", "broken", {"config.yaml", "best.safetensors", "best.json", "metrics.json"});
  std::ofstream(path("broken") / "metrics.json") << "{\"decode\": 3";
  const ProgramResult result = run_binary("report", run("broken") + "--against " + path("ball").string() + " --samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  const std::string page = page_text(path("broken") / "report.html");
  const std::string file = (path("broken") / "metrics.json").string();
  EXPECT_THAT(section(page, "metrics"), ::testing::AllOf(HasSubstr("tables of broken: " + file), HasSubstr("<td>low_hand</td>"),
                                                         ::testing::Not(HasSubstr("no metrics of"))));
  EXPECT_THAT(section(page, "curves"), ::testing::AllOf(HasSubstr("curves of broken: "), HasSubstr("alt=\"Loss\"")));
  EXPECT_THAT(section(page, "confusion"), HasSubstr("confusion matrices of broken: none in "));
  for (const char* id : {"embeddings", "panels"}) {
    EXPECT_THAT(section(page, id), ::testing::Not(HasSubstr(" of broken: "))) << id;
  }
}

TEST_F(ReportTest, NumbersOfDifferentClassesStandApart) {
  copy_run("ball", "other", {"config.yaml", "metrics.jsonl", "metrics.json"});
  const std::string line = run("ball") + "--against " + path("other").string() + " --samples 0 --points 0";
  ASSERT_EQ(run_binary("report", line).status, 0);
  EXPECT_THAT(section(page_text(path("ball") / "report.html"), "metrics"), HasSubstr("<h3>mIoU of both</h3>"));
  std::string text = page_text(path("other") / "metrics.json");
  for (std::size_t at = text.find("torso"); at != std::string::npos; at = text.find("torso")) {
    text.replace(at, 5, "trunk");
  }
  std::ofstream(path("other") / "metrics.json") << text;
  ASSERT_EQ(run_binary("report", line).status, 0);
  const std::string metrics = section(page_text(path("ball") / "report.html"), "metrics");
  EXPECT_THAT(metrics, HasSubstr("ball and other were evaluated on different classes"));
  EXPECT_THAT(metrics, ::testing::Not(HasSubstr("<h3>mIoU of both</h3>")));
  EXPECT_THAT(metrics, HasSubstr("<td>trunk</td>"));
}

TEST_F(ReportTest, TwoRunsShowTheSamePixels) {
  // Those that one of them kept, of the val split.
  ProgramResult result = run_binary("report", run("ball") + "--against " + path("kept").string() + " --samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, ::testing::Not(HasSubstr("linked")));
  nlohmann::json data = page_data(page_text(path("ball") / "report.html"));
  ASSERT_EQ(data.at("runs").size(), 2u);
  EXPECT_EQ(data.at("runs")[0].at("points"), data.at("runs")[1].at("points"));
  EXPECT_THAT(data.at("runs")[0].at("caption").get<std::string>(), HasSubstr("val split at checkpoint best"));
  // One folder of data under two names.
  copy_run("ball", "same", {"config.yaml", "best.safetensors", "best.json"}, (path("data") / "val" / "..").string());
  result = run_binary("report", run("ball") + "--against " + path("same").string() + " --samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, ::testing::Not(HasSubstr("linked")));
  data = page_data(page_text(path("ball") / "report.html"));
  EXPECT_EQ(data.at("images").size(), 3u);
  EXPECT_EQ(data.at("runs")[0].at("points"), data.at("runs")[1].at("points"));
  // Other files.
  fs::copy(path("data"), path("twin"), fs::copy_options::recursive);
  copy_run("ball", "apart", {"config.yaml", "best.safetensors", "best.json"}, path("twin").string());
  result = run_binary("report", run("ball") + "--against " + path("apart").string() + " --samples 0");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(section(page_text(path("ball") / "report.html"), "embeddings"),
              HasSubstr("ball and apart show no pixel in common"));
}

TEST_F(ReportTest, TheEpochOfACheckpointIsTheOneThatWasLogged) {
  const ProgramResult result = run_binary("report", run("short") + "--samples 0 --checkpoint last");
  ASSERT_EQ(result.status, 0) << result.text;
  const nlohmann::json data = page_data(page_text(path("short") / "report.html"));
  EXPECT_EQ(data.at("runs").at(0).at("snapshots").at(0).at("step"), 2);
  EXPECT_EQ(data.at("runs").at(0).at("snapshots").at(0).at("epoch"), 2.0);
}

TEST_F(ReportTest, WrongInputEndsWithStatusTwo) {
  expect_refused(run_binary("report", run("ball") + "--against " + path("plane").string() + " --checkpoint " +
                                          (path("ball") / "best.safetensors").string()),
                 "--checkpoint: expected best | last where there are several runs");
  expect_refused(run_binary("report", ""), "expected --run DIR");
  expect_refused(run_binary("report", run("none")), "no such run folder");
  expect_refused(run_binary("report", run("ball") + "--against " + path("ball/").string()), "given twice");
  expect_refused(run_binary("report", run("ball") + "--points 5001"), "--points: expected a number from 0 to 5000");
  expect_refused(run_binary("report", run("ball") + "--split tets"), "expected train | val | test, got tets");
  expect_refused(run_binary("report", run("ball") + "--output " + path("data").string()), "got a folder");
}

}  // namespace gyroseg::report_test
