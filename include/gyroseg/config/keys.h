#pragma once

#include <string>
#include <vector>

namespace gyroseg {

/// Every key that the reader knows, dotted and sorted: "embedding.dim", "loss[].weight" for an item
/// of a list. configs/README.md documents each; a test compares the two.
[[nodiscard]] std::vector<std::string> config_keys();

}  // namespace gyroseg
