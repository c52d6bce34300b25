#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <system_error>
#include <utility>

#include "gyroseg/data/layout.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 6> kExtensions = {".jpg", ".jpeg", ".png",
                                                    ".bmp", ".tif",  ".tiff"};

std::string lower_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool is_image(const fs::path& file) {
  const bool hidden = file.filename().string().front() == '.';
  return !hidden && std::find(kExtensions.begin(), kExtensions.end(), lower_extension(file)) !=
                        kExtensions.end();
}

/// Image files of a folder by name without extension; several files may share one.
std::map<std::string, std::vector<fs::path>> files_by_stem(const fs::path& folder,
                                                           const std::string& key) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) {
    throw DataError(folder.string() + ": expected a folder, found " +
                    (fs::exists(folder, code) ? "a file" : "none") + "; check data.root and " +
                    key);
  }
  std::map<std::string, std::vector<fs::path>> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    if (is_image(entry.path()) && entry.is_regular_file()) {
      files[entry.path().stem().string()].push_back(entry.path());
    }
  }
  if (code) {
    throw DataError(folder.string() + ": the folder cannot be read: " + code.message());
  }
  for (auto& [stem, paths] : files) {
    std::sort(paths.begin(), paths.end());
  }
  return files;
}

/// The PNG where there is one. Another format is kept, so that reading it tells why it is refused.
const fs::path& mask_of(const std::vector<fs::path>& candidates) {
  const auto png = std::find_if(candidates.begin(), candidates.end(), [](const fs::path& file) {
    return lower_extension(file) == ".png";
  });
  return png != candidates.end() ? *png : candidates.front();
}

}  // namespace

/// root/<images> and root/<masks>, paired by the name without extension.
Listing scan_folders(const DataConfig& config, const std::string& split) {
  const auto folders = config.splits.find(split);
  if (folders == config.splits.end()) {
    std::string known;
    for (const auto& [name, unused] : config.splits) {
      known += (known.empty() ? "" : ", ") + name;
    }
    throw DataError("split " + split + ": expected one of data.splits (" + known + ")");
  }
  if (config.root.empty()) {
    throw DataError("data.root: expected the folder of the data set, found nothing");
  }
  const fs::path root(config.root);
  const auto images = files_by_stem(root / folders->second.images, "data.splits");
  const auto masks = files_by_stem(root / folders->second.masks, "data.splits");
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
