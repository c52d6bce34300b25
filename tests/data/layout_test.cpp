#include "gyroseg/data/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "planted_set.h"

namespace gyroseg {
namespace {

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
  EXPECT_THAT(layout_names(), ElementsAre("folders"));
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
  config.layout = "folder";
  EXPECT_THAT(list_error(config), HasSubstr("data.layout: expected folders, found folder"));
  config.layout = "folders";
  config.root = "";
  EXPECT_THAT(list_error(config), HasSubstr("data.root"));
}

}  // namespace
}  // namespace gyroseg
