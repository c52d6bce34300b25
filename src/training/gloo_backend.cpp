#include "gloo_backend.h"

#ifdef GYROSEG_GLOO

#include <chrono>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace gyroseg {
namespace {

using Gloo = c10d::ProcessGroupGloo;

constexpr std::chrono::milliseconds kJoin = std::chrono::minutes(5);
/// Rank 0 may write a checkpoint to a slow disk while the others wait.
constexpr std::chrono::milliseconds kOperation = std::chrono::minutes(30);

c10::intrusive_ptr<c10d::Store> meeting_place(const ProcessPlace& place) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(place.port);
  options.isServer = place.rank == 0 && place.served_store.empty();
  options.numWorkers = place.size;
  options.waitWorkers = place.served_store.empty();
  options.timeout = kJoin;
  auto store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
  if (place.served_store.empty()) {
    return store;
  }
  return c10::make_intrusive<c10d::PrefixStore>(place.served_store, std::move(store));
}

/// The network interface: GLOO_SOCKET_IFNAME as in PyTorch; that of the address where it is this
/// very machine's loopback; else the one of the host's name.
std::shared_ptr<::gloo::transport::Device> network_device(const ProcessPlace& place) {
  if (const char* name = std::getenv("GLOO_SOCKET_IFNAME"); name != nullptr && *name != '\0') {
    return Gloo::createDeviceForInterface(name);
  }
  if (place.address == "localhost" || place.address.starts_with("127.")) {
    return Gloo::createDeviceForHostname(place.address);
  }
  return Gloo::createDefaultDevice();
}

}  // namespace

c10::intrusive_ptr<c10d::Backend> gloo_backend(const ProcessPlace& place) {
  const auto store = meeting_place(place);
  store->setTimeout(kJoin);
  auto options = Gloo::Options::create_default(kOperation);
  options->devices = {network_device(place)};
  return c10::make_intrusive<Gloo>(store, place.rank, place.size, options);
}

}  // namespace gyroseg

#else

namespace gyroseg {

c10::intrusive_ptr<c10d::Backend> gloo_backend(const ProcessPlace& place) {
  throw LaunchError("WORLD_SIZE=" + std::to_string(place.size) +
                    ", but this build trains in one process: gloo's headers were missing. Install "
                    "them (Debian: libgloo-dev), then run scripts/build");
}

}  // namespace gyroseg

#endif
