#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/data/mask_io.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// A mask value that the tree does not know.
struct BadValue {
  std::string value;   ///< "17", or "colour (255, 0, 16)"
  std::int64_t x = 0;  ///< column and row of its first pixel in raster order
  std::int64_t y = 0;
  std::int64_t count = 0;  ///< pixels of it in the mask
};

struct MappedMask {
  torch::Tensor labels;  ///< [H,W] int64: node index, or kIgnored (also where the value is bad)
  std::vector<BadValue> bad;  ///< in order of their first pixels
};

/// Takes stored mask values to node indices:
///   colour --data.color_map--> value --data.label_map--> value --> kIgnored where it is
///   data.ignore_index or mapped to nothing, else the node of that label.
/// Every other value is bad. Inputs are never changed. Thread-safe.
class LabelMapper {
 public:
  /// Throws DataError where label_map or color_map lead to a value that the tree does not know.
  LabelMapper(const Hierarchy& tree, const DataConfig& config);

  /// Node indices [H,W] int64. Throws DataError on the first bad value: file, pixel, value, allowed
  /// set; and on an RGB mask without data.color_map.
  [[nodiscard]] torch::Tensor map(const RawMask& mask, const std::filesystem::path& file) const;

  /// The same without stopping at bad values. Throws DataError only on an RGB mask without
  /// color_map.
  [[nodiscard]] MappedMask scan(const RawMask& mask, const std::filesystem::path& file) const;

  /// The values (or colours, where `colors`) that masks may hold: "0 to 6, 255".
  [[nodiscard]] std::string allowed(bool colors) const;

 private:
  std::vector<std::int32_t> nodes_;                         ///< by stored value from -32768; kIgnored, or kBad
  std::unordered_map<std::uint32_t, std::int32_t> colors_;  ///< packed RGB -> node or kIgnored
  std::vector<Rgb> color_list_;
};

}  // namespace gyroseg
