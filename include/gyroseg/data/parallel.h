#pragma once

#include <cstdint>
#include <functional>

namespace gyroseg {

/// Calls visit(i) once for every i in [0, count), on `threads` threads (0 or 1: in the calling
/// one), in no order. Where calls throw, no more are begun and the exception of the smallest index
/// is rethrown.
void for_each_index(std::int64_t count, int threads,
                    const std::function<void(std::int64_t)>& visit);

}  // namespace gyroseg
