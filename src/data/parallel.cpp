#include "gyroseg/data/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace gyroseg {

void for_each_index(std::int64_t count, int threads,
                    const std::function<void(std::int64_t)>& visit) {
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::int64_t failed_index = count;
  std::exception_ptr error;
  const auto work = [&] {
    while (!failed) {
      const std::int64_t index = next++;
      if (index >= count) {
        return;
      }
      try {
        visit(index);
      } catch (...) {
        failed = true;
        const std::lock_guard lock(mutex);
        if (index < failed_index) {
          failed_index = index;
          error = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::int64_t i = 1; i < std::min<std::int64_t>(threads, count); ++i) {
      helpers.emplace_back(work);
    }
    work();
  }
  if (error) {
    std::rethrow_exception(error);
  }
}

}  // namespace gyroseg
