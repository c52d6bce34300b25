#include "gyroseg/data/labels.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <map>

namespace gyroseg {
namespace {

// A PNG holds 0 to 65535; .npy masks of signed numbers mark void with -1 and the like.
constexpr int kLowest = -32768;
constexpr int kHighest = 65535;
constexpr std::int32_t kBad = -2;  // no node, and not ignored
constexpr std::size_t kListedColors = 16;

std::uint32_t pack(const std::uint8_t* rgb) {
  return static_cast<std::uint32_t>(rgb[0]) << 16 | static_cast<std::uint32_t>(rgb[1]) << 8 |
         rgb[2];
}

std::string color_text(std::uint32_t packed) {
  return c10::str("(", packed >> 16, ", ", packed >> 8 & 0xFF, ", ", packed & 0xFF, ")");
}

bool is_stored(int value) { return value >= kLowest && value <= kHighest; }

/// Values as runs: "0 to 6, 255".
std::string ranges(const std::vector<int>& sorted) {
  std::string text;
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t last = first;
    while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) {
      ++last;
    }
    text += (text.empty() ? "" : ", ") + std::to_string(sorted[first]);
    if (last > first) {
      text += (last == first + 1 ? ", " : " to ") + std::to_string(sorted[last]);
    }
    first = last + 1;
  }
  return text;
}

/// Looks every pixel up. `key` gives the table key of a pixel, `node` the node of a key, `text` the
/// message of a bad key.
template <typename Key, typename Node, typename Text>
MappedMask look_up(std::int64_t height, std::int64_t width, Key key, Node node, Text text) {
  MappedMask mapped;
  mapped.labels = torch::empty({height, width}, torch::kInt64);
  auto* labels = mapped.labels.data_ptr<std::int64_t>();
  std::map<std::uint32_t, std::size_t> bad;  // key -> index in mapped.bad
  for (std::int64_t i = 0; i < height * width; ++i) {
    const std::uint32_t k = key(i);
    const std::int32_t found = node(k);
    labels[i] = found == kBad ? kIgnored : found;
    if (found == kBad) {
      const auto [entry, is_new] = bad.try_emplace(k, mapped.bad.size());
      if (is_new) {
        mapped.bad.push_back({text(k), i % width, i / width, 0});
      }
      ++mapped.bad[entry->second].count;
    }
  }
  return mapped;
}

}  // namespace

LabelMapper::LabelMapper(const Hierarchy& tree, const DataConfig& config)
    : nodes_(kHighest - kLowest + 1, kBad) {
  std::map<int, int> known = tree.nodes_by_label();
  known[config.ignore_index] = static_cast<int>(kIgnored);
  for (const auto& [value, node] : known) {
    if (is_stored(value)) {
      nodes_[value - kLowest] = node;
    }
  }
  const std::vector<std::int32_t> unmapped = nodes_;
  const auto expected = [this, &unmapped] {
    nodes_ = unmapped;
    return c10::str("expected a mask value of the tree or data.ignore_index (", allowed(false),
                    ")");
  };
  for (const auto& [raw, value] : config.label_map) {
    if (!is_stored(raw)) {
      throw DataError("data.label_map: expected mask values in [-32768, 65535], found " +
                      std::to_string(raw));
    }
    if (value.has_value() && known.count(*value) == 0) {
      throw DataError("data.label_map: " + std::to_string(raw) + ": " + expected() + ", found " +
                      std::to_string(*value));
    }
    nodes_[raw - kLowest] =
        value.has_value() ? known.at(*value) : static_cast<std::int32_t>(kIgnored);
  }
  for (const auto& [color, value] : config.color_map) {
    const std::uint32_t packed = pack(color.data());
    if (!is_stored(value) || nodes_[value - kLowest] == kBad) {
      throw DataError("data.color_map: " + color_text(packed) + ": " + expected() + ", found " +
                      std::to_string(value));
    }
    colors_[packed] = nodes_[value - kLowest];
    color_list_.push_back(color);
  }
}

std::string LabelMapper::allowed(bool colors) const {
  if (!colors) {
    std::vector<int> values;
    for (int value = kLowest; value <= kHighest; ++value) {
      if (nodes_[value - kLowest] != kBad) {
        values.push_back(value);
      }
    }
    return ranges(values);
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(color_list_.size(), kListedColors); ++i) {
    text += (i == 0 ? "" : ", ") + color_text(pack(color_list_[i].data()));
  }
  return color_list_.size() > kListedColors
             ? text + " and " + std::to_string(color_list_.size() - kListedColors) + " more"
             : text;
}

MappedMask LabelMapper::scan(const RawMask& mask, const std::filesystem::path& file) const {
  if (mask.values.defined()) {
    const torch::Tensor stored = mask.values.contiguous();
    const auto* values = stored.data_ptr<std::int32_t>();
    return look_up(
        stored.size(0), stored.size(1),
        [values](std::int64_t i) { return static_cast<std::uint32_t>(values[i]); },
        [this](std::uint32_t key) {
          const auto value = static_cast<std::int32_t>(key);
          return is_stored(value) ? nodes_[value - kLowest] : kBad;
        },
        [](std::uint32_t key) { return std::to_string(static_cast<std::int32_t>(key)); });
  }
  if (colors_.empty()) {
    throw DataError(file.string() + ": expected a palette or grey mask, found RGB colours; set " +
                    "data.color_map to give the mask value of each colour");
  }
  const torch::Tensor stored = mask.colors.contiguous();
  const auto* rgb = stored.data_ptr<std::uint8_t>();
  std::uint32_t last = ~0U;  // neighbours mostly share a colour: one look-up a run
  std::int32_t last_node = kBad;
  return look_up(
      stored.size(0), stored.size(1), [rgb](std::int64_t i) { return pack(rgb + 3 * i); },
      [this, &last, &last_node](std::uint32_t color) {
        if (color != last) {
          const auto found = colors_.find(color);
          last = color;
          last_node = found == colors_.end() ? kBad : found->second;
        }
        return last_node;
      },
      [](std::uint32_t color) { return "colour " + color_text(color); });
}

torch::Tensor LabelMapper::map(const RawMask& mask, const std::filesystem::path& file) const {
  MappedMask mapped = scan(mask, file);
  if (!mapped.bad.empty()) {
    const BadValue& bad = mapped.bad.front();
    throw DataError(file.string() + ": pixel (x " + std::to_string(bad.x) + ", y " +
                    std::to_string(bad.y) + "): expected one of " +
                    allowed(!mask.values.defined()) + ", found " + bad.value +
                    "; fix the mask, or name the value in labels or data.label_map");
  }
  return mapped.labels;
}

}  // namespace gyroseg
