#include "gyroseg/data/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <string>

#include "gyroseg/data/parallel.h"
#include "planted_set.h"

namespace gyroseg::check_test {

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

TEST(CheckData, AnImageInTwoSplitsIsReported) {
  const ScratchFolder folder;
  DataConfig config = testing::plant_pascal_part(folder, 6);
  testing::write_text(folder / "train_id.txt", "00\n01\n02\n03\n");
  testing::write_text(folder / "val_id.txt", "04\n03\n");
  testing::write_text(folder / "test_id.txt", "05\n04\n");
  const SharedBySplits all = check_shared(config, {"train", "val", "test"});
  EXPECT_EQ(all.images, 2);
  EXPECT_THAT(all.lines,
              ElementsAre(folder.path().string() +
                              ": splits train and val share 1 image (03.png): what is measured on "
                              "them says little of new images; leave each out of train_id.txt or "
                              "of val_id.txt",
                          AllOf(HasSubstr("splits test and val share 1 image (04.png)"),
                                HasSubstr("test_id.txt"))));
  EXPECT_EQ(check_shared(config, {"train"}).images, 1);
  EXPECT_EQ(check_shared(config, {"test"}).images, 1);
  // Test data that are the validation data on purpose, and training data that are.
  config.splits["test"] = config.splits["val"];
  EXPECT_EQ(check_shared(config, {"train", "val", "test"}).images, 2) << "03 in train, val and test";
  config.splits["train"] = config.splits["val"];
  EXPECT_EQ(check_shared(config, {"train", "val"}).images, 4);
  config.splits["train"].list = "missing.txt";
  EXPECT_EQ(check_shared(config, {"train", "val", "test"}).images, 0);
}

TEST(CheckData, LinksAreTheImagesThatTheyLeadTo) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 12);
  static_cast<void>(plant_set(folder, 2, "val"));  // the same names, other files
  EXPECT_EQ(check_shared(config, {"train", "val"}).images, 0);
  for (const char* name : {"0a", "0b", "0c", "0d"}) {
    const std::string file = std::string(name) + ".png";
    fs::create_symlink(folder / "train" / "images" / (std::string("0") + std::to_string(name[1] - 'a') + ".png"),
                       folder / "val" / "images" / file);
    fs::copy(folder / "train" / "masks" / "00.png", folder / "val" / "masks" / file);
  }
  const SharedBySplits shared = check_shared(config, {"train", "val"}, 2);
  EXPECT_EQ(shared.images, 4);
  EXPECT_THAT(shared.lines.at(0), AllOf(HasSubstr("share 4 images (00.png, 01.png, ...)"),
                                        HasSubstr("out of train/images or of val/images")));
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
    write_mask(masks / "04.png", random_bytes({10, 14}, 1, 3), {});
    torch::Tensor values = torch::zeros({20, 28}, torch::kUInt8);
    values[3][5] = 77;
    values[3][6] = 77;
    values[1][20] = 66;
    write_mask(masks / "05.png", values, {});
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
                          HasSubstr("masks/06.jpg: expected a PNG or .npy mask, found a JPEG"),
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

TEST(CheckData, ListsOfSeed001) {
  const ScratchFolder folder;
  const DataConfig config = testing::plant_pascal_part(folder, 4);
  EXPECT_THAT(present_splits(config), ElementsAre("train"));
  EXPECT_EQ(check_split(config, small_tree(), "train").num_problems(), 0);
  testing::write_text(folder / "train_id.txt", "00\n01\n02\n03\n07\n");
  // A mask of int16 with a void of -1, and one of another size.
  const std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (20, 28), }\n";
  std::string bytes = "\x93NUMPY\x01" + std::string(1, '\0') +
                      static_cast<char>(header.size()) + std::string(1, '\0') + header +
                      std::string(20 * 28 * 2, '\0');
  bytes[bytes.size() - 2] = bytes[bytes.size() - 1] = '\xFF';
  fs::remove(folder / "gt_masks" / "01.png");
  testing::write_text(folder / "gt_masks" / "01.npy", bytes);
  write_mask(folder / "gt_masks" / "02.png", random_bytes({10, 14}, 1, 3), {});
  const SplitCheck check = check_split(config, small_tree(), "train");
  EXPECT_THAT(of(check, ProblemKind::kList),
              ElementsAre(HasSubstr("train_id.txt:5: 07: no image of this name in ")));
  EXPECT_THAT(of(check, ProblemKind::kValue),
              ElementsAre(HasSubstr("gt_masks/01.npy: -1 at pixel (x 27, y 19), 1 pixel; expected "
                                    "one of 0 to 2, 9, 255")));
  EXPECT_THAT(of(check, ProblemKind::kSize), ElementsAre(HasSubstr("gt_masks/02.png: mask 14 x 10")));
  EXPECT_EQ(check.num_problems(), 3);
  EXPECT_THAT(describe(check, small_tree()), HasSubstr("lines of the list: 1\n"));
  DataConfig mapped = config;
  mapped.label_map = {{-1, std::nullopt}};
  EXPECT_THAT(of(check_split(mapped, small_tree(), "train"), ProblemKind::kValue), ElementsAre());
}

TEST(CheckClasses, AgreesWithTheTreeHoweverTheFileIsWritten) {
  const ScratchFolder folder;
  DataConfig config;
  config.root = folder.path().string();
  EXPECT_THAT(check_classes(config, small_tree()), ElementsAre());
  config.classes = "classes.txt";
  EXPECT_THAT(check_classes(config, small_tree()),
              ElementsAre(HasSubstr("classes.txt: expected a file, found none; check data.classes")));
  for (const char* text :
       {"0: background\n1: head\n2: arm\n9: body\n", "0 Background\r\n2 arm\n", "0 - bg\n",
        "background: 0\nhead: 1\n", "background (0)\narm (2)\n", "background\nhead\narm\n",
        "0: background\n1: skull\n255: void\n"}) {
    testing::write_text(folder / "classes.txt", text);
    EXPECT_THAT(check_classes(config, small_tree()), ElementsAre()) << text;
  }
}

TEST(CheckClasses, NamesTheLinesThatDisagree) {
  const ScratchFolder folder;
  DataConfig config;
  config.root = folder.path().string();
  config.classes = "classes.txt";
  testing::write_text(folder / "classes.txt", "0 background\n\n1 arm\n2 head\n7 foot\n8 hat\n");
  config.label_map = {{8, std::nullopt}};
  const std::string place = (folder / "classes.txt").string();
  EXPECT_THAT(
      check_classes(config, small_tree()),
      ElementsAre(place + ":3: 1 is arm, but the tree has body/head at 1 and body/arm at 2; correct "
                          "labels",
                  place + ":4: 2 is head, but the tree has body/arm at 2 and body/head at 1; correct "
                          "labels",
                  AllOf(HasSubstr(":5: 7 is foot, and no node of the tree has this mask value"))));
  testing::write_text(folder / "classes.txt", "background\narm\nhead\n");
  EXPECT_THAT(check_classes(config, small_tree()),
              ElementsAre(HasSubstr("classes.txt:2: 1 is arm, but"), HasSubstr("classes.txt:3: ")));
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

}  // namespace gyroseg::check_test
