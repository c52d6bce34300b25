#include "gyroseg/models/output_layer.h"

#include "gyroseg/models/autocast.h"

namespace gyroseg {

torch::Tensor output_layer(torch::nn::Conv2d& layer, const torch::Tensor& x) {
  const Autocast off(x.device().type(), torch::kFloat32);
  return layer->forward(x.to(layer->weight.scalar_type()));
}

}  // namespace gyroseg
