#pragma once

#include <ATen/Parallel.h>

namespace gyroseg::testing {

/// One thread for tensor operations while it lives: thousands of tiny ones would wait for each other's
/// threads, on a busy machine thirty times as long as they compute.
class OneThread {
 public:
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = at::get_num_threads();
};

}  // namespace gyroseg::testing
