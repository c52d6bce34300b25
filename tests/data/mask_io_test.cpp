#include "gyroseg/data/mask_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <torch/types.h>

#include <cstdio>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "gyroseg/data/file_bytes.h"
#include "planted_set.h"

namespace gyroseg::mask_io_test {

using testing::data_error;
using ::testing::HasSubstr;
using testing::random_bytes;
using testing::ScratchFolder;
using ::testing::StartsWith;

/// Writes rows that are already packed to the bit depth.
void write_png(const std::filesystem::path& file, int width, int bit_depth, int color_type,
               std::vector<std::vector<std::uint8_t>> rows, int interlace = PNG_INTERLACE_NONE) {
  std::FILE* out = std::fopen(file.c_str(), "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, out);
  png_set_IHDR(png, info, width, static_cast<png_uint_32>(rows.size()), bit_depth, color_type,
               interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (color_type == PNG_COLOR_TYPE_PALETTE) {
    std::vector<png_color> palette(1U << bit_depth, png_color{200, 100, 50});
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  std::vector<png_bytep> pointers;
  for (auto& row : rows) {
    pointers.push_back(row.data());
  }
  png_write_info(png, info);
  png_write_image(png, pointers.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  std::fclose(out);
}

torch::Tensor ints(const std::vector<std::vector<int>>& rows) {
  torch::Tensor values = torch::empty(
      {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows[0].size())},
      torch::kInt32);
  for (std::size_t y = 0; y < rows.size(); ++y) {
    for (std::size_t x = 0; x < rows[y].size(); ++x) {
      values[y][x] = rows[y][x];
    }
  }
  return values;
}

TEST(MaskIo, PaletteIndicesAreNotColours) {
  const ScratchFolder folder;
  const torch::Tensor values = ints({{0, 1, 2, 255}, {255, 2, 1, 0}});
  std::vector<Rgb> palette(256, Rgb{1, 2, 3});
  palette[1] = {38, 38, 38};  // what colour conversion makes of such palettes
  palette[2] = {75, 75, 75};
  palette[255] = {220, 220, 220};
  write_mask(folder / "m.png", values.to(torch::kUInt8), palette);
  const RawMask mask = read_mask(folder / "m.png");
  EXPECT_FALSE(mask.colors.defined());
  EXPECT_EQ(mask.values.scalar_type(), torch::kInt32);
  EXPECT_TRUE(torch::equal(mask.values, values)) << mask.values;
  const cv::Mat seen = cv::imread((folder / "m.png").string());
  EXPECT_EQ(seen.at<cv::Vec3b>(0, 3), cv::Vec3b(220, 220, 220)) << "the palette is written";
}

TEST(MaskIo, UnpacksEveryBitDepth) {
  const ScratchFolder folder;
  for (const int type : {PNG_COLOR_TYPE_PALETTE, PNG_COLOR_TYPE_GRAY}) {
    SCOPED_TRACE(type == PNG_COLOR_TYPE_GRAY ? "grey" : "palette");
    write_png(folder / "1.png", 10, 1, type, {{0b10110000, 0b01000000}});
    EXPECT_TRUE(
        torch::equal(read_mask(folder / "1.png").values, ints({{1, 0, 1, 1, 0, 0, 0, 0, 0, 1}})));
    write_png(folder / "2.png", 5, 2, type, {{0b00011011, 0b11000000}, {0, 0b01000000}});
    EXPECT_TRUE(
        torch::equal(read_mask(folder / "2.png").values, ints({{0, 1, 2, 3, 3}, {0, 0, 0, 0, 1}})));
    write_png(folder / "4.png", 3, 4, type, {{0x0F, 0x70}});
    EXPECT_TRUE(torch::equal(read_mask(folder / "4.png").values, ints({{0, 15, 7}})));
    write_png(folder / "8.png", 3, 8, type, {{0, 255, 38}});
    EXPECT_TRUE(torch::equal(read_mask(folder / "8.png").values, ints({{0, 255, 38}})));
  }
  write_png(folder / "16.png", 2, 16, PNG_COLOR_TYPE_GRAY, {{0x01, 0x00, 0xFF, 0xFE}});
  EXPECT_TRUE(torch::equal(read_mask(folder / "16.png").values, ints({{256, 65534}})));
}

TEST(MaskIo, DropsAlphaAndReadsInterlaced) {
  const ScratchFolder folder;
  write_png(folder / "ga.png", 2, 8, PNG_COLOR_TYPE_GRAY_ALPHA, {{5, 0, 6, 128}});
  EXPECT_TRUE(torch::equal(read_mask(folder / "ga.png").values, ints({{5, 6}})));
  write_png(folder / "rgb.png", 2, 8, PNG_COLOR_TYPE_RGB, {{1, 2, 3, 250, 251, 252}});
  write_png(folder / "rgba.png", 2, 8, PNG_COLOR_TYPE_RGB_ALPHA, {{1, 2, 3, 0, 250, 251, 252, 9}});
  for (const char* name : {"rgb.png", "rgba.png"}) {
    const RawMask mask = read_mask(folder / name);
    EXPECT_FALSE(mask.values.defined());
    EXPECT_TRUE(torch::equal(mask.colors.to(torch::kInt32).reshape({2, 3}),
                             ints({{1, 2, 3}, {250, 251, 252}})))
        << name;
  }
  const torch::Tensor values = random_bytes({19, 23}, 3);
  std::vector<std::vector<std::uint8_t>> rows;
  for (int y = 0; y < 19; ++y) {
    const auto* row = values.data_ptr<std::uint8_t>() + 23 * y;
    rows.emplace_back(row, row + 23);
  }
  write_png(folder / "i.png", 23, 8, PNG_COLOR_TYPE_PALETTE, rows, PNG_INTERLACE_ADAM7);
  EXPECT_TRUE(torch::equal(read_mask(folder / "i.png").values, values.to(torch::kInt32)));
}

TEST(MaskIo, RefusesOtherFormatsBySignature) {
  const ScratchFolder folder;
  const cv::Mat grey(8, 8, CV_8UC1, cv::Scalar(3));
  const auto message = [&](const std::string& name, const std::string& extension) {
    std::vector<std::uint8_t> bytes;
    cv::imencode(extension, grey, bytes);
    write_bytes(folder / name, bytes);
    return data_error([&] { static_cast<void>(read_mask(folder / name)); });
  };
  EXPECT_THAT(message("jpeg.png", ".jpg"),
              HasSubstr("jpeg.png: expected a PNG or .npy mask, found a JPEG, whose lossy"));
  EXPECT_THAT(message("b.png", ".bmp"), HasSubstr("found a BMP"));
  EXPECT_THAT(message("t.png", ".tif"), HasSubstr("found a TIFF"));
  EXPECT_THAT(data_error([&] { static_cast<void>(read_mask(folder / "none.png")); }),
              HasSubstr("found none"));
  write_png(folder / "deep.png", 1, 16, PNG_COLOR_TYPE_RGB, {{0, 1, 0, 2, 0, 3}});
  EXPECT_THAT(data_error([&] { static_cast<void>(read_mask(folder / "deep.png")); }),
              HasSubstr("expected 8 bits a colour channel"));
}

TEST(MaskIo, RefusesEveryTruncationAndDamage) {
  const ScratchFolder folder;
  const auto file = folder / "m.png";
  write_mask(file, random_bytes({40, 40}, 4, 3), {});
  const auto whole = read_bytes(file);
  for (std::size_t size = 1; size < whole.size(); size += 1 + size / 20) {
    write_bytes(file, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    const std::string message = data_error([&] { static_cast<void>(read_mask(file)); });
    EXPECT_THAT(message, StartsWith(file.string())) << size;
    EXPECT_THAT(message, HasSubstr(size < 8 ? "expected a PNG or .npy mask" : "truncated PNG")) << size;
  }
  auto damaged = whole;
  damaged[whole.size() - 40] ^= 0x10;  // inside the pixels
  write_bytes(file, damaged);
  EXPECT_THAT(data_error([&] { static_cast<void>(read_mask(file)); }), HasSubstr("damaged PNG"));
}

TEST(MaskIo, WritesValuesPastThePalette) {
  const ScratchFolder folder;
  const torch::Tensor values = ints({{0, 1}, {7, 7}}).to(torch::kUInt8);
  write_mask(folder / "m.png", values, {{9, 9, 9}, {8, 8, 8}});
  EXPECT_TRUE(torch::equal(read_mask(folder / "m.png").values, values.to(torch::kInt32)));
  EXPECT_EQ(cv::imread((folder / "m.png").string()).at<cv::Vec3b>(1, 1), cv::Vec3b(0, 0, 0));
  EXPECT_THROW(write_mask(folder / "m.png", values.to(torch::kInt64), {}), c10::ValueError);
}

}  // namespace gyroseg::mask_io_test
