#pragma once

namespace gyroseg {

/// While it lives, the first Ctrl-C (SIGINT) or SIGTERM only sets a flag, so that a training finishes its
/// step and saves; a second one ends the program as usual.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  [[nodiscard]] static bool requested();
};

}  // namespace gyroseg
