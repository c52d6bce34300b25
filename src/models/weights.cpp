#include "gyroseg/models/weights.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "gyroseg/models/torch_file.h"

namespace gyroseg {
namespace {

using torch::Tensor;

/// Names printed of each list before "and N more".
constexpr std::size_t kNamesShown = 5;

bool fits(const Tensor& from, const Tensor& to) {
  const bool both_floating = from.is_floating_point() && to.is_floating_point();
  return from.sizes() == to.sizes() &&
         (both_floating || from.scalar_type() == to.scalar_type());
}

std::string difference(const std::string& name, const Tensor& from, const Tensor& to) {
  return c10::str(name, " (file ", from.sizes(), " ", from.scalar_type(), ", model ", to.sizes(),
                  " ", to.scalar_type(), ")");
}

std::string list(std::string_view title, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = c10::str("; ", title, " ", names.size(), ": ");
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kNamesShown) text += c10::str(" and ", names.size() - kNamesShown, " more");
  return text;
}

/// The prefix that DataParallel gives to all names, or "".
std::string wrapper_of(const std::map<std::string, Tensor>& tensors) {
  const std::string prefix = "module.";
  const bool all = std::all_of(tensors.begin(), tensors.end(),
                               [&](const auto& entry) { return entry.first.starts_with(prefix); });
  return all ? prefix : "";
}

}  // namespace

std::map<std::string, Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, Tensor> state;
  for (const auto& parameter : module.named_parameters()) {
    state.emplace(parameter.key(), parameter.value().detach());
  }
  for (const auto& buffer : module.named_buffers()) {
    state.emplace(buffer.key(), buffer.value().detach());
  }
  return state;
}

LoadReport load_state(torch::nn::Module& module, const std::map<std::string, Tensor>& tensors,
                      const std::string& prefix) {
  const torch::NoGradGuard no_grad;
  LoadReport report;
  std::map<std::string, Tensor> state = state_of(module);
  for (const auto& [full_name, tensor] : tensors) {
    if (!full_name.starts_with(prefix)) continue;
    const std::string name = full_name.substr(prefix.size());
    const auto own = state.find(name);
    if (own == state.end()) {
      report.unexpected.push_back(name);
      continue;
    }
    if (fits(tensor, own->second)) {
      own->second.copy_(tensor);
      report.loaded.push_back(name);
    } else {
      report.mismatched.push_back(difference(name, tensor, own->second));
    }
    state.erase(own);
  }
  for (const auto& entry : state) report.missing.push_back(entry.first);
  return report;
}

std::string describe(const LoadReport& report) {
  return c10::str("loaded ", report.loaded.size(), list("missing", report.missing),
                  list("unexpected", report.unexpected), list("mismatched", report.mismatched));
}

TensorFile read_weights(const std::filesystem::path& path) {
  std::array<char, 9> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  const std::string_view text(start.data(), start.size());
  const bool safetensors = text[8] == '{' || path.extension() == ".safetensors";
  if (safetensors || !std::filesystem::is_regular_file(path)) return read_safetensors(path);
  if (!text.starts_with("PK\x03\x04") && !text.starts_with('\x80')) {
    throw WeightsError(path.string() + ": neither a safetensors file nor one of torch.save (.pth)");
  }
  return read_torch_file(path);
}

LoadReport load_pretrained(Encoder& encoder, const std::filesystem::path& path) {
  const std::map<std::string, Tensor> tensors = read_weights(path).tensors;
  LoadReport report = load_state(encoder, tensors, wrapper_of(tensors));
  LoadReport wrong = report;
  std::erase_if(wrong.unexpected, [](const std::string& name) { return name.starts_with("fc."); });
  std::erase_if(wrong.missing,
                [](const std::string& name) { return name.ends_with("num_batches_tracked"); });
  if (!wrong.complete()) {
    const bool whole = tensors.contains("encoder.conv1.weight");
    throw WeightsError(path.string() + ": not the weights of this encoder (model.encoder): " + describe(wrong) +
                       (whole ? "; a whole network starts from training.init_from" : ""));
  }
  return report;
}

std::int64_t count_parameters(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace gyroseg
