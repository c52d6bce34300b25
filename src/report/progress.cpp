#include "gyroseg/report/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace gyroseg {
namespace {

constexpr int kBarWidth = 24;
constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::seconds kPlainInterval{10};

}  // namespace

std::string format_duration(double seconds) {
  const auto total = static_cast<long long>(std::max(0.0, seconds) + 0.5);
  char text[32];
  if (total >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", total / 3600, total / 60 % 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
  }
  return text;
}

bool on_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string(kind) != "dumb";
}

Progress::Progress(std::ostream& out, bool terminal, std::int64_t total, std::int64_t done)
    : out_(out), terminal_(terminal), total_(total), done_before_(done) {}

double Progress::seconds_left(std::int64_t done) const {
  const std::int64_t made = done - done_before_;
  if (made <= 0) {
    return -1;
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  return elapsed / static_cast<double>(made) * static_cast<double>(total_ - done);
}

void Progress::update(std::int64_t done, const std::string& note) {
  const Clock::time_point now = Clock::now();
  const auto interval = terminal_ ? Clock::duration(kTerminalInterval) : Clock::duration(kPlainInterval);
  if (now - last_shown_ < interval && done < total_) {
    return;
  }
  last_shown_ = now;
  const double left = seconds_left(done);
  const std::string eta = left < 0 ? "" : "  ETA " + format_duration(left);
  const int percent = total_ > 0 ? static_cast<int>(100 * done / total_) : 100;
  if (terminal_) {
    const int filled = kBarWidth * percent / 100;
    out_ << "\r\033[K[" << std::string(filled, '#') << std::string(kBarWidth - filled, '.') << "] "
         << percent << "%  " << note << eta << std::flush;
  } else {
    out_ << "step " << done << "/" << total_ << "  " << note << eta << std::endl;
  }
}

void Progress::clear() {
  if (terminal_) {
    out_ << "\r\033[K" << std::flush;
  }
}

}  // namespace gyroseg
