// papers/NAME/plan: every run of every plan, for each data set, is a config; and run_plan as a user
// calls it, on a small plan in a folder of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "support/tiny_run.h"

namespace gyroseg::plans_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path kSource = GYROSEG_SOURCE_DIR;

/// A line "NAME CONFIG" of `run_plan --list`, and its overrides.
struct PlannedRun {
  std::string name;
  std::string config;
  std::vector<std::string> overrides;
};

/// `root` holds papers/run_plan.
ProgramResult run_plan(const fs::path& root, const std::string& arguments) {
  return run_shell("GYROSEG_BUILD=" GYROSEG_BINARY_DIR "/.. " + (root / "papers/run_plan").string() + " " +
                   arguments);
}

std::vector<PlannedRun> list_runs(const fs::path& root, const std::string& arguments) {
  const ProgramResult result = run_plan(root, arguments + " --list");
  EXPECT_EQ(result.status, 0) << result.text;
  std::vector<PlannedRun> runs;
  std::istringstream lines(result.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) {
      runs.back().overrides.push_back(line.substr(2));
    } else {
      const std::size_t space = line.find(' ');
      runs.push_back({line.substr(0, space), line.substr(space + 1), {}});
    }
  }
  return runs;
}

struct DataSet {
  std::string name;
  std::string root;  ///< of every paper's runs; "": one that some papers were published with
  int longest;       ///< side of an image
};

TEST(Plans, EveryRunIsAConfigOfItsOwn) {
  const std::vector<DataSet> sets = {{"figures", "data/figures4000", 64},
                                     {"camvid", "../shared/camvid", 120},
                                     {"pascal_part", "", 0},
                                     {"cityscapes", "", 0},
                                     {"voc", "", 0}};
  int plans = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(kSource / "papers")) {
    if (!fs::exists(entry.path() / "plan")) {
      continue;
    }
    const std::string paper = entry.path().filename().string();
    ++plans;
    int as_published = 0;
    for (const DataSet& set : sets) {
      const std::string arguments = paper + " --data " + set.name;
      if (set.root.empty() && run_plan(kSource, arguments + " --list").status == 2) {
        continue;
      }
      as_published += set.root.empty() ? 1 : 0;
      std::set<std::string> different;
      const std::vector<PlannedRun> runs = list_runs(kSource, arguments);
      for (PlannedRun run : runs) {
        SCOPED_TRACE(arguments + " " + run.name);
        run.overrides.insert(run.overrides.end(), {"model.pretrained=", "device=cpu", "name=x"});
        Config config;
        ASSERT_NO_THROW(config = read_config(kSource / run.config, run.overrides));
        different.insert(write_config(config));
        if (!set.root.empty()) {
          EXPECT_EQ(config.data.root, set.root);
          EXPECT_LE(std::max(config.data.image_size[0], config.data.image_size[1]), set.longest);
        }
      }
      EXPECT_FALSE(runs.empty());
      EXPECT_EQ(different.size(), runs.size()) << arguments << ": two runs are one";
    }
    EXPECT_EQ(as_published, 1) << paper;
  }
  EXPECT_GE(plans, 8);
}

