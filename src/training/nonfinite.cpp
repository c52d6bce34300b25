#include "gyroseg/training/nonfinite.h"

#include <cmath>
#include <string>

#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/models/safetensors.h"

namespace gyroseg {

BufferBackup::BufferBackup(const torch::nn::Module& module) {
  for (const torch::Tensor& buffer : module.buffers()) {
    copies_.emplace_back(buffer, buffer.detach().clone());
  }
}

void BufferBackup::restore() const {
  const torch::NoGradGuard no_grad;
  for (const auto& [buffer, copy] : copies_) {
    torch::Tensor(buffer).copy_(copy);
  }
}

bool NonFiniteGuard::reject(double loss, const Batch& batch, std::int64_t step, std::ostream& out) {
  if (std::isfinite(loss)) {
    in_a_row_ = 0;
    return false;
  }
  if (in_a_row_++ == 0 && writes_) {
    const std::filesystem::path file =
        folder_ / ("nonfinite_step_" + std::to_string(step) + ".safetensors");
    TensorFile dump;
    dump.tensors = {{"images", batch.images},
                    {"labels", batch.labels},
                    {"indices", torch::tensor(batch.indices, torch::kInt64)}};
    dump.metadata = {{"step", std::to_string(step)}, {"loss", std::to_string(loss)}};
    write_safetensors(file, dump);
    out << "warning: the loss of step " << step << " is " << loss
        << "; the step is left out, its batch is in " << file.string() << std::endl;
  }
  return true;
}

}  // namespace gyroseg
