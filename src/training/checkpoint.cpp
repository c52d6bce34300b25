#include "gyroseg/training/checkpoint.h"

#include <nlohmann/json.hpp>
#include <torch/nn/module.h>
#include <torch/types.h>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/run_folder.h"
#include "same_network.h"

namespace gyroseg {
namespace {

using Json = nlohmann::json;
using Tensors = std::map<std::string, torch::Tensor>;

constexpr const char* kFormat = "gyroseg checkpoint 1";
constexpr const char* kState = "state";
constexpr const char* kConfig = "config";
constexpr const char* kOptimizer = "optimizer/";
constexpr const char* kAverage = "average/";

Json to_json(const TrainingState& state) {
  Json losses = Json::object();
  for (const auto& [name, loss] : state.losses) {
    losses[name] = {loss.weight, loss.mean, loss.squares};
  }
  return {{"step", state.step},
          {"total_steps", state.total_steps},
          {"best", state.best},
          {"best_step", state.best_step},
          {"stale_validations", state.stale_validations},
          {"ema_updates", state.ema_updates},
          {"losses", losses}};
}

TrainingState from_json(const Json& json) {
  TrainingState state;
  json.at("step").get_to(state.step);
  json.at("total_steps").get_to(state.total_steps);
  json.at("best").get_to(state.best);
  json.at("best_step").get_to(state.best_step);
  json.at("stale_validations").get_to(state.stale_validations);
  json.at("ema_updates").get_to(state.ema_updates);
  // Older checkpoints have sums there: a run resumed from one logs the mean of its own steps.
  const Json losses = json.value("losses", Json::object());
  for (const auto& [name, loss] : losses.items()) {
    state.losses[name] = {loss.at(0).get<double>(), loss.at(1).get<double>(),
                          loss.at(2).get<double>()};
  }
  return state;
}

// read: read_safetensors, or of its metadata alone.
template <typename Read>
auto read_with(const Read& read, const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) {
    throw CheckpointError(file.string() + ": no such checkpoint; expected a .safetensors file that train wrote");
  }
  try {
    return read(file);
  } catch (const WeightsError& error) {
    throw CheckpointError(error.what());
  }
}

TensorFile read_file(const std::filesystem::path& file) { return read_with(read_safetensors, file); }

using Metadata = std::map<std::string, std::string>;

// What write() put there under a key; null where another program wrote the file.
const std::string* written(const Metadata& metadata, const std::string& key) {
  const auto format = metadata.find("format");
  const auto value = metadata.find(key);
  const bool ours = format != metadata.end() && format->second == kFormat;
  return ours && value != metadata.end() ? &value->second : nullptr;
}

TrainingState state_in(const TensorFile& content, const std::filesystem::path& file) {
  const std::string* state = written(content.metadata, kState);
  if (state == nullptr) {
    throw CheckpointError(file.string() + ": not a checkpoint of gyroseg (its metadata says otherwise); "
                          "to start from other weights use training.init_from");
  }
  try {
    return from_json(Json::parse(*state));
  } catch (const Json::exception& error) {
    throw CheckpointError(file.string() + ": the training state in its metadata is damaged: " + error.what());
  }
}

void write(const std::filesystem::path& file, TensorFile content, const TrainingState& state,
           const Config& config) {
  const std::string json = to_json(state).dump(2);
  content.metadata = {{"format", kFormat}, {kState, json}, {kConfig, write_config(config)}};
  write_safetensors(file, content);
  std::filesystem::path sidecar = file;
  sidecar.replace_extension(".json");
  write_text(sidecar, json);
}

// The entries whose names start with `prefix`, without it.
Tensors with_prefix(const Tensors& all, const std::string& prefix) {
  Tensors result;
  for (auto entry = all.lower_bound(prefix); entry != all.end() && entry->first.starts_with(prefix); ++entry) {
    result[entry->first.substr(prefix.size())] = entry->second;
  }
  return result;
}

Tensors model_tensors(const Tensors& all) {
  Tensors result;
  for (const auto& [name, tensor] : all) {
    if (!name.starts_with(kOptimizer) && !name.starts_with(kAverage)) {
      result[name] = tensor;
    }
  }
  return result;
}

// The weights that did best in validation, or where there was none the last ones.
std::filesystem::path weights_in(const RunFolder& run) {
  for (const std::filesystem::path& file : {run.best(), run.last()}) {
    if (std::filesystem::is_regular_file(file)) {
      return file;
    }
  }
  throw CheckpointError(run.path.string() + ": holds no checkpoint yet (training.init_from)");
}

// What validation saw: the average of the weights where there is one, as best.safetensors holds it.
Tensors validated_tensors(const Tensors& all) {
  Tensors average = with_prefix(all, kAverage);
  return average.empty() ? model_tensors(all) : average;
}

std::optional<Config> config_of(const Metadata& metadata, const std::filesystem::path& file,
                                const std::vector<std::string>& overrides) {
  const std::string* text = written(metadata, kConfig);
  if (text == nullptr) {
    return std::nullopt;
  }
  return read_config_text(*text, file.string() + " (its config)", without_first_files(overrides));
}

// Whether weights are known to be of other classes than a tree's: the config in the file tells, if this
// version reads it.
bool is_of_other_classes(const Metadata& metadata, const std::filesystem::path& file, const Hierarchy& tree) {
  try {
    const std::optional<Config> trained = config_of(metadata, file, without_network());
    return trained && !same_channels(Hierarchy(trained->hierarchy), tree, trained->classifier.nodes == "all");
  } catch (const ConfigError&) {
    return false;
  }
}

void load_model(const std::filesystem::path& file, const Tensors& tensors, torch::nn::Module& model) {
  const LoadReport report = load_state(model, tensors);
  if (!report.missing.empty() || !report.unexpected.empty() || !report.mismatched.empty()) {
    throw CheckpointError(file.string() + ": does not fit the model of this config: " + describe(report));
  }
}

}  // namespace

