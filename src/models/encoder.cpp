#include "gyroseg/models/encoder.h"

#include <c10/util/Exception.h>

#include <utility>

namespace gyroseg {

Encoder::Encoder(std::vector<int> channels, std::vector<int> strides)
    : channels_(std::move(channels)), strides_(std::move(strides)) {
  TORCH_INTERNAL_ASSERT(channels_.size() >= 2 && strides_.size() == channels_.size());
}

}  // namespace gyroseg
