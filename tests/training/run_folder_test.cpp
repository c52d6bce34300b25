#include "gyroseg/training/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>

#include "gyroseg/training/checkpoint.h"
#include "support/tiny_run.h"

namespace gyroseg::run_folder_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string message(const std::function<void()>& call) {
  try {
    call();
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

class RunFolderTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }
  [[nodiscard]] RunFolder run(const std::string& name, int age_in_hours = 0) const {
    const RunFolder made{path(name)};
    put(made.config(), "");
    fs::last_write_time(made.config(), fs::file_time_type::clock::now() - std::chrono::hours(age_in_hours));
    return made;
  }
  [[nodiscard]] Config config() const {
    Config config = tiny_config(path("data"), 32);
    config.name = "fun";
    config.output_dir = path("checkpoints").string();
    config.training.link_best = true;
    return config;
  }

  TemporaryFolder folder_{"run_folder"};
};

TEST_F(RunFolderTest, TheUsersConfigIsKeptByteForByte) {
  put(path("mine.json"), "{\"a\":\t1}\r\n");
  begin_run({path("run")}, config(), path("mine.json"));
  EXPECT_EQ(bytes_of(path("run/config.original.json")), "{\"a\":\t1}\r\n");
  begin_run({path("none")}, config(), path("gone.yaml"));
  EXPECT_FALSE(fs::exists(path("none/config.original.yaml")));
  // A config that stands in the folder as config.yaml is not the resolved one.
  put(path("own/config.yaml"), "own");
  begin_run({path("own")}, config(), path("own/config.yaml"));
  EXPECT_EQ(bytes_of(path("own/config.original.yaml")), "own");
}

// By the time in the name: those of files do not outlive a copy.
TEST_F(RunFolderTest, RunsAreFoundByNameTheLatestStartFirst) {
  (void)run("fun_20240101-000000-10", 3);
  (void)run("fun_20240101-000000", 1);
  (void)run("fun_20230101-000000", 0);
  (void)run("fun_20240101-000000-2", 2);
  (void)run("fun_large_20250101-000000");
  fs::create_directories(path("fun_20260101-000000"));  // no config: no run
  EXPECT_EQ(find_run(folder_.path(), "fun").path, path("fun_20240101-000000-10"));
  (void)run("fun", 9);
  EXPECT_EQ(find_run(folder_.path(), "fun").path, path("fun"));
  EXPECT_THAT(message([&] { (void)find_run(folder_.path(), "fu"); }),
              HasSubstr("holds fun, fun_20230101-000000, fun_20240101-000000, "));
  EXPECT_THAT(message([&] { (void)find_run(path("none"), "fu"); }), HasSubstr("holds no run"));
}

TEST_F(RunFolderTest, AMissingCheckpointSaysWhy) {
  const RunFolder begun = run("begun");
  Config config = this->config();
  EXPECT_THAT(message([&] { (void)find_checkpoint(begun, "last", config); }),
              HasSubstr("begun/last.safetensors: no such checkpoint; the run stopped before its first"));
  EXPECT_THAT(message([&] { (void)find_checkpoint(begun, "none.safetensors", config); }),
              HasSubstr("none.safetensors: no such checkpoint; expected a .safetensors file that train wrote"));
  EXPECT_THAT(message([&] { (void)new_run(begun.path, config); }), HasSubstr("the beginning of a run"));
  config.training.save_checkpoints = false;
  EXPECT_THAT(message([&] { (void)find_checkpoint(begun, "best", config); }),
              HasSubstr("trained with training.save_checkpoints: false"));
  put(begun.best(), "weights");
  EXPECT_EQ(find_checkpoint(begun, "best", config), begun.best());
  EXPECT_THAT(message([&] { (void)new_run(begun.path, config); }), HasSubstr("holds a run already"));
}

TEST_F(RunFolderTest, TheLinkLeadsToTheLatestBest) {
  put(run("checkpoints/fun_1").best(), "first");
  put(run("elsewhere/fun_2").best(), "second");
  EXPECT_EQ(best_link(config()), path("checkpoints/fun_best.safetensors"));
  for (const auto& [name, text] : {std::pair{"checkpoints/fun_1", "first"}, std::pair{"elsewhere/fun_2", "second"}}) {
    link_best({path(name)}, config());
    EXPECT_EQ(bytes_of(best_link(config())), text);
    EXPECT_TRUE(fs::read_symlink(best_link(config())).is_relative());
  }
}

TEST_F(RunFolderTest, AFileIsNeverReplacedByTheLink) {
  put(best_link(config()), "somebody's weights");
  const std::string expected = "fun_best.safetensors: a file is where training.link_best keeps its link";
  EXPECT_THAT(message([&] { begin_run({path("run")}, config()); }), HasSubstr(expected));
  EXPECT_FALSE(fs::exists(path("run")));
  EXPECT_THAT(message([&] { link_best(run("run"), config()); }), HasSubstr(expected));
  EXPECT_EQ(bytes_of(best_link(config())), "somebody's weights");
}

}  // namespace gyroseg::run_folder_test
