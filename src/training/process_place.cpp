#include "gyroseg/training/process_place.h"

#include <charconv>
#include <cstdlib>
#include <optional>

namespace gyroseg {
namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

/// An integer of [low, high]. `fallback` where the variable is not set; without one that is an
/// error.
int integer(const std::string& name, int low, int high, std::optional<int> fallback = {}) {
  const std::string range = std::to_string(low) + " to " + std::to_string(high);
  const std::optional<std::string> text = variable(name);
  if (!text && fallback) {
    return *fallback;
  }
  if (!text) {
    throw LaunchError(name + " is not set, but WORLD_SIZE asks for several processes; expected " +
                      range + ". torchrun sets it; to train in one process: unset WORLD_SIZE");
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < low || value > high) {
    throw LaunchError(name + ": expected an integer from " + range + ", got " + *text);
  }
  return value;
}

}  // namespace

ProcessPlace place_in_environment() {
  constexpr int kMostProcesses = 65536;
  ProcessPlace place;
  place.size = integer("WORLD_SIZE", 1, kMostProcesses, 1);
  if (place.size == 1) {
    return place;
  }
  place.rank = integer("RANK", 0, place.size - 1);
  place.local_rank = integer("LOCAL_RANK", 0, place.size - 1, 0);
  place.port = integer("MASTER_PORT", 1, 65535);
  const std::optional<std::string> address = variable("MASTER_ADDR");
  if (!address) {
    throw LaunchError("MASTER_ADDR is not set, but WORLD_SIZE asks for several processes; expected "
                      "the name or address of rank 0's machine, such as 127.0.0.1");
  }
  place.address = *address;
  if (variable("TORCHELASTIC_USE_AGENT_STORE") == "True") {
    place.served_store =
        "gyroseg/attempt_" + std::to_string(integer("TORCHELASTIC_RESTART_COUNT", 0, 1 << 30, 0));
  }
  return place;
}

std::string device_of(const std::string& device, const ProcessPlace& place) {
  return device == "cpu" || place.size == 1 ? device : "cuda:" + std::to_string(place.local_rank);
}

}  // namespace gyroseg
