#pragma once

#include <string>
#include <vector>

#include "pickle_reader.h"

namespace gyroseg {

// What the few names mean that a state dict's pickle may use. All throw std::invalid_argument.

/// The name itself, where it is allowed.
[[nodiscard]] std::string allowed_global(const std::string& name);

/// What calling an allowed name gives, into `result`.
void call_global(const std::string& name, const std::vector<PickleValue*>& arguments,
                 PickleValue& result);

/// ('storage', torch.FloatStorage, key, location, size), in legacy files with None after it.
[[nodiscard]] PickledStorage storage_of(const PickleValue& id);

}  // namespace gyroseg
