#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gyroseg {

/// One entry of a safetensors header. Data bytes are [begin, end) counted from the end of the
/// header.
struct TensorEntry {
  std::string name;
  torch::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin;
  std::uint64_t end;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> entries;  ///< in the order of their data
  std::map<std::string, std::string> metadata;
};

/// Name of a dtype in the file, empty where the format has none.
[[nodiscard]] std::string_view dtype_name(torch::ScalarType dtype);

/// Parses and checks a header whose data take `data_size` bytes: every entry inside, sizes equal to
/// shape times dtype, no byte unowned and none owned twice. Throws std::invalid_argument with the
/// reason.
[[nodiscard]] SafetensorsHeader parse_header(std::string_view json, std::uint64_t data_size);

/// The header as JSON, padded with spaces to a multiple of 8.
[[nodiscard]] std::string format_header(const SafetensorsHeader& header);

}  // namespace gyroseg
