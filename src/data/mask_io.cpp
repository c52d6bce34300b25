#include "gyroseg/data/mask_io.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>
#include <utility>

#include "gyroseg/data/file_bytes.h"
#include "npy.h"

namespace gyroseg {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// What libpng's callbacks share with the caller. libpng leaves by longjmp, so every object with a
/// destructor lives here, outside the frames that are jumped over.
struct PngState {
  Bytes bytes;
  std::size_t position = 0;
  bool past_end = false;
  std::string error;
  int height = 0;
  int width = 0;
  int color_type = 0;
  int bit_depth = 0;
  std::size_t row_bytes = 0;
  Bytes pixels;
  std::vector<png_bytep> rows;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* state = static_cast<PngState*>(png_get_error_ptr(png));
  state->error = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void take_bytes(png_structp png, png_bytep target, std::size_t count) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  if (count > state->bytes.size() - state->position) {
    state->past_end = true;
    png_error(png, "the file ends too early");
  }
  std::memcpy(target, state->bytes.data() + state->position, count);
  state->position += count;
}

void give_bytes(png_structp png, png_bytep source, std::size_t count) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  state->bytes.insert(state->bytes.end(), source, source + count);
}

void flush_nothing(png_structp) {}

/// Rows as stored: 8 bits a value (fewer are unpacked), or 16 in the machine's order. False on an
/// error.
bool decode(PngState& state, png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png)) != 0) {
    return false;
  }
  png_set_read_fn(png, &state, take_bytes);
  png_read_info(png, info);
  state.height = static_cast<int>(png_get_image_height(png, info));
  state.width = static_cast<int>(png_get_image_width(png, info));
  state.color_type = png_get_color_type(png, info);
  state.bit_depth = png_get_bit_depth(png, info);
  png_set_packing(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  if (state.bit_depth == 16) {
    png_set_swap(png);
  }
  png_read_update_info(png, info);
  state.row_bytes = png_get_rowbytes(png, info);
  state.pixels.resize(state.row_bytes * state.height);
  state.rows.resize(state.height);
  for (int y = 0; y < state.height; ++y) {
    state.rows[y] = state.pixels.data() + y * state.row_bytes;
  }
  png_read_image(png, state.rows.data());
  png_read_end(png, nullptr);
  return true;
}

bool encode(PngState& state, png_structp png, png_infop info,
            const std::vector<png_color>& palette) {
  if (setjmp(png_jmpbuf(png)) != 0) {
    return false;
  }
  png_set_write_fn(png, &state, give_bytes, flush_nothing);
  png_set_IHDR(png, info, state.width, state.height, 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  png_write_info(png, info);
  png_write_image(png, state.rows.data());
  png_write_end(png, nullptr);
  return true;
}

std::string found_format(const Bytes& bytes) {
  const auto starts_with = [&bytes](const std::string& text) {
    return bytes.size() >= text.size() &&
           std::equal(text.begin(), text.end(), bytes.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  };
  if (starts_with("\xFF\xD8\xFF")) {
    return "a JPEG, whose lossy compression changes class ids; export the mask again as PNG";
  }
  if (starts_with("BM")) {
    return "a BMP; save it as PNG";
  }
  if (starts_with(std::string("II*\0", 4)) || starts_with(std::string("MM\0*", 4))) {
    return "a TIFF; save it as PNG";
  }
  if (starts_with("GIF8")) {
    return "a GIF; save it as PNG";
  }
  return "another format";
}

RawMask to_mask(const PngState& state, const std::filesystem::path& file) {
  RawMask mask;
  if ((state.color_type & PNG_COLOR_MASK_COLOR) != 0 &&
      state.color_type != PNG_COLOR_TYPE_PALETTE) {
    if (state.bit_depth != 8) {
      throw DataError(file.string() + ": expected 8 bits a colour channel in an RGB mask, found " +
                      std::to_string(state.bit_depth));
    }
    mask.colors = torch::empty({state.height, state.width, 3}, torch::kUInt8);
    std::memcpy(mask.colors.data_ptr(), state.pixels.data(), state.pixels.size());
    return mask;
  }
  mask.values = torch::empty({state.height, state.width}, torch::kInt32);
  auto* values = mask.values.data_ptr<std::int32_t>();
  const std::size_t count = static_cast<std::size_t>(state.height) * state.width;
  if (state.bit_depth == 16) {
    for (std::size_t i = 0; i < count; ++i) {
      std::uint16_t value = 0;
      std::memcpy(&value, state.pixels.data() + 2 * i, sizeof value);
      values[i] = value;
    }
  } else {
    std::copy(state.pixels.begin(), state.pixels.begin() + static_cast<std::ptrdiff_t>(count),
              values);
  }
  return mask;
}

}  // namespace

RawMask read_mask(const std::filesystem::path& file) {
  PngState state;
  state.bytes = read_bytes(file);
  if (is_npy(state.bytes)) {
    return {npy_values(state.bytes, file), {}};
  }
  if (state.bytes.size() < 8 || png_sig_cmp(state.bytes.data(), 0, 8) != 0) {
    throw DataError(file.string() + ": expected a PNG or .npy mask, found " + found_format(state.bytes));
  }
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  TORCH_INTERNAL_ASSERT(info != nullptr, "libpng is out of memory");
  const bool whole = decode(state, png, info);
  png_destroy_read_struct(&png, &info, nullptr);
  if (!whole) {
    throw DataError(file.string() + ": " +
                    (state.past_end ? "truncated PNG, " + std::to_string(state.bytes.size()) +
                                          " bytes; copy or download the file again"
                                    : "damaged PNG (" + state.error + ")"));
  }
  return to_mask(state, file);
}

void write_mask(const std::filesystem::path& file, const torch::Tensor& values,
                const std::vector<Rgb>& palette) {
  TORCH_CHECK_VALUE(
      values.dim() == 2 && values.scalar_type() == torch::kUInt8 && values.numel() > 0,
      "write_mask: values must be [H,W] uint8, got ", values.sizes(), " ", values.dtype());
  TORCH_CHECK_VALUE(palette.size() <= 256, "write_mask: expected at most 256 colours, got ",
                    palette.size());
  const torch::Tensor pixels = values.cpu().contiguous();
  auto* data = pixels.data_ptr<std::uint8_t>();
  std::vector<png_color> colors(
      std::max<std::size_t>(palette.size(), *std::max_element(data, data + pixels.numel()) + 1U));
  for (std::size_t i = 0; i < palette.size(); ++i) {
    colors[i] = {palette[i][0], palette[i][1], palette[i][2]};
  }
  PngState state;
  state.height = static_cast<int>(pixels.size(0));
  state.width = static_cast<int>(pixels.size(1));
  for (int y = 0; y < state.height; ++y) {
    state.rows.push_back(data + static_cast<std::ptrdiff_t>(y) * state.width);
  }
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  TORCH_INTERNAL_ASSERT(info != nullptr, "libpng is out of memory");
  const bool written = encode(state, png, info, colors);
  png_destroy_write_struct(&png, &info);
  if (!written) {
    throw DataError(file.string() + ": the mask cannot be encoded: " + state.error);
  }
  write_bytes(file, state.bytes);
}

}  // namespace gyroseg
