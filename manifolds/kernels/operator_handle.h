#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <string>

namespace gyroseg::detail {

/// The registered operator gyroseg::NAME, to be called through the dispatcher.
template <typename Signature>
c10::TypedOperatorHandle<Signature> operator_handle(const char* name) {
  return c10::Dispatcher::singleton()
      .findSchemaOrThrow((std::string("gyroseg::") + name).c_str(), "")
      .typed<Signature>();
}

}  // namespace gyroseg::detail
