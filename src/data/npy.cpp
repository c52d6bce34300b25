#include "npy.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <regex>
#include <string>
#include <utility>

#include "gyroseg/data/image_io.h"

namespace gyroseg {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as they lie there");

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 6> kMagic = {0x93, 'N', 'U', 'M', 'P', 'Y'};
constexpr std::size_t kLongestHeader = 10000;  // that of numpy.load; ours needs some 100

struct Header {
  std::string dtype;  ///< "<i4"
  bool fortran_order = false;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::size_t end = 0;  ///< where the pixels begin
};

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw DataError(file.string() + ": " + what);
}

[[noreturn]] void fail_truncated(const std::filesystem::path& file, const Bytes& bytes) {
  fail(file, c10::str("truncated .npy file, ", bytes.size(),
                      " bytes; copy or download the file again"));
}

/// The text of the header and the offset behind it.
std::pair<std::string, std::size_t> header_text(const Bytes& bytes,
                                                const std::filesystem::path& file) {
  if (bytes.size() < 8) {
    fail_truncated(file, bytes);
  }
  const int version = bytes[6];
  if (version < 1 || version > 3) {
    fail(file, c10::str("expected a .npy file of version 1, 2 or 3, found ", version));
  }
  const std::size_t digits = version == 1 ? 2 : 4;
  const std::size_t begin = kMagic.size() + 2 + digits;
  if (bytes.size() < begin) {
    fail_truncated(file, bytes);
  }
  std::size_t length = 0;
  for (std::size_t i = digits; i > 0; --i) {
    length = length << 8 | bytes[kMagic.size() + 1 + i];
  }
  if (length > kLongestHeader) {
    fail(file, c10::str("damaged .npy file: a header of ", length, " bytes"));
  }
  if (bytes.size() - begin < length) {
    fail_truncated(file, bytes);
  }
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(begin);
  return {{first, first + static_cast<std::ptrdiff_t>(length)}, begin + length};
}

/// The header is a Python dictionary: {'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }.
Header parse_header(const Bytes& bytes, const std::filesystem::path& file) {
  static const std::regex kDescr(R"(['"]descr['"]\s*:\s*['"]([^'"]*)['"])");
  static const std::regex kOrder(R"(['"]fortran_order['"]\s*:\s*(True|False))");
  static const std::regex kShape(R"(['"]shape['"]\s*:\s*\(([^()]*)\))");
  static const std::regex kSize(R"(\s*(\d{1,9})L?\s*,\s*(\d{1,9})L?\s*,?\s*)");
  const auto [text, end] = header_text(bytes, file);
  Header header;
  header.end = end;
  std::smatch match;
  if (!std::regex_search(text, match, kDescr)) {
    fail(file, "expected an array of integers, found a structured or damaged .npy header");
  }
  header.dtype = match[1];
  if (!std::regex_search(text, match, kOrder)) {
    fail(file, "damaged .npy header: no fortran_order");
  }
  header.fortran_order = match[1] == "True";
  if (!std::regex_search(text, match, kShape)) {
    fail(file, "damaged .npy header: no shape");
  }
  const std::string shape = match[1];
  if (!std::regex_match(shape, match, kSize)) {
    fail(file, "expected a mask of shape (height, width), found (" + shape + ")");
  }
  header.height = std::stoll(match[1]);
  header.width = std::stoll(match[2]);
  if (header.height == 0 || header.width == 0) {
    fail(file, "expected a mask of at least one pixel, found shape (" + shape + ")");
  }
  return header;
}

template <typename T>
torch::Tensor values_of(const Bytes& bytes, const Header& header,
                        const std::filesystem::path& file) {
  const std::size_t count = static_cast<std::size_t>(header.height) * header.width;
  const std::size_t found = bytes.size() - header.end;
  if (count > found / sizeof(T)) {
    fail_truncated(file, bytes);
  }
  if (found != count * sizeof(T)) {
    fail(file, c10::str("expected ", count * sizeof(T), " bytes behind the header of shape (",
                        header.height, ", ", header.width, "), found ", found));
  }
  const auto [rows, columns] = header.fortran_order ? std::pair(header.width, header.height)
                                                    : std::pair(header.height, header.width);
  torch::Tensor values = torch::empty({rows, columns}, torch::kInt32);
  auto* to = values.data_ptr<std::int32_t>();
  for (std::size_t i = 0; i < count; ++i) {
    T value{};
    std::memcpy(&value, bytes.data() + header.end + i * sizeof(T), sizeof(T));
    if (!std::in_range<std::int32_t>(value)) {
      const auto y = static_cast<std::int64_t>(i) / columns;
      const auto x = static_cast<std::int64_t>(i) % columns;
      fail(file, c10::str("pixel (x ", header.fortran_order ? y : x, ", y ",
                          header.fortran_order ? x : y, "): expected a mask value, found ", value));
    }
    to[i] = static_cast<std::int32_t>(value);
  }
  return header.fortran_order ? values.t().contiguous() : values;
}

std::string advice(const std::string& dtype) {
  const std::string convert = "; save it again as mask.astype('uint8')";
  if (dtype.starts_with('>')) {
    return "big-endian numbers (" + dtype + ")" + convert;
  }
  if (dtype.find('f') != std::string::npos || dtype.find('c') != std::string::npos) {
    return "floating point (" + dtype + ")" + convert;
  }
  const bool objects = dtype.find('O') != std::string::npos;
  return dtype + (objects ? ", pickled objects, which are not loaded" : "") + convert;
}

}  // namespace

bool is_npy(const Bytes& bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

torch::Tensor npy_values(const Bytes& bytes, const std::filesystem::path& file) {
  const Header header = parse_header(bytes, file);
  using Read = torch::Tensor (*)(const Bytes&, const Header&, const std::filesystem::path&);
  static const std::map<std::string, Read> kReaders = {
      {"|b1", values_of<std::uint8_t>},  {"|u1", values_of<std::uint8_t>},
      {"|i1", values_of<std::int8_t>},   {"<u2", values_of<std::uint16_t>},
      {"<i2", values_of<std::int16_t>},  {"<u4", values_of<std::uint32_t>},
      {"<i4", values_of<std::int32_t>},  {"<u8", values_of<std::uint64_t>},
      {"<i8", values_of<std::int64_t>}};
  const auto reader = kReaders.find(header.dtype);
  if (reader == kReaders.end()) {
    fail(file, "expected little-endian integers, found " + advice(header.dtype));
  }
  return reader->second(bytes, header, file);
}

}  // namespace gyroseg