TEST(Plans, SeedFoursSevenExperimentsAreSevenConfigs) {
  for (const char* data : {"figures", "pascal_part"}) {
    std::vector<std::string> names;
    for (const PlannedRun& run : list_runs(kSource, std::string("seed004 --data ") + data)) {
      names.push_back(run.name);
      EXPECT_EQ(run.config, "configs/papers/seed004_" + run.name + "_" + data + ".yaml");
      EXPECT_THAT(run.overrides, ElementsAre());
    }
    EXPECT_THAT(names,
                ElementsAre("baseline", "lanczos", "augmented", "dice", "focal", "unet", "hierarchical"));
  }
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

/// A copy of run_plan beside the plan `one` of the run `dots`: two steps of a pointwise network.
class RunPlan : public ::testing::Test {
 protected:
  RunPlan() : folder_("plans") {
    write_text(path("papers/run_plan"), text_of(kSource / "papers/run_plan"));
    fs::permissions(path("papers/run_plan"), fs::perms::owner_all);
    write_text(path("papers/tiny.data"), "configs small\nset data.root=" + path("data").string() + "\n");
    Config config = pointwise_config("nowhere", 16);
    config.loss.resize(1);
    config.training.epochs = 1;
    config.training.threads = 1;
    write_text(path("configs/one_small.yaml"), write_config(config));
    plan("");
  }

  [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }
  void plan(const std::string& more) const {
    write_text(path("papers/one/plan"), "title One run\nrun dots configs/one_{data}.yaml\n" + more);
  }
  void draw() const {
    for (const auto& [split, count] : {std::pair{"train", 4}, std::pair{"val", 2}, std::pair{"test", 2}}) {
      draw_split(path("data"), split, count, 16);
    }
  }
  /// `run_plan one --data tiny`.
  [[nodiscard]] ProgramResult run(const std::string& more = "") const {
    return run_plan(folder_.path(), "one --data tiny " + more);
  }
  void expect_refused(const std::string& place, const std::string& difference) const {
    const ProgramResult refused = run();
    EXPECT_EQ(refused.status, 2) << refused.text;
    EXPECT_THAT(refused.text,
                HasSubstr("== " + place + " was made by another config than the plan's; to train again "
                          "remove papers/one/tiny/dots and runs/papers/one/tiny/dots:"));
    EXPECT_THAT(refused.text, HasSubstr(difference));
    EXPECT_THAT(refused.text, HasSubstr("the tables of papers/one/tiny are left as they were"));
  }

  TemporaryFolder folder_;
};

TEST_F(RunPlan, TrainsKeepsAndTabulates) {
  draw();
  ASSERT_EQ(run().status, 0);
  const fs::path kept = path("papers/one/tiny/dots"), table = path("papers/one/tiny/table.md");
  for (const char* file : {"config.yaml", "metrics.jsonl", "metrics.json"}) {
    EXPECT_EQ(text_of(kept / file), text_of(path("runs/papers/one/tiny/dots") / file));
  }
  EXPECT_THAT(text_of(kept / "config.yaml"), HasSubstr("name: one_dots\n"));
  EXPECT_THAT(text_of(kept / "metrics.json"), HasSubstr("\"split\": \"test\""));
  EXPECT_THAT(text_of(table), AllOf(HasSubstr("# One run\n"), HasSubstr("| dots ")));

  // Kept, and still the plan's where only what is measured beside the training is new.
  plan("set training.evaluate_train=2\n");
  const ProgramResult again = run();
  EXPECT_EQ(again.status, 0) << again.text;
  EXPECT_THAT(again.text, AllOf(HasSubstr("== papers/one/tiny/dots: done"), Not(HasSubstr("training in"))));

  // Another config: the kept run and the tables stay, and so they do once only the trained folder is there.
  write_text(table, "of before\n");
  plan("set optimizer.lr=0.5\nrun more configs/one_{data}.yaml\nset seed=9\n");
  expect_refused("papers/one/tiny/dots", ">   lr: 0.5");
  EXPECT_TRUE(fs::exists(path("papers/one/tiny/more/metrics.json"))) << "the others are made";
  EXPECT_EQ(text_of(table), "of before\n");
  fs::remove_all(kept);
  expect_refused("runs/papers/one/tiny/dots", ">   lr: 0.5");
  EXPECT_FALSE(fs::exists(kept));
  EXPECT_EQ(text_of(table), "of before\n");
  fs::remove_all(path("runs/papers/one/tiny/dots"));
  EXPECT_EQ(run().status, 0);
  EXPECT_THAT(text_of(table), AllOf(HasSubstr("| dots "), HasSubstr("| more ")));
}

TEST_F(RunPlan, AnInterruptedRunGoesOnByItsOwnConfigOnly) {
  draw();
  ASSERT_EQ(run().status, 0);
  const std::string whole = text_of(path("papers/one/tiny/dots/metrics.json"));
  const fs::path work = path("runs/papers/one/tiny/dots");
  fs::remove_all(path("papers/one"));
  fs::remove_all(work);
  plan("");
  const ProgramResult half = run_binary("train", "--config " + path("configs/one_small.yaml").string() +
                                                     " --set name=one_dots --set data.root=" +
                                                     path("data").string() + " --stop-after 1 --output " +
                                                     work.string());
  ASSERT_EQ(half.status, 0) << half.text;

  plan("set training.epochs=2\n");
  expect_refused("runs/papers/one/tiny/dots", ">   epochs: 2");
  plan("");
  const ProgramResult resumed = run();
  ASSERT_EQ(resumed.status, 0) << resumed.text;
  EXPECT_THAT(resumed.text, HasSubstr("resuming at step 1"));
  EXPECT_EQ(text_of(path("papers/one/tiny/dots/metrics.json")), whole);
}

TEST_F(RunPlan, SaysWhatIsWrong) {
  const auto error = [&](const std::string& arguments) {
    const ProgramResult result = run_plan(folder_.path(), arguments);
    EXPECT_EQ(result.status, 2) << arguments << "\n" << result.text;
    return result.text;
  };
  EXPECT_THAT(error("one --data tiny --list dost"), HasSubstr("papers/one/plan has no run dost: dots"));
  EXPECT_THAT(error("one --data nodata --list"), HasSubstr("expected the config configs/one_nodata.yaml"));
  EXPECT_THAT(error("one --data nodata"), HasSubstr("expected the config configs/one_nodata.yaml"));
  EXPECT_THAT(error("one --data"), HasSubstr("--data: expected a data set, got nothing; usage:"));
  EXPECT_THAT(error("one --data --list"), HasSubstr("--data: expected a data set, got --list; usage:"));
  EXPECT_THAT(error("two"), HasSubstr("expected the file papers/two/plan"));
  const auto plan_error = [&](const std::string& more) {
    plan(more);
    return error("one --data tiny --list");
  };
  EXPECT_THAT(plan_error("set:tiny,tyni seed=1\n"),
              HasSubstr("papers/one/plan:3: set:tyni: expected papers/tyni.data or configs/one_tyni.yaml"));
  EXPECT_THAT(plan_error("only:tiny dots\n"), HasSubstr("papers/one/plan:3: expected title | decode"));
  EXPECT_THAT(plan_error("run dots configs/one_{data}.yaml\n"), HasSubstr("plan:3: a second run dots"));
  EXPECT_THAT(plan_error("run two configs/one_small.yaml\n"), HasSubstr("with {data} in CONFIG"));
  plan("set:tiny,small,figures seed=1\n");
  EXPECT_THAT(list_runs(folder_.path(), "one --data tiny dots").front().overrides,
              ElementsAre("data.root=" + path("data").string(), "seed=1"));
}

}  // namespace gyroseg::plans_test
