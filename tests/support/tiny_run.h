#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "gyroseg/config/config.h"
#include "gyroseg/data/figures.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/data/mask_io.h"
#include "support/trees.h"

namespace gyroseg {

/// A folder that is empty at first and removed at the end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("gyroseg_" + name + "_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Draws figures into root/SPLIT/{images,masks}.
inline void draw_split(const std::filesystem::path& root, const std::string& split, int count, int size) {
  const std::filesystem::path images = root / split / "images";
  const std::filesystem::path masks = root / split / "masks";
  std::filesystem::create_directories(images);
  std::filesystem::create_directories(masks);
  for (int i = 0; i < count; ++i) {
    const Figure figure = draw_figure({size, 11}, split, i);
    write_image(images / (std::to_string(i) + ".png"), figure.image);
    write_mask(masks / (std::to_string(i) + ".png"), figure.mask, figures_palette());
  }
}

/// A config that trains in seconds.
inline Config tiny_config(const std::filesystem::path& root, int size) {
  Config config;
  config.name = "tiny";
  config.seed = 3;
  config.hierarchy = pascal_part();
  config.data.root = root.string();
  config.data.image_size = {size, size};
  config.data.threads = 1;
  config.data.augment.flip = 0.5;
  config.model.aspp_dilations = {1, 2, 3};
  config.model.aspp_channels = 32;
  config.model.low_level_channels = 16;
  config.model.decoder_channels = 32;
  config.model.projection_input = "decoder";
  config.embedding = {"poincare", 8, 1.0};
  config.classifier.input = "embedding";
  LossConfig cross_entropy;
  cross_entropy.name = "cross_entropy";
  cross_entropy.label = "cross_entropy";
  cross_entropy.class_weights = "sqrt_median_frequency";
  LossConfig triplet;
  triplet.name = "tree_triplet";
  triplet.label = "tree_triplet";
  triplet.weight = 0.5;
  triplet.schedule = "cosine";
  config.loss = {cross_entropy, triplet};
  config.training.epochs = 2;
  config.training.batch_size = 2;
  return config;
}

/// tiny_config() with a network that sees each pixel alone.
inline Config pointwise_config(const std::filesystem::path& root, int size) {
  Config config = tiny_config(root, size);
  config.model.encoder = "pointwise";
  config.model.decoder = "pointwise";
  config.model.auxiliary_weight = 0;
  config.loss[0].class_weights = "none";
  return config;
}

}  // namespace gyroseg
