#include "layout_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 7> kExtensions = {".jpg", ".jpeg", ".png", ".bmp",
                                                    ".tif", ".tiff", ".npy"};

std::string lower_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool is_kind(const fs::path& file, FileKind kind) {
  const bool hidden = file.filename().string().front() == '.';
  const std::string extension = lower_extension(file);
  return !hidden && (kind == FileKind::kMask || extension != ".npy") &&
         std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

}  // namespace

FilesByName find_files(const fs::path& folder, FileKind kind, const std::string& key) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) {
    throw DataError(folder.string() + ": expected a folder, found " +
                    (fs::exists(folder, code) ? "a file" : "none") + "; check data.root and " +
                    key);
  }
  FilesByName files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    if (is_kind(entry.path(), kind) && entry.is_regular_file()) {
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

const fs::path& mask_of(const std::vector<fs::path>& candidates) {
  for (const char* preferred : {".png", ".npy"}) {
    const auto found =
        std::find_if(candidates.begin(), candidates.end(), [preferred](const fs::path& file) {
          return lower_extension(file) == preferred;
        });
    if (found != candidates.end()) {
      return *found;
    }
  }
  return candidates.front();
}

std::string without_extension(const std::string& name) {
  const fs::path path(name);
  const bool known = std::find(kExtensions.begin(), kExtensions.end(), lower_extension(path)) !=
                     kExtensions.end();
  return known ? path.stem().string() : name;
}

}  // namespace gyroseg
