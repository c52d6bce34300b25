#pragma once

#include <torch/types.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/data/mask_io.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Raw mask values that a config reads: of its nodes, and those that data.label_map renames.
inline std::vector<int> raw_mask_values(const DataConfig& data, const Hierarchy& tree) {
  std::vector<int> values;
  for (const auto& [value, node] : tree.nodes_by_label()) {
    if (!data.label_map.contains(value)) values.push_back(value);
  }
  for (const auto& [raw, value] : data.label_map) {
    if (raw >= 0) values.push_back(raw);
  }
  return values;
}

/// A data set of noise in the layout of `data`, under its data.root, `counts` samples a split: images
/// [size,size], masks of 4 x 4 patches of its own values (colours with data.color_map), and its lists.
/// The patches are drawn without replacement, so that all classes are there as far as they fit.
inline void write_tiny_data(const DataConfig& data, const Hierarchy& tree, int size,
                            const std::map<std::string, int>& counts) {
  namespace fs = std::filesystem;
  const auto patches = [size](const torch::Tensor& values) {
    const torch::Tensor drawn = values.index_select(
        0, torch::cat({torch::randperm(values.size(0)), torch::randint(values.size(0), {16})})
               .slice(0, 0, 16));
    return drawn.view({4, 4, -1}).repeat_interleave(size / 4, 0).repeat_interleave(size / 4, 1);
  };
  std::vector<int> colors;
  for (const auto& [color, value] : data.color_map) {
    colors.insert(colors.end(), color.begin(), color.end());
  }
  torch::manual_seed(5);
  for (const auto& [split, count] : counts) {
    const SplitFolders& folders = data.splits.at(split);
    const fs::path root = data.root;
    fs::create_directories(root / folders.images);
    fs::create_directories(root / folders.masks);
    std::string list;
    for (int i = 0; i < count; ++i) {
      const std::string name = split + "_" + std::to_string(i);
      list += name + "\n";
      write_image(root / folders.images / (name + ".png"),
                  torch::randint(256, {size, size, 3}, torch::kUInt8));
      const fs::path mask = root / folders.masks / (name + ".png");
      if (!colors.empty()) {
        const torch::Tensor rgb = patches(torch::tensor(colors, torch::kUInt8).view({-1, 3}));
        write_image(mask, rgb.contiguous());
      } else {
        const torch::Tensor raw = torch::tensor(raw_mask_values(data, tree), torch::kUInt8);
        write_mask(mask, patches(raw.unsqueeze(1)).squeeze(2).contiguous(), {});
      }
    }
    if (!folders.list.empty()) {
      fs::create_directories((root / folders.list).parent_path());
      std::ofstream(root / folders.list) << list;
    }
  }
}

}  // namespace gyroseg
