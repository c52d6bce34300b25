#include "safetensors_header.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <utility>

namespace gyroseg {
namespace {

using nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kAlignment = 8;

constexpr std::array<std::pair<std::string_view, torch::ScalarType>, 10> kDtypes = {{
    {"F64", torch::kFloat64},
    {"F32", torch::kFloat32},
    {"F16", torch::kFloat16},
    {"BF16", torch::kBFloat16},
    {"I64", torch::kInt64},
    {"I32", torch::kInt32},
    {"I16", torch::kInt16},
    {"I8", torch::kInt8},
    {"U8", torch::kUInt8},
    {"BOOL", torch::kBool},
}};

template <typename... Parts>
[[noreturn]] void fail_on_header(const Parts&... parts) {
  throw std::invalid_argument(c10::str(parts...));
}

torch::ScalarType dtype_of(const std::string& tensor, const json& name) {
  if (!name.is_string()) fail_on_header("tensor ", tensor, ": dtype is not a string");
  for (const auto& [known, dtype] : kDtypes) {
    if (name.get_ref<const std::string&>() == known) return dtype;
  }
  fail_on_header("tensor ", tensor, ": dtype ", name.get_ref<const std::string&>(),
       " is unknown, expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL");
}

/// The member `key` of a tensor's object as a list of sizes.
std::vector<std::uint64_t> sizes_of(const std::string& tensor, const json& object,
                                    const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_array()) fail_on_header("tensor ", tensor, ": no list ", key);
  std::vector<std::uint64_t> sizes;
  for (const json& size : *member) {
    if (!size.is_number_unsigned()) fail_on_header("tensor ", tensor, ": ", key, " holds ", size.dump());
    sizes.push_back(size.get<std::uint64_t>());
  }
  return sizes;
}

/// Bytes of a tensor. Sizes whose product overflows are refused even beside a 0: strides overflow
/// too.
std::uint64_t byte_count(const TensorEntry& entry) {
  std::uint64_t bytes = torch::elementSize(entry.dtype);
  bool empty = false;
  for (const std::int64_t size : entry.shape) {
    const auto factor = std::max<std::uint64_t>(static_cast<std::uint64_t>(size), 1);
    if (bytes > std::uint64_t{std::numeric_limits<std::int64_t>::max()} / factor) {
      fail_on_header("tensor ", entry.name, ": shape ", torch::IntArrayRef(entry.shape), " is too large");
    }
    bytes *= factor;
    empty = empty || size == 0;
  }
  return empty ? 0 : bytes;
}

TensorEntry parse_entry(const std::string& name, const json& object, std::uint64_t data_size) {
  if (!object.is_object()) fail_on_header("tensor ", name, ": its entry is not an object");
  TensorEntry entry{name, dtype_of(name, object.value("dtype", json())), {}, 0, 0};
  for (const std::uint64_t size : sizes_of(name, object, "shape")) {
    if (size > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      fail_on_header("tensor ", name, ": shape holds ", size);
    }
    entry.shape.push_back(static_cast<std::int64_t>(size));
  }
  const auto offsets = sizes_of(name, object, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size) {
    fail_on_header("tensor ", name, ": data_offsets ", object["data_offsets"].dump(),
         " leave the file's data of ", data_size, " bytes");
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  if (byte_count(entry) != entry.end - entry.begin) {
    fail_on_header("tensor ", name, ": ", dtype_name(entry.dtype), " ", torch::IntArrayRef(entry.shape),
         " takes ", byte_count(entry), " bytes, its data_offsets give ", entry.end - entry.begin);
  }
  return entry;
}

/// JSON with a name given twice is refused: parsers disagree on which one counts.
json parse_json(std::string_view text) {
  std::vector<std::set<std::string>> open;
  const auto check = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key &&
        !open.back().insert(parsed.get<std::string>()).second) {
      fail_on_header("the header names ", parsed.get<std::string>(), " twice");
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception&) {
    fail_on_header("the header is not JSON");
  }
}

void check_cover(const std::vector<TensorEntry>& entries, std::uint64_t data_size) {
  std::uint64_t covered = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != covered) {
      fail_on_header("tensor ", entry.name, ": its data begin at byte ", entry.begin, ", expected ", covered,
           entry.begin < covered ? " (two tensors overlap)" : " (a gap)");
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    fail_on_header("the tensors take ", covered, " bytes, the file has ", data_size);
  }
}

}  // namespace

std::string_view dtype_name(torch::ScalarType dtype) {
  for (const auto& [name, known] : kDtypes) {
    if (dtype == known) return name;
  }
  return {};
}

SafetensorsHeader parse_header(std::string_view text, std::uint64_t data_size) {
  const json root = parse_json(text);
  if (!root.is_object()) fail_on_header("the header is not a JSON object");
  SafetensorsHeader header;
  for (const auto& [name, value] : root.items()) {
    if (name != kMetadata) {
      header.entries.push_back(parse_entry(name, value, data_size));
      continue;
    }
    if (!value.is_object()) fail_on_header("__metadata__ is not an object");
    for (const auto& [key, text_value] : value.items()) {
      if (!text_value.is_string()) fail_on_header("__metadata__: ", key, " is not a string");
      header.metadata[key] = text_value.get<std::string>();
    }
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  check_cover(header.entries, data_size);
  return header;
}

std::string format_header(const SafetensorsHeader& header) {
  json root = json::object();
  if (!header.metadata.empty()) root[std::string(kMetadata)] = header.metadata;
  for (const TensorEntry& entry : header.entries) {
    TORCH_CHECK_VALUE(entry.name != kMetadata, "write_safetensors: ", kMetadata,
                      " is no name for a tensor");
    root[entry.name] = {{"dtype", dtype_name(entry.dtype)},
                        {"shape", entry.shape},
                        {"data_offsets", {entry.begin, entry.end}}};
  }
  try {
    std::string text = root.dump();
    text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
    return text;
  } catch (const json::exception&) {
    C10_THROW_ERROR(ValueError, "write_safetensors: a name or metadata text is not UTF-8");
  }
}

}  // namespace gyroseg
