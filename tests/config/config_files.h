#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gyroseg/config/read.h"

namespace gyroseg {

/// Files of one test in a folder of its own, which is the working directory meanwhile: messages
/// then name "train.yaml", not a path that changes.
class ConfigFiles {
 public:
  ConfigFiles() : before_(std::filesystem::current_path()) {
    const std::filesystem::path temporary = std::filesystem::temp_directory_path();
    std::string pattern = (temporary / "gyroseg_config_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::filesystem::current_path(folder_);
  }
  ~ConfigFiles() {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }
  ConfigFiles(const ConfigFiles&) = delete;
  ConfigFiles& operator=(const ConfigFiles&) = delete;

  static void write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = name;
    if (path.has_parent_path()) {
      std::filesystem::create_directories(path.parent_path());
    }
    std::ofstream(path, std::ios::binary) << text;
  }

  /// Reads `text` as train.yaml.
  static Config read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    write("train.yaml", text);
    return read_config("train.yaml", overrides);
  }

  /// What the ConfigError says, or "" where there was none.
  static std::string error(const std::string& text,
                           const std::vector<std::string>& overrides = {}) {
    try {
      (void)read(text, overrides);
    } catch (const ConfigError& problem) {
      return problem.what();
    }
    return "";
  }

 private:
  std::filesystem::path before_;
  std::filesystem::path folder_;
};

inline std::string text_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// A whole config of two lines, lines 1 and 2.
inline const std::string kMinimal =
    "hierarchy: {background: {}, body: {head: {}, torso: {}}}\n"
    "data: {root: figures}\n";

}  // namespace gyroseg
