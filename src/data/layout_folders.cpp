#include "layout_files.h"

namespace gyroseg {

namespace fs = std::filesystem;

Listing scan_folders(const DataConfig& config, const std::string& split) {
  const fs::path root(config.root);
  const SplitFolders& folders = config.splits.at(split);
  const FilesByName images = find_files(root / folders.images, FileKind::kImage, "data.splits");
  const FilesByName masks = find_files(root / folders.masks, FileKind::kMask, "data.splits");
  Listing listing;
  for (const auto& [stem, paths] : images) {
    if (paths.size() > 1) {
      throw DataError(paths[0].string() + ": a second image of this name, " +
                      paths[1].filename().string() + ", would share its mask; rename one");
    }
    const auto mask = masks.find(stem);
    if (mask == masks.end()) {
      listing.images_without_mask.push_back(paths[0]);
    } else {
      listing.samples.push_back({paths[0], mask_of(mask->second)});
    }
  }
  for (const auto& [stem, paths] : masks) {
    if (images.count(stem) == 0) {
      listing.masks_without_image.insert(listing.masks_without_image.end(), paths.begin(),
                                         paths.end());
    }
  }
  return listing;
}

}  // namespace gyroseg
