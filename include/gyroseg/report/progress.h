#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

namespace gyroseg {

/// "1:05:09" or "2:07". seconds >= 0.
[[nodiscard]] std::string format_duration(double seconds);

/// True where standard error is a terminal that understands carriage returns.
[[nodiscard]] bool on_terminal();

/// Progress of a counted task with the time left: one line redrawn in place on a terminal, a plain line
/// every ten seconds elsewhere (logs stay short).
class Progress {
 public:
  /// total: steps in all; done: steps made before this session (a resumed run), left out of the rate.
  Progress(std::ostream& out, bool terminal, std::int64_t total, std::int64_t done = 0);

  /// note: what stands behind the bar, such as "epoch 2/10 loss 0.83".
  void update(std::int64_t done, const std::string& note);
  /// Removes the bar, so that other text can be printed.
  void clear();

  /// Seconds left at the mean rate of this session; negative while unknown.
  [[nodiscard]] double seconds_left(std::int64_t done) const;

 private:
  using Clock = std::chrono::steady_clock;
  std::ostream& out_;
  bool terminal_;
  std::int64_t total_;
  std::int64_t done_before_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_shown_ = start_;
};

}  // namespace gyroseg
