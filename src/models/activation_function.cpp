#include "gyroseg/models/activation_function.h"

#include <ATen/ops/elu.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/silu.h>
#include <c10/util/Exception.h>

#include <array>
#include <string_view>

namespace gyroseg {
namespace {

using torch::Tensor;

struct Entry {
  std::string_view name;
  ActivationFunction function;
};

constexpr std::array kFunctions = {
    Entry{"relu", [](Tensor x) { return x.relu_(); }},
    Entry{"leaky_relu", [](Tensor x) { return at::leaky_relu_(x); }},
    Entry{"elu", [](Tensor x) { return at::elu_(x); }},
    Entry{"gelu", [](Tensor x) { return at::gelu(x); }},
    Entry{"silu", [](Tensor x) { return at::silu(x); }},
    Entry{"tanh", [](Tensor x) { return x.tanh_(); }},
};

}  // namespace

ActivationFunction activation_function(const std::string& name) {
  std::string known;
  for (const Entry& entry : kFunctions) {
    if (entry.name == name) return entry.function;
    known += (known.empty() ? "" : " | ") + std::string(entry.name);
  }
  C10_THROW_ERROR(ValueError, c10::str("model.activation: expected ", known, ", got ", name));
}

}  // namespace gyroseg
