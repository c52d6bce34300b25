#pragma once

#include <exception>
#include <string>

namespace gyroseg {

/// One line that names the config keys to lower, where `error` says that memory ran out: std::bad_alloc,
/// c10::OutOfMemoryError, or a message of torch's CPU allocator, a CUDA library or OpenCV. With the amount
/// that could not be had, where the message tells it. "" for any other error.
[[nodiscard]] std::string out_of_memory_advice(const std::exception& error);

}  // namespace gyroseg
