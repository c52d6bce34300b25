#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace gyroseg::testing {

/// The interpreter that scripts/setup fills, or the one on the path.
inline std::string python() {
  const std::filesystem::path own =
      std::filesystem::path(GYROSEG_SOURCE_DIR) / ".venv/bin/python";
  return std::filesystem::exists(own) ? "'" + own.string() + "'" : "python3";
}

/// Whether it can import the module.
inline bool python_has(const std::string& module) {
  return std::system((python() + " -c 'import " + module + "' 2>/dev/null").c_str()) == 0;
}

/// Runs a script with the folder as its argument; the script is left there. Returns its exit status.
inline int run_python(const std::string& script, const std::string& folder) {
  const std::string file = folder + "/script.py";
  std::ofstream(file) << script;
  return std::system((python() + " '" + file + "' '" + folder + "'").c_str());
}

}  // namespace gyroseg::testing
