#include "gyroseg/data/figures_set.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>
#include <torch/types.h>

#include "gyroseg/data/image_io.h"
#include "gyroseg/data/mask_io.h"

namespace gyroseg::figures_set_test {

namespace fs = std::filesystem;

const FiguresSetOptions kSmall{{32, 11}, 5, 2, 3, 1};

class FiguresSet : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) /
            ("figures_set_" +
             std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + "_" +
             std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path root_;
};

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Every file below a folder with its bytes.
std::map<std::string, std::string> tree(const fs::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) {
      files[fs::relative(entry.path(), root).string()] = content(entry.path());
    }
  }
  return files;
}

TEST_F(FiguresSet, WritesTheFoldersAndTheirDescription) {
  EXPECT_TRUE(write_figures_set(root_, kSmall));
  const auto files = tree(root_);
  EXPECT_EQ(files.size(), 2U * (5 + 2 + 3) + 1);
  for (const std::string name : {"train/images/000004.jpg", "train/masks/000004.png",
                                 "val/images/000001.jpg", "test/masks/000002.png",
                                 "figures.json"}) {
    EXPECT_EQ(files.count(name), 1U) << name;
  }
  EXPECT_EQ(files.at("figures.json"), describe_figures_set(kSmall));
}

TEST_F(FiguresSet, FilesHoldWhatIsDrawn) {
  write_figures_set(root_, kSmall);
  const Figure figure = draw_figure(kSmall.figures, "test", 1);
  const RawMask mask = read_mask(root_ / "test/masks/000001.png");
  EXPECT_TRUE(torch::equal(mask.values, figure.mask.to(torch::kInt32)));
  const auto image = read_image(root_ / "test/images/000001.jpg");
  ASSERT_EQ(image.sizes(), figure.image.sizes());
  // JPEG at quality 92 with halved colour resolution errs by a few levels; another picture by 40 or
  // more.
  const auto error = (image.to(torch::kFloat32) - figure.image.to(torch::kFloat32)).abs().mean();
  EXPECT_LT(error.item<float>(), 12);
}

TEST_F(FiguresSet, TellsProgressToTheEnd) {
  std::int64_t calls = 0;
  std::int64_t last = 0;
  FiguresSetOptions options = kSmall;
  options.threads = 3;
  write_figures_set(root_, options, [&](std::int64_t done, std::int64_t total) {
    EXPECT_EQ(total, 10);
    EXPECT_EQ(done, ++calls);
    last = done;
  });
  EXPECT_EQ(last, 10);
}

TEST_F(FiguresSet, DoesNotDependOnThreads) {
  write_figures_set(root_ / "one", kSmall);
  FiguresSetOptions threaded = kSmall;
  threaded.threads = 3;
  write_figures_set(root_ / "three", threaded);
  EXPECT_EQ(tree(root_ / "one"), tree(root_ / "three"));
}

TEST_F(FiguresSet, LeavesTheSameSetAsItIs) {
  write_figures_set(root_, kSmall);
  const fs::path image = root_ / "train/images/000000.jpg";
  const auto written_at = fs::last_write_time(image);
  EXPECT_FALSE(write_figures_set(root_, kSmall));
  EXPECT_EQ(fs::last_write_time(image), written_at);
}

TEST_F(FiguresSet, RefusesAnotherSet) {
  write_figures_set(root_, kSmall);
  const auto before = tree(root_);
  FiguresSetOptions other = kSmall;
  other.figures.seed = 12;
  EXPECT_THROW(write_figures_set(root_, other), DataError);
  EXPECT_EQ(tree(root_), before);
}

TEST_F(FiguresSet, RefusesForeignFilesAndSaysSo) {
  fs::create_directories(root_);
  std::ofstream(root_ / "notes.txt") << "mine";
  try {
    write_figures_set(root_, kSmall);
    FAIL() << "expected DataError";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()),
              root_.string() +
                  ": expected a new or empty folder or this very set, found files that "
                  "make_figures did not write; choose another folder or remove it");
  }
  EXPECT_EQ(tree(root_), (std::map<std::string, std::string>{{"notes.txt", "mine"}}));
}

TEST_F(FiguresSet, RefusesAFileInPlaceOfTheFolder) {
  std::ofstream(root_) << "a file";
  EXPECT_THROW(write_figures_set(root_, kSmall), DataError);
  EXPECT_EQ(content(root_), "a file");
}

TEST_F(FiguresSet, CompletesAnInterruptedSet) {
  write_figures_set(root_, kSmall);
  const auto whole = tree(root_);
  fs::rename(root_ / "figures.json", root_ / "figures.json.partial");
  fs::remove_all(root_ / "test");
  fs::remove(root_ / "train/masks/000003.png");
  const auto kept = fs::last_write_time(root_ / "train/images/000000.jpg");
  EXPECT_TRUE(write_figures_set(root_, kSmall));
  EXPECT_EQ(tree(root_), whole);
  EXPECT_EQ(fs::last_write_time(root_ / "train/images/000000.jpg"), kept);
}

TEST_F(FiguresSet, RefusesPartOfAnotherSet) {
  fs::create_directories(root_);
  std::ofstream(root_ / "figures.json.partial") << "{}";
  EXPECT_THROW(write_figures_set(root_, kSmall), DataError);
}

}  // namespace gyroseg::figures_set_test
