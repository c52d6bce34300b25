#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace gyroseg {

struct ChildResult {
  int status = 0;            ///< exit status, 128 + the signal that ended it, 127 where it cannot be run
  bool interrupted = false;  ///< an interrupt of this process was passed on to it
};

/// Runs a program and waits for it; its standard output and error are appended to `log`. It is in a process
/// group of its own: Ctrl-C reaches this process alone, which passes SIGINT on once (InterruptGuard must be
/// alive). It gets SIGTERM when this process dies. `tick` is called a few times a second. Throws DataError
/// where the log cannot be written or no process can be made.
[[nodiscard]] ChildResult run_child(const std::vector<std::string>& arguments,
                                    const std::filesystem::path& log,
                                    const std::function<void()>& tick = {});

/// The last line of a text file that is not empty, "" where there is none.
[[nodiscard]] std::string last_line(const std::filesystem::path& file);

}  // namespace gyroseg
