#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace gyroseg {

/// While it lives, the operators of this thread that torch deems safe (convolutions, matrix products)
/// cast their inputs to `dtype`; weights keep theirs. The casts of weights are kept until the outermost
/// guard ends, so that a weight used twice is cast once. Backward runs outside, in the saved dtypes.
///
///   dtype   kBFloat16: on;  kFloat32: off, also within another guard
///   Threads the state is the thread's own and is put back at the end
class Autocast {
 public:
  /// Throws c10::ValueError on any other dtype.
  Autocast(c10::DeviceType device, c10::ScalarType dtype);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool was_enabled_;
  c10::ScalarType previous_dtype_;
};

}  // namespace gyroseg
