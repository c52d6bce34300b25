#include "gyroseg/training/loaded_run.h"

#include <optional>
#include <utility>

#include "gyroseg/config/read.h"
#include "gyroseg/inference/predict.h"
#include "same_network.h"

namespace gyroseg {
namespace {

LoadedRun load(const RunFolder& folder, const std::filesystem::path& config_file,
               const std::string& checkpoint, Config config) {
  tune_process(config);
  Hierarchy tree(config.hierarchy);
  Segmenter model = build_model(config, tree);
  const TrainingState state = load_weights(find_checkpoint(folder, checkpoint, config), *model);
  model->eval();
  LabelDecoder decoder = build_decoder(config, tree);
  return {folder,          config_file,        checkpoint, std::move(config), std::move(tree),
          std::move(model), std::move(decoder), state};
}

}  // namespace

LoadedRun load_run(const std::filesystem::path& folder, const std::string& checkpoint,
                   const std::vector<std::string>& overrides) {
  const RunFolder run = open_run(folder);
  return load(run, run.config(), checkpoint, read_config(run.config(), without_first_files(overrides)));
}

LoadedRun load_weights_of(const std::filesystem::path& config_file,
                          const std::filesystem::path& weights,
                          const std::vector<std::string>& overrides) {
  Config config = read_config(config_file, without_first_files(overrides));
  // Shapes alone do not tell an activation or the order of the classes.
  if (const std::optional<Config> trained = config_in(weights, without_network())) {
    if (const std::string difference = network_difference(config, *trained); !difference.empty()) {
      throw CheckpointError(weights.string() + ": is of another network than " + config_file.string() +
                            " describes, " + difference + "; without --config its own config is taken");
    }
  }
  return load({}, config_file, weights.string(), std::move(config));
}

LoadedRun load_checkpoint(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  std::optional<Config> config = config_in(file, overrides);
  if (!config) {
    throw CheckpointError(file.string() + ": holds no config, as no file of an earlier version or another program "
                          "does; expected --config FILE or --run DIR beside it");
  }
  return load({}, file, file.string(), std::move(*config));
}

std::vector<Decoded> segment(LoadedRun& run, const InputImage& input,
                             const std::vector<std::string>& modes) {
  const auto network = [&run](const torch::Tensor& part, const Window&) {
    return run.model->forward(part).logits;
  };
  const torch::Tensor logits =
      predict(network, input.image.unsqueeze(0).to(torch::Device(run.config.device)),
              {input.rgb.size(0), input.rgb.size(1)}, run.config.inference);
  return run.decoder(logits, modes);
}

}  // namespace gyroseg
