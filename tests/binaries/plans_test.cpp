// papers/NAME/plan: every run of every plan, for the drawn figures and as published, is a config.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "binaries/program.h"
#include "gyroseg/config/read.h"

namespace gyroseg::plans_test {

namespace fs = std::filesystem;

const fs::path kSource = GYROSEG_SOURCE_DIR;

/// A line "NAME CONFIG" of `run_plan --list`, and its overrides.
struct PlannedRun {
  std::string name;
  std::string config;
  std::vector<std::string> overrides;
};

std::vector<PlannedRun> list_runs(const std::string& paper, const std::string& data) {
  const std::string script = (kSource / "papers/run_plan").string();
  const ProgramResult result = run_shell(script + " " + paper + " --data " + data + " --list");
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

TEST(Plans, EveryRunIsAConfigOfItsOwn) {
  int plans = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(kSource / "papers")) {
    if (!fs::exists(entry.path() / "plan")) {
      continue;
    }
    const std::string paper = entry.path().filename().string();
    ++plans;
    int as_published = 0;
    for (const std::string data : {"figures", "pascal_part", "cityscapes", "voc"}) {
      const std::vector<PlannedRun> runs = list_runs(paper, data);
      ASSERT_FALSE(runs.empty()) << paper;
      if (!fs::exists(kSource / runs.front().config)) {
        continue;
      }
      std::set<std::string> different;
      for (PlannedRun run : runs) {
        SCOPED_TRACE(paper + " " + data + " " + run.name);
        run.overrides.insert(run.overrides.end(), {"model.pretrained=", "device=cpu", "name=x"});
        Config config;
        ASSERT_NO_THROW(config = read_config(kSource / run.config, run.overrides));
        different.insert(write_config(config));
        as_published += data != "figures" ? 1 : 0;
        if (data == "figures") {
          EXPECT_EQ(config.data.root, "data/figures4000");
          EXPECT_LE(config.data.image_size[0], 64);
        }
      }
      EXPECT_EQ(different.size(), runs.size()) << paper << ": two runs are one";
    }
    EXPECT_GT(as_published, 0) << paper;
  }
  EXPECT_GE(plans, 8);
}

}  // namespace gyroseg::plans_test
