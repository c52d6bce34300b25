#pragma once

#include <stdexcept>
#include <string>

namespace gyroseg {

/// The environment that a launcher made is incomplete or contradicts itself; what() is one line.
class LaunchError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where this process stands among those of a run.
struct ProcessPlace {
  int rank = 0;        ///< in [0, size)
  int size = 1;        ///< processes in all
  int local_rank = 0;  ///< among those of this machine: the number of its GPU
  std::string address;  ///< where rank 0 can be reached
  int port = 0;
  std::string served_store;  ///< prefix, where torchrun serves the meeting place itself; else ""
};

/// Reads WORLD_SIZE, RANK, LOCAL_RANK, MASTER_ADDR and MASTER_PORT, as torchrun sets them. A
/// WORLD_SIZE of 1, or none, is a process on its own. Throws LaunchError.
[[nodiscard]] ProcessPlace place_in_environment();

/// The device of a process: config.device where it is the CPU or the process is alone, else the
/// GPU of its number on this machine.
[[nodiscard]] std::string device_of(const std::string& device, const ProcessPlace& place);

}  // namespace gyroseg
