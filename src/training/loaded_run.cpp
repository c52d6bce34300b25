#include "gyroseg/training/loaded_run.h"

#include "gyroseg/config/read.h"

namespace gyroseg {

LoadedRun load_run(const std::filesystem::path& folder, const std::string& checkpoint,
                   const std::vector<std::string>& overrides) {
  const RunFolder run = open_run(folder);
  Config config = read_config(run.config(), without_first_files(overrides));
  tune_process(config);
  Hierarchy tree(config.hierarchy);
  Segmenter model = build_model(config, tree);
  const TrainingState state = load_weights(run.checkpoint(checkpoint), *model);
  model->eval();
  LabelDecoder decoder = build_decoder(config, tree);
  return {run, std::move(config), std::move(tree), std::move(model), std::move(decoder), state};
}

}  // namespace gyroseg
