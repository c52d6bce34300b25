#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/data/image_io.h"

namespace gyroseg {

/// One image and its mask on disk.
struct SampleFiles {
  std::filesystem::path image;
  std::filesystem::path mask;
};

/// What a layout finds of one split, complete or not, sorted by name.
struct Listing {
  std::vector<SampleFiles> samples;
  std::vector<std::filesystem::path> images_without_mask;
  std::vector<std::filesystem::path> masks_without_image;
};

/// Lists a split by data.layout. A new layout is one file with a function of this signature and one
/// line in the table of layout.cpp. Throws DataError: unknown layout or split, missing folder, two
/// images of one name.
[[nodiscard]] Listing scan_split(const DataConfig& config, const std::string& split);

/// The samples of a split in the order that indices refer to. Masks without an image are left out.
/// Throws DataError: as scan_split; no image; images without a mask (the first few and their
/// number).
[[nodiscard]] std::vector<SampleFiles> list_samples(const DataConfig& config,
                                                    const std::string& split);

/// The values that data.layout accepts.
[[nodiscard]] std::vector<std::string> layout_names();

}  // namespace gyroseg
