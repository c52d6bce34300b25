#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace gyroseg {

struct ProgramResult {
  int status = -1;
  std::string text;  ///< standard output and standard error
};

/// Runs a shell line. One thread: tests run side by side.
inline ProgramResult run_shell(const std::string& line) {
  const std::string command = "(export OMP_NUM_THREADS=1; " + line + ") 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    throw std::runtime_error("cannot run " + command);
  }
  ProgramResult result;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    result.text.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

/// Runs build/bin/NAME with arguments as a shell line.
inline ProgramResult run_binary(const std::string& name, const std::string& arguments) {
  return run_shell(GYROSEG_BINARY_DIR "/" + name + " " + arguments);
}

}  // namespace gyroseg
