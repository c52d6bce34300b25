#include "gyroseg/data/image_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "gyroseg/data/file_bytes.h"
#include "planted_set.h"

namespace gyroseg::image_io_test {

using testing::data_error;
using ::testing::HasSubstr;
using testing::random_bytes;
using testing::ScratchFolder;
using ::testing::StartsWith;

/// A picture that JPEG keeps well: smooth ramps of the three channels.
torch::Tensor smooth_image(std::int64_t height, std::int64_t width) {
  const auto y = torch::linspace(0, 255, height).unsqueeze(1).expand({height, width});
  const auto x = torch::linspace(0, 255, width).unsqueeze(0).expand({height, width});
  return torch::stack({x, y, 255 - x}, 2).to(torch::kUInt8).contiguous();
}

TEST(ImageIo, PngIsExactAndInRgbOrder) {
  const ScratchFolder folder;
  const torch::Tensor rgb = random_bytes({5, 7, 3}, 1);
  write_image(folder / "a.png", rgb);
  EXPECT_TRUE(torch::equal(read_image(folder / "a.png"), rgb));
  const cv::Mat bgr = cv::imread((folder / "a.png").string());
  EXPECT_EQ(bgr.at<cv::Vec3b>(2, 3)[2], rgb[2][3][0].item<int>());
  EXPECT_EQ(bgr.at<cv::Vec3b>(2, 3)[0], rgb[2][3][2].item<int>());
}

TEST(ImageIo, ReadsJpegBmpTiffAndGrey) {
  const ScratchFolder folder;
  const torch::Tensor rgb = smooth_image(40, 60);
  write_image(folder / "a.jpg", rgb, 95);
  // Quality 95 on smooth ramps: quantisation steps are a few grey values.
  EXPECT_LE(
      (read_image(folder / "a.jpg").to(torch::kInt) - rgb.to(torch::kInt)).abs().max().item<int>(),
      8);
  cv::Mat grey(4, 6, CV_8UC1, cv::Scalar(77));
  for (const char* name : {"g.png", "g.bmp", "g.tif"}) {
    cv::imwrite((folder / name).string(), grey);
    EXPECT_TRUE(read_image(folder / name).eq(77).all().item<bool>()) << name;
    EXPECT_EQ(read_image(folder / name).sizes(), torch::IntArrayRef({4, 6, 3})) << name;
  }
}

TEST(ImageIo, RefusesEveryTruncation) {
  const ScratchFolder folder;
  for (const std::string extension : {".jpg", ".png", ".bmp", ".tif"}) {
    write_image(folder / "whole.png", smooth_image(64, 64));
    const auto file = folder / ("cut" + extension);
    const cv::Mat picture = cv::imread((folder / "whole.png").string());
    for (const double share : {0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999}) {
      cv::imwrite(file.string(), picture);
      testing::truncate(file, share);
      EXPECT_THAT(data_error([&] { static_cast<void>(read_image(file)); }),
                  StartsWith(file.string()))
          << extension << " " << share;
    }
  }
}

TEST(ImageIo, SaysWhatIsWrong) {
  const ScratchFolder folder;
  const auto message = [&](const std::string& name) {
    return data_error([&] { static_cast<void>(read_image(folder / name)); });
  };
  EXPECT_THAT(message("none.jpg"), HasSubstr("none.jpg: expected a file, found none"));
  EXPECT_THAT(message(""), HasSubstr("found a folder"));
  write_bytes(folder / "empty.jpg", {});
  EXPECT_THAT(message("empty.jpg"), HasSubstr("empty.jpg: the file is empty"));
  write_bytes(folder / "text.jpg", {'h', 'e', 'l', 'l', 'o'});
  EXPECT_THAT(message("text.jpg"), HasSubstr("5 bytes that cannot be decoded"));
  write_image(folder / "a.jpg", smooth_image(32, 32));
  testing::truncate(folder / "a.jpg", 0.8);
  EXPECT_THAT(message("a.jpg"), HasSubstr("truncated JPEG (no end-of-image marker)"));
  write_image(folder / "a.png", smooth_image(32, 32));
  auto bytes = read_bytes(folder / "a.png");
  bytes[bytes.size() / 2] ^= 1;
  write_bytes(folder / "a.png", bytes);
  EXPECT_THAT(message("a.png"), HasSubstr("damaged PNG (checksum of chunk IDAT)"));
}

TEST(ImageIo, AcceptsBytesAfterTheEnd) {
  const ScratchFolder folder;
  for (const char* name : {"a.jpg", "a.png"}) {
    write_image(folder / name, smooth_image(16, 16));
    const torch::Tensor before = read_image(folder / name);
    auto bytes = read_bytes(folder / name);
    bytes.insert(bytes.end(), 100, 0);
    write_bytes(folder / name, bytes);
    EXPECT_TRUE(torch::equal(read_image(folder / name), before)) << name;
  }
}

TEST(ImageIo, IgnoresTheOrientationThatMasksDoNotHave) {
  const ScratchFolder folder;
  write_image(folder / "a.jpg", smooth_image(16, 32));
  auto bytes = read_bytes(folder / "a.jpg");
  // APP1 with one big-endian EXIF entry: tag 0x0112 (orientation), SHORT, 1 value, 6 = rotate
  // by 90.
  const std::vector<std::uint8_t> exif = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,    'M', 'M',
                                          0,    42,   0, 0,  0,   8,   0,   1,   1, 0x12, 0,   3,
                                          0,    0,    0, 1,  0,   6,   0,   0,   0, 0,    0,   0};
  bytes.insert(bytes.begin() + 2, exif.begin(), exif.end());
  write_bytes(folder / "a.jpg", bytes);
  EXPECT_EQ(cv::imread((folder / "a.jpg").string()).rows, 32)
      << "the test's EXIF block is not seen";
  EXPECT_EQ(read_image(folder / "a.jpg").sizes(), torch::IntArrayRef({16, 32, 3}));
}

TEST(ImageIo, WritesWholeFilesOrNone) {
  const ScratchFolder folder;
  const torch::Tensor rgb = smooth_image(8, 8);
  EXPECT_THAT(data_error([&] { write_image(folder / "a.gif", rgb); }),
              HasSubstr("a.gif: expected a name in"));
  EXPECT_THAT(data_error([&] { write_image(folder / "no" / "a.png", rgb); }),
              HasSubstr("cannot be written"));
  EXPECT_THROW(write_image(folder / "a.png", rgb.to(torch::kFloat)), c10::ValueError);
  EXPECT_THROW(write_image(folder / "a.jpg", rgb, 0), c10::ValueError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  write_image(folder / "a.JPG", rgb);
  write_image(folder / "a.JPG", rgb);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace gyroseg::image_io_test
