#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/data/mask_io.h"
#include "gyroseg/data/random.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg::testing {

/// A folder of its own for one test, removed at its end.
class ScratchFolder {
 public:
  ScratchFolder() {
    static std::atomic<int> counter{0};
    path_ = std::filesystem::temp_directory_path() /
            ("gyroseg_data_" + std::to_string(::getpid()) + "_" + std::to_string(counter++));
    std::filesystem::create_directories(path_);
  }
  ~ScratchFolder() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// background 0; body (9) { head 1, arm 2 }. Leaves are the nodes 0, 1, 2; body is node 3.
inline Hierarchy small_tree() {
  NodeSpec body{"body", {{"head", {}, 1, ""}, {"arm", {}, 2, ""}}, 9, ""};
  return Hierarchy(TreeSpec{{{"background", {}, 0, ""}, body}, {}});
}

/// Uniform bytes, the same on every run.
inline torch::Tensor random_bytes(const std::vector<std::int64_t>& shape, std::uint64_t seed,
                                  std::int64_t bound = 256) {
  Random random(seed);
  torch::Tensor bytes = torch::empty(shape, torch::kUInt8);
  for (std::int64_t i = 0; i < bytes.numel(); ++i) {
    bytes.data_ptr<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.below(bound));
  }
  return bytes;
}

/// Writes `count` pairs 00.png .. of random pixels, H x W = 20 x 28, labels 0 to 2.
inline DataConfig plant_set(const ScratchFolder& folder, int count,
                            const std::string& split = "train") {
  DataConfig config;
  config.root = folder.path().string();
  config.image_size = {12, 16};
  std::filesystem::create_directories(folder / split / "images");
  std::filesystem::create_directories(folder / split / "masks");
  for (int i = 0; i < count; ++i) {
    const std::string name = (i < 10 ? "0" : "") + std::to_string(i) + ".png";
    write_image(folder / split / "images" / name, random_bytes({20, 28, 3}, 2 * i));
    write_mask(folder / split / "masks" / name, random_bytes({20, 28}, 2 * i + 1, 3), {});
  }
  return config;
}

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

/// The same pairs as seed 001 lays them out: JPEGImages, gt_masks, and train_id.txt that names all.
inline DataConfig plant_pascal_part(const ScratchFolder& folder, int count) {
  DataConfig config = plant_set(folder, count);
  std::filesystem::rename(folder / "train" / "images", folder / "JPEGImages");
  std::filesystem::rename(folder / "train" / "masks", folder / "gt_masks");
  config.splits.clear();
  for (const std::string split : {"train", "val", "test"}) {
    config.splits[split] = {"JPEGImages", "gt_masks", split + "_id.txt"};
  }
  std::string names;
  for (int i = 0; i < count; ++i) {
    names += (i < 10 ? "0" : "") + std::to_string(i) + "\n";
  }
  write_text(folder / "train_id.txt", names);
  return config;
}

/// Keeps the first `share` of a file.
inline void truncate(const std::filesystem::path& file, double share) {
  const auto size = static_cast<double>(std::filesystem::file_size(file));
  std::filesystem::resize_file(file, static_cast<std::uintmax_t>(size * share));
}

/// The message of the DataError that `body` throws, "" where it throws none.
template <typename Body>
std::string data_error(Body body) {
  try {
    body();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace gyroseg::testing
