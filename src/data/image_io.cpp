#include "gyroseg/data/image_io.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "gyroseg/data/file_bytes.h"
#include "opencv_threads.h"

namespace gyroseg {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 8> kPngSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

std::uint32_t big_endian(const Bytes& bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    value = value << 8 | bytes[at + i];
  }
  return value;
}

bool is_jpeg(const Bytes& bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

bool is_png(const Bytes& bytes) {
  return bytes.size() >= kPngSignature.size() &&
         std::equal(kPngSignature.begin(), kPngSignature.end(), bytes.begin());
}

/// Whether the markers lead to an end-of-image. libjpeg only warns of a missing end and fills the
/// rest with grey, so the decoder cannot be asked.
bool jpeg_is_complete(const Bytes& bytes) {
  std::size_t i = 2;
  while (true) {
    while (i < bytes.size() && bytes[i] != 0xFF) {  // entropy-coded data, or stray bytes
      ++i;
    }
    while (i < bytes.size() && bytes[i] == 0xFF) {
      ++i;
    }
    if (i >= bytes.size()) {
      return false;
    }
    const std::uint8_t marker = bytes[i++];
    if (marker == 0xD9) {
      return true;
    }
    const bool stands_alone = marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    if (stands_alone) {  // a stuffed 0xFF00, a restart
      continue;
    }
    if (i + 2 > bytes.size()) {
      return false;
    }
    i += big_endian(bytes, i, 2);
  }
}

/// Empty where the chunks are whole and their checksums right, else what is wrong.
std::string png_fault(const Bytes& bytes) {
  std::size_t i = kPngSignature.size();
  while (i + 12 <= bytes.size()) {
    const std::size_t length = big_endian(bytes, i, 4);
    if (length > bytes.size() - i - 12) {
      break;
    }
    const std::string type(bytes.begin() + i + 4, bytes.begin() + i + 8);
    const auto sum =
        crc32(crc32(0, nullptr, 0), bytes.data() + i + 4, static_cast<uInt>(length + 4));
    if (sum != big_endian(bytes, i + 8 + length, 4)) {
      return "damaged PNG (checksum of chunk " + type + ")";
    }
    if (type == "IEND") {
      return "";
    }
    i += length + 12;
  }
  return "truncated PNG (no end chunk)";
}

/// The header of a BMP gives the size of the file; some writers leave 0 there.
bool bmp_is_cut(const Bytes& bytes) {
  constexpr std::size_t kHeader = 14;
  if (bytes.size() < 2 || bytes[0] != 'B' || bytes[1] != 'M') {
    return false;
  }
  if (bytes.size() < kHeader) {
    return true;
  }
  std::size_t size = 0;
  for (int i = 5; i >= 2; --i) {
    size = size << 8 | bytes[i];
  }
  return size > bytes.size();
}

/// Empty where the file is whole as far as its structure tells. OpenCV prints to the standard error
/// where it runs out of bytes, so the common case is found before it.
std::string fault(const Bytes& bytes) {
  if (is_jpeg(bytes)) {
    return jpeg_is_complete(bytes) ? "" : "truncated JPEG (no end-of-image marker)";
  }
  if (bmp_is_cut(bytes)) {
    return "truncated BMP";
  }
  return is_png(bytes) ? png_fault(bytes) : "";
}

void check_rgb(const char* function, const torch::Tensor& rgb) {
  TORCH_CHECK_VALUE(
      rgb.dim() == 3 && rgb.size(2) == 3 && rgb.scalar_type() == torch::kUInt8 && rgb.numel() > 0,
      function, ": rgb must be [H,W,3] uint8, got ", rgb.sizes(), " ", rgb.dtype());
}

/// Empty where OpenCV cannot. extension: with its dot.
Bytes encoded(const torch::Tensor& rgb, const std::string& extension,
              const std::vector<int>& options) {
  keep_opencv_single_threaded();
  const torch::Tensor pixels = rgb.cpu().contiguous();
  const cv::Mat view(static_cast<int>(rgb.size(0)), static_cast<int>(rgb.size(1)), CV_8UC3,
                     pixels.data_ptr<std::uint8_t>());
  cv::Mat bgr;
  cv::cvtColor(view, bgr, cv::COLOR_RGB2BGR);
  Bytes bytes;
  return cv::imencode(extension, bgr, bytes, options) ? bytes : Bytes{};
}

}  // namespace

torch::Tensor read_image(const std::filesystem::path& file) {
  keep_opencv_single_threaded();
  const Bytes bytes = read_bytes(file);
  const std::string problem = fault(bytes);
  if (!problem.empty()) {
    throw DataError(file.string() + ": " + problem + ", " + std::to_string(bytes.size()) +
                    " bytes; copy or download the file again");
  }
  cv::Mat bgr;
  try {
    bgr = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception&) {
    bgr.release();
  }
  if (bgr.empty()) {
    throw DataError(file.string() + ": expected a whole JPEG, PNG, BMP or TIFF image, found " +
                    std::to_string(bytes.size()) + " bytes that cannot be decoded");
  }
  torch::Tensor rgb = torch::empty({bgr.rows, bgr.cols, 3}, torch::kUInt8);
  cv::Mat view(bgr.rows, bgr.cols, CV_8UC3, rgb.data_ptr<std::uint8_t>());
  cv::cvtColor(bgr, view, cv::COLOR_BGR2RGB);
  return rgb;
}

std::vector<std::uint8_t> encode_png(const torch::Tensor& rgb) {
  check_rgb("encode_png", rgb);
  return encoded(rgb, ".png", {});
}

std::vector<std::uint8_t> encode_jpeg(const torch::Tensor& rgb, int quality) {
  check_rgb("encode_jpeg", rgb);
  TORCH_CHECK_VALUE(quality >= 1 && quality <= 100,
                    "encode_jpeg: quality must be in [1, 100], got ", quality);
  return encoded(rgb, ".jpg", {cv::IMWRITE_JPEG_QUALITY, quality});
}

void write_image(const std::filesystem::path& file, const torch::Tensor& rgb, int quality) {
  check_rgb("write_image", rgb);
  TORCH_CHECK_VALUE(quality >= 1 && quality <= 100,
                    "write_image: quality must be in [1, 100], got ", quality);
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension != ".jpg" && extension != ".jpeg" && extension != ".png") {
    throw DataError(file.string() + ": expected a name in .jpg, .jpeg or .png, found \"" +
                    extension + "\"");
  }
  const std::vector<int> options =
      extension == ".png" ? std::vector<int>{}
                          : std::vector<int>{cv::IMWRITE_JPEG_QUALITY, quality};
  const Bytes bytes = encoded(rgb, extension, options);
  if (bytes.empty()) {
    throw DataError(file.string() + ": the image cannot be encoded as " + extension);
  }
  write_bytes(file, bytes);
}

}  // namespace gyroseg