void save_training(const std::filesystem::path& file, const TrainingObjects& objects,
                   const TrainingState& state, const Config& config) {
  TensorFile content;
  content.tensors = state_of(objects.model);
  for (const auto& [name, tensor] : optimizer_state(objects.optimizer, objects.model)) {
    content.tensors[kOptimizer + name] = tensor;
  }
  if (objects.average != nullptr) {
    for (const auto& [name, tensor] : objects.average->state()) {
      content.tensors[kAverage + name] = tensor;
    }
  }
  write(file, std::move(content), state, config);
}

TrainingState load_training(const std::filesystem::path& file, const TrainingObjects& objects) {
  const TensorFile content = read_file(file);
  const TrainingState state = state_in(content, file);
  load_model(file, model_tensors(content.tensors), objects.model);
  try {
    load_optimizer_state(objects.optimizer, objects.model, with_prefix(content.tensors, kOptimizer));
    if (objects.average != nullptr) {
      objects.average->restore(with_prefix(content.tensors, kAverage), state.ema_updates);
    }
  } catch (const c10::Error& error) {
    throw CheckpointError(file.string() + ": " + error.what_without_backtrace());
  }
  return state;
}

void save_weights(const std::filesystem::path& file, const torch::nn::Module& model,
                  const TrainingState& state, const Config& config) {
  TensorFile content;
  content.tensors = state_of(model);
  write(file, std::move(content), state, config);
}

std::optional<Config> config_in(const std::filesystem::path& file,
                                const std::vector<std::string>& overrides) {
  return config_of(read_with(read_safetensors_metadata, file), file, overrides);
}

TrainingState load_weights(const std::filesystem::path& file, torch::nn::Module& model) {
  const TensorFile content = read_file(file);
  TrainingState state = state_in(content, file);
  load_model(file, validated_tensors(content.tensors), model);
  return state;
}

std::string init_weights(const std::filesystem::path& source, torch::nn::Module& model,
                         const Hierarchy& tree, const std::set<std::string>& keep) {
  const std::filesystem::path file =
      std::filesystem::is_directory(source) ? weights_in(open_run(source)) : source;
  const TensorFile content = read_weights(file);
  const bool other_classes = is_of_other_classes(content.metadata, file, tree);
  Tensors tensors = validated_tensors(content.tensors);
  const auto stays = [&](const std::string& name) { return keep.contains(name); };
  std::erase_if(tensors, [&](const auto& entry) {
    return stays(entry.first) || (other_classes && is_of_classes(entry.first));
  });
  LoadReport report = load_state(model, tensors);
  std::erase_if(report.missing, stays);
  const std::string line = file.string() + ": " + describe(report) +
                           (other_classes ? "; its class tree is another one: what is of classes starts anew" : "");
  if (report.loaded.empty()) {
    throw CheckpointError(line + "; none of its tensors fits the model (training.init_from)");
  }
  return line;
}

}  // namespace gyroseg
