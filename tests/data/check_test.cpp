#include "gyroseg/data/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <string>

#include "gyroseg/data/parallel.h"
#include "planted_set.h"

namespace gyroseg {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::plant_set;
using testing::random_bytes;
using testing::ScratchFolder;
using testing::small_tree;
namespace fs = std::filesystem;

const std::vector<std::string>& of(const SplitCheck& check, ProblemKind kind) {
  return check.problems[static_cast<std::size_t>(kind)];
}

TEST(CheckData, ACleanSetIsClean) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 5);
  const SplitCheck check = check_split(config, small_tree(), "train", 2);
  EXPECT_EQ(check.num_problems(), 0);
  EXPECT_EQ(check.samples, 5);
  EXPECT_EQ(check.total, 5 * 20 * 28);
  EXPECT_EQ(check.pixels.sum().item<std::int64_t>(), check.total);
  EXPECT_EQ(check.images[0].item<std::int64_t>(), 5);
  EXPECT_EQ(check.images[3].item<std::int64_t>(), 0);
  EXPECT_THAT(describe(check, small_tree()),
              AllOf(HasSubstr("split train: 5 images, 2800 pixels"), HasSubstr("no problems"),
                    HasSubstr("body/head")));
  EXPECT_THAT(present_splits(config), ElementsAre("train"));
}

/// Every kind of fault in one split of 9.
class BadSet : public ::testing::Test {
 protected:
  BadSet() : config_(plant_set(folder_, 9)) {
    const fs::path images = folder_ / "train" / "images";
    const fs::path masks = folder_ / "train" / "masks";
    fs::remove(masks / "00.png");
    fs::remove(images / "01.png");
    testing::truncate(images / "02.png", 0.5);
    testing::truncate(masks / "03.png", 0.5);
    write_mask(masks / "04.png", random_bytes({10, 14}, 1, 3), default_palette());
    torch::Tensor values = torch::zeros({20, 28}, torch::kUInt8);
    values[3][5] = 77;
    values[3][6] = 77;
    values[1][20] = 66;
    write_mask(masks / "05.png", values, default_palette());
    fs::remove(masks / "06.png");
    write_image(masks / "06.jpg", random_bytes({20, 28, 3}, 1));
    write_image(masks / "07.png", random_bytes({20, 28, 3}, 1));
  }

  ScratchFolder folder_;
  DataConfig config_;
};

TEST_F(BadSet, ReportsEveryProblem) {
  const SplitCheck check = check_split(config_, small_tree(), "train", 2);
  EXPECT_THAT(of(check, ProblemKind::kFolder), ElementsAre());
  EXPECT_THAT(of(check, ProblemKind::kImageWithoutMask), ElementsAre(HasSubstr("images/00.png")));
  EXPECT_THAT(of(check, ProblemKind::kMaskWithoutImage), ElementsAre(HasSubstr("masks/01.png")));
  EXPECT_THAT(of(check, ProblemKind::kUnreadable),
              ElementsAre(HasSubstr("images/02.png: truncated PNG"),
                          HasSubstr("masks/03.png: truncated PNG"),
                          HasSubstr("masks/06.jpg: expected a PNG mask, found a JPEG"),
                          HasSubstr("masks/07.png: expected a palette or grey mask, found RGB")));
  EXPECT_THAT(
      of(check, ProblemKind::kSize),
      ElementsAre(AllOf(HasSubstr("masks/04.png: mask 14 x 10"), HasSubstr("04.png 28 x 20"))));
  EXPECT_THAT(
      of(check, ProblemKind::kValue),
      ElementsAre(
          HasSubstr(
              "masks/05.png: 66 at pixel (x 20, y 1), 1 pixel; expected one of 0 to 2, 9, 255"),
          HasSubstr("masks/05.png: 77 at pixel (x 5, y 3), 2 pixels;")));
  EXPECT_EQ(check.num_problems(), 9);
  EXPECT_EQ(check.ignored, 3);
  EXPECT_EQ(check.total, 3 * 20 * 28 + 10 * 14) << "the masks 02, 04, 05 and 08";
}

TEST_F(BadSet, IsTheSameOnAnyNumberOfThreads) {
  const SplitCheck one = check_split(config_, small_tree(), "train", 0);
  const SplitCheck four = check_split(config_, small_tree(), "train", 4);
  EXPECT_EQ(one.problems, four.problems);
  EXPECT_TRUE(torch::equal(one.pixels, four.pixels));
}

TEST_F(BadSet, ListsAreCapped) {
  const SplitCheck check = check_split(config_, small_tree(), "train");
  const std::string text = describe(check, small_tree(), 1);
  EXPECT_THAT(text, AllOf(HasSubstr("unusable files: 4\n"), HasSubstr("and 3 more"),
                          Not(HasSubstr("06.jpg"))));
}

TEST(CheckData, MissingFoldersAreAProblem) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 2);
  EXPECT_THAT(of(check_split(config, small_tree(), "val"), ProblemKind::kFolder),
              ElementsAre(HasSubstr("val/images: expected a folder, found none")));
  fs::create_directories(folder / "val" / "images");
  fs::create_directories(folder / "val" / "masks");
  EXPECT_THAT(present_splits(config), ElementsAre("train", "val"));
  EXPECT_THAT(of(check_split(config, small_tree(), "val"), ProblemKind::kFolder),
              ElementsAre(HasSubstr("split val has no images")));
}

TEST(CheckData, WeightsStandInATable) {
  SplitCheck check;
  check.split = "train";
  check.pixels = torch::tensor({400, 100, 25, 0}, torch::kInt64);
  const std::string text = describe_weights(check, small_tree());
  EXPECT_THAT(
      text,
      HasSubstr("class         none  inverse_frequency  median_frequency  sqrt_median_frequency\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "body/arm    1.0000             7.0000            4.0000                 2.0000\n"));
}

TEST(CheckData, CountsOfCamVidAreThoseOfItsDescription) {
  DataConfig config;
  config.root = GYROSEG_SOURCE_DIR "/../shared/camvid";
  if (!fs::is_directory(config.root)) {
    GTEST_SKIP() << config.root << " is not here";
  }
  TreeSpec spec;
  for (int i = 0; i < 11; ++i) {
    spec.roots.push_back({"class" + std::to_string(i), {}, i, ""});
  }
  const SplitCheck check = check_split(config, Hierarchy(spec), "train", 2);
  EXPECT_EQ(check.num_problems(), 0) << describe(check, Hierarchy(spec));
  EXPECT_TRUE(
      torch::equal(check.pixels, torch::tensor({10682767, 14750079, 623349, 20076880, 2845085,
                                                6166762, 743859, 714595, 3719877, 405385, 184967},
                                               torch::kInt64)));
  EXPECT_EQ(check.ignored, 2503995);
}

TEST(ForEachIndex, RethrowsTheFirstException) {
  for (const int threads : {0, 4}) {
    EXPECT_EQ(testing::data_error([&] {
                for_each_index(100, threads, [](std::int64_t i) {
                  if (i % 10 == 7) {
                    throw DataError("index " + std::to_string(i));
                  }
                });
              }),
              "index 7");
  }
}

}  // namespace
}  // namespace gyroseg
