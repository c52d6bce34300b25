#include "gyroseg/data/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "planted_set.h"

namespace gyroseg::layout_test {

using ::testing::AllOf;
using testing::data_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::plant_set;
using testing::ScratchFolder;
namespace fs = std::filesystem;

std::string list_error(const DataConfig& config, const std::string& split = "train") {
  return data_error([&] { static_cast<void>(list_samples(config, split)); });
}

TEST(Layout, PairsByNameInOrderWhateverTheExtension) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 3);
  const fs::path images = folder / "train" / "images";
  fs::rename(images / "01.png", images / "01.JPeG");
  write_bytes(images / ".hidden.png", {1});
  write_bytes(images / "notes.txt", {1});
  const auto samples = list_samples(config, "train");
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].image, images / "00.png");
  EXPECT_EQ(samples[1].image, images / "01.JPeG");
  EXPECT_EQ(samples[1].mask, folder / "train" / "masks" / "01.png");
}

TEST(Layout, ImagesOfAFolderAreListedByName) {
  const ScratchFolder folder;
  (void)plant_set(folder, 3);
  const fs::path images = folder / "train" / "images";
  fs::rename(images / "01.png", images / "01.JPeG");
  write_bytes(images / "notes.txt", {1});
  fs::create_directories(images / "more.png");
  EXPECT_THAT(list_images(images), ElementsAre(images / "00.png", images / "01.JPeG", images / "02.png"));
  EXPECT_THAT(data_error([&] { (void)list_images(images / "more.png"); }), HasSubstr("more.png: expected jpg"));
  EXPECT_THAT(data_error([&] { (void)list_images(images / "00.png"); }), HasSubstr("expected a folder, found a file"));
}

TEST(Layout, FolderNamesAreConfigurable) {
  const ScratchFolder folder;
  DataConfig config = plant_set(folder, 2);
  fs::rename(folder / "train" / "images", folder / "pictures");
  config.splits["mine"] = {"pictures", "train/masks"};
  EXPECT_EQ(list_samples(config, "mine").size(), 2U);
}

TEST(Layout, NamesImagesWithoutMaskAndCountsThem) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 6);
  const fs::path masks = folder / "train" / "masks";
  fs::remove(masks / "02.png");
  EXPECT_THAT(list_error(config),
              AllOf(HasSubstr("02.png: no mask of this name"), HasSubstr("add the masks")));
  fs::remove(masks / "03.png");
  fs::remove(masks / "04.png");
  fs::remove(masks / "05.png");
  EXPECT_THAT(list_error(config),
              HasSubstr("4 images of split train have none, also 03.png, 04.png"));
}

TEST(Layout, ListsMasksWithoutImage) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 3);
  fs::remove(folder / "train" / "images" / "01.png");
  EXPECT_EQ(list_samples(config, "train").size(), 2U);
  EXPECT_THAT(scan_split(config, "train").masks_without_image,
              ElementsAre(folder / "train" / "masks" / "01.png"));
}

TEST(Layout, SaysWhatIsMissing) {
  const ScratchFolder folder;
  DataConfig config = plant_set(folder, 1);
  EXPECT_THAT(list_error(config, "val"), HasSubstr("val/images: expected a folder, found none"));
  EXPECT_THAT(list_error(config, "tset"),
              HasSubstr("expected one of data.splits (test, train, val)"));
  write_bytes(folder / "train" / "images" / "00.jpg", {1});
  EXPECT_THAT(list_error(config), HasSubstr("a second image of this name, 00.png"));
  fs::remove(folder / "train" / "images" / "00.jpg");
  fs::remove(folder / "train" / "images" / "00.png");
  EXPECT_THAT(list_error(config), HasSubstr("split train has no images"));
  config.root = "";
  EXPECT_THAT(list_error(config), HasSubstr("data.root"));
}

TEST(Layout, NpyMasksStandBesidePngMasks) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 3);
  const fs::path masks = folder / "train" / "masks";
  fs::copy_file(masks / "00.png", masks / "00.npy");
  fs::rename(masks / "01.png", masks / "01.NPY");
  write_bytes(folder / "train" / "images" / "02.npy", {1});
  const auto samples = list_samples(config, "train");
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].mask, masks / "00.png");
  EXPECT_EQ(samples[1].mask, masks / "01.NPY");
  EXPECT_EQ(samples[2].image, folder / "train" / "images" / "02.png");
}

/// Seed 001: images and masks of all splits together, the splits in lists.
class Lists : public ::testing::Test {
 protected:
  Lists() : config_(testing::plant_pascal_part(folder_, 6)) {}
  void write(const std::string& text) { testing::write_text(folder_ / "train_id.txt", text); }
  std::string place(int line) {
    return (folder_ / "train_id.txt").string() + ":" + std::to_string(line) + ": ";
  }

  ScratchFolder folder_;
  DataConfig config_;
};

TEST_F(Lists, GiveTheSamplesAndTheirOrder) {
  write("\xEF\xBB\xBF" "04\r\n\r\n  02.jpg\t\n00");
  const auto samples = list_samples(config_, "train");
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].image, folder_ / "JPEGImages" / "04.png");
  EXPECT_EQ(samples[0].mask, folder_ / "gt_masks" / "04.png");
  EXPECT_EQ(samples[1].image.stem(), "02");
  EXPECT_EQ(samples[2].image.stem(), "00");
}

TEST_F(Lists, LeaveOutWhatTheyDoNotName) {
  fs::remove(folder_ / "gt_masks" / "03.png");
  write("01\n");
  EXPECT_EQ(list_samples(config_, "train").size(), 1U);
  EXPECT_EQ(scan_split(config_, "train").images_without_mask.size(), 0U);
}

TEST_F(Lists, NameTheLineOfEveryFault) {
  fs::remove(folder_ / "gt_masks" / "02.png");
  write_bytes(folder_ / "JPEGImages" / "05.jpg", {1});
  write("00\nnone\n02\n\n05\n00\n01 03\na/b\n");
  EXPECT_THAT(
      scan_split(config_, "train").list_faults,
      ElementsAre(place(2) + "none: no image of this name in " + (folder_ / "JPEGImages").string(),
                  place(3) + "02: no mask of this name in " + (folder_ / "gt_masks").string(),
                  place(5) + "05: two images of this name, 05.jpg and 05.png, would share a mask",
                  place(6) + "00 stands twice, first at " + (folder_ / "train_id.txt").string() +
                      ":1",
                  place(7) + "expected one name a line, such as 2008_000002, found 01 03",
                  place(8) + "expected one name a line, such as 2008_000002, found a/b"));
  EXPECT_EQ(list_error(config_), place(2) + "none: no image of this name in " +
                                     (folder_ / "JPEGImages").string() +
                                     "; 6 lines of it lead to no sample; check_data lists them all");
}

TEST_F(Lists, SayWhatIsMissing) {
  EXPECT_THAT(list_error(config_, "val"),
              HasSubstr("val_id.txt: expected a text file with one name a line, found none; check "
                        "data.root and data.splits.val.list"));
  write("");
  EXPECT_THAT(list_error(config_), HasSubstr("train_id.txt: the file is empty"));
  write("\n \n");
  EXPECT_THAT(list_error(config_), HasSubstr("has no images; expected their names in train_id.txt"));
  config_.splits["train"].masks = "masks";
  EXPECT_THAT(list_error(config_), HasSubstr("masks: expected a folder, found none"));
}

}  // namespace gyroseg::layout_test
