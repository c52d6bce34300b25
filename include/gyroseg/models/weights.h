#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gyroseg/models/encoder.h"
#include "gyroseg/models/safetensors.h"

namespace gyroseg {

/// What load_state did with each name.
struct LoadReport {
  std::vector<std::string> loaded;
  std::vector<std::string> missing;     ///< in the module, not in the file; left as they were
  std::vector<std::string> unexpected;  ///< in the file (below the prefix), not in the module
  std::vector<std::string> mismatched;  ///< "name (file [64,3,7,7] float, model [64,3,3,3] float)"

  [[nodiscard]] bool complete() const {
    return missing.empty() && unexpected.empty() && mismatched.empty();
  }
};

/// Parameters and buffers by name. The tensors share storage with the module and carry no gradient.
[[nodiscard]] std::map<std::string, torch::Tensor> state_of(const torch::nn::Module& module);

/// Copies tensors into the parameters and buffers of the same names; layout, dtype and device of
/// the module stay. Only names that start with `prefix` are read, and it is taken off ("encoder."
/// of a whole checkpoint). Floating dtypes are converted to each other; any other difference of
/// dtype, and any of shape, is a mismatch. What fits is copied whatever the rest: the caller
/// decides what is an error.
LoadReport load_state(torch::nn::Module& module,
                      const std::map<std::string, torch::Tensor>& tensors,
                      const std::string& prefix = "");

/// One line: "loaded 122; unexpected 2: fc.bias, fc.weight". Of long lists the first five names.
[[nodiscard]] std::string describe(const LoadReport& report);

/// Reads a file of tensors, safetensors or torch.save's (torch_file.h): its first bytes tell which.
/// Throws WeightsError.
[[nodiscard]] TensorFile read_weights(const std::filesystem::path& path);

/// Loads a file of encoder weights (model.pretrained), such as torchvision's.
/// Allowed beside an exact match: classifier weights ("fc.*") and absent batch counters, as old
/// files have them. Throws WeightsError, with describe()'s line, on anything else.
LoadReport load_pretrained(Encoder& encoder, const std::filesystem::path& path);

/// Numbers in all parameters; buffers do not count.
[[nodiscard]] std::int64_t count_parameters(const torch::nn::Module& module);

}  // namespace gyroseg
