#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gyroseg/data/layout.h"

namespace gyroseg {

enum class FileKind {
  kImage,  ///< jpg, jpeg, png, bmp, tif, tiff
  kMask    ///< those, so that reading one tells why it is refused, and npy
};

/// Files of a folder by name without extension, sorted; several files may share a name.
using FilesByName = std::map<std::string, std::vector<std::filesystem::path>>;

/// Throws DataError that names the folder and the config's `key` where it is missing or unreadable.
[[nodiscard]] FilesByName find_files(const std::filesystem::path& folder, FileKind kind,
                                     const std::string& key);

/// The PNG where there is one, else the .npy, else the first.
[[nodiscard]] const std::filesystem::path& mask_of(
    const std::vector<std::filesystem::path>& candidates);

/// The name without one of the extensions above; "a.b" stays as it is.
[[nodiscard]] std::string without_extension(const std::string& name);

/// Every image of the split's folder.
[[nodiscard]] Listing scan_folders(const DataConfig& config, const std::string& split);

/// The images that the split's list names, in its order.
[[nodiscard]] Listing scan_list(const DataConfig& config, const std::string& split);

}  // namespace gyroseg
