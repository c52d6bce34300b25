#include "gyroseg/models/autocast.h"

#include <ATen/autocast_mode.h>
#include <c10/util/Exception.h>

namespace gyroseg {

Autocast::Autocast(c10::DeviceType device, c10::ScalarType dtype)
    : device_(device),
      was_enabled_(at::autocast::is_autocast_enabled(device)),
      previous_dtype_(at::autocast::get_autocast_dtype(device)) {
  TORCH_CHECK_VALUE(dtype == c10::kBFloat16 || dtype == c10::kFloat,
                    "Autocast: expected bfloat16 or float32, got ", dtype);
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(device, dtype == c10::kBFloat16);
  if (dtype == c10::kBFloat16) at::autocast::set_autocast_dtype(device, dtype);
}

Autocast::~Autocast() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_dtype(device_, previous_dtype_);
  at::autocast::set_autocast_enabled(device_, was_enabled_);
}

}  // namespace gyroseg
