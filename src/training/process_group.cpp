#include "gyroseg/training/process_group.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "gloo_backend.h"

namespace gyroseg {
namespace {

/// The first sentence of what c10d or gloo said: the rest is advice and a stack trace.
std::string reason(const std::exception& error) {
  const auto* torchs = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torchs != nullptr ? torchs->what_without_backtrace() : error.what();
  return text.substr(0, std::min(text.find('\n'), text.find(". ")));
}

void guarded(const ProcessPlace& place, const std::string& what,
             const std::function<void()>& body) {
  try {
    body();
  } catch (const LaunchError&) {
    throw;
  } catch (const std::exception& error) {
    throw LostProcess("rank " + std::to_string(place.rank) + " of " + std::to_string(place.size) +
                      ": " + what + " (" + reason(error) + ")");
  }
}

}  // namespace

struct ProcessGroup::Backend {
  c10::intrusive_ptr<c10d::Backend> c10d;

  /// Runs an operation on a tensor in host memory and puts the result back.
  template <class Operation>
  void run(const ProcessPlace& place, torch::Tensor& tensor, Operation operation) {
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> host = {tensor.detach().cpu().contiguous()};
    guarded(place,
            "lost contact with another process of this run; its own message says why it ended",
            [&] { operation(host)->wait(); });
    if (host[0].data_ptr() != tensor.data_ptr()) {
      tensor.copy_(host[0]);
    }
  }
};

ProcessGroup::ProcessGroup(const ProcessPlace& place) : place_(place) {
  if (alone()) {
    return;
  }
  backend_ = std::make_shared<Backend>();
  guarded(place,
          "could not meet the other processes at MASTER_ADDR=" + place.address + ", MASTER_PORT=" +
              std::to_string(place.port) + "; is each of the " + std::to_string(place.size) +
              " running, and the port free?",
          [&] { backend_->c10d = gloo_backend(place); });
}

void ProcessGroup::sum(torch::Tensor& tensor) const {
  if (!alone()) {
    backend_->run(place_, tensor, [&](auto& host) { return backend_->c10d->allreduce(host); });
  }
}

void ProcessGroup::take_from_first(torch::Tensor& tensor) const {
  if (!alone()) {
    backend_->run(place_, tensor, [&](auto& host) { return backend_->c10d->broadcast(host); });
  }
}

}  // namespace gyroseg
