// train: from a config to a run folder with checkpoints, metrics.jsonl and a table of epochs.
#include <cxxopts.hpp>
#include <iostream>

#include "gyroseg/config/read.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/report/progress.h"
#include "gyroseg/training/interrupt.h"
#include "gyroseg/training/trainer.h"
#include "program.h"
#include "trained.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("train", "Trains a network for hierarchical segmentation.\n");
  options.add_options()("c,cfg,config",
                        "YAML or JSON config (configs/README.md), or SegHiero's own YAML",
                        cxxopts::value<std::string>())(
      "set", "override a key, such as --set optimizer.lr=0.01; may be repeated",
      cxxopts::value<std::vector<std::string>>())(
      "device", "cpu | cuda | cuda:N, in place of the config's", cxxopts::value<std::string>())(
      "output", "run folder (default: runs/<name>_<start time>)",
      cxxopts::value<std::string>()->default_value(""))(
      "resume", "go on with the run in RUN (or --output) from its last checkpoint")(
      "init-weights",
      "start from the tensors of a run folder or file that fit; sets training.init_from",
      cxxopts::value<std::string>()->default_value(""))(
      "stop-after", "save and stop after this many steps; --resume goes on",
      cxxopts::value<std::int64_t>()->default_value("0"))(
      "test-only",
      "evaluate on the test split what a run learned and exit: RUN, --output, the latest run of --config, or "
      "--checkpoint FILE")(
      "checkpoint", "with --test-only: best | last | a .safetensors file",
      cxxopts::value<std::string>()->default_value("best"))("print-config",
                                                            "print the resolved config and exit")(
      "print-hierarchy", "print the class tree, its levels and their leaves and exit")(
      "run", "run folder, with --resume or --test-only",
      cxxopts::value<std::string>()->default_value(""));
  options.parse_positional({"run"});
  options.positional_help("[RUN]").show_positional_help();
  return options;
}

void print_summary(const Config& config, const RunFolder& run, Trainer& trainer,
                   const ProcessGroup& group, std::ostream& out) {
  out << "run folder  " << run.path.string() << "\n"
      << "network     " << config.model.encoder << " " << config.model.decoder << ", "
      << count_parameters(*trainer.model()) << " parameters\n"
      << "embedding   " << config.embedding.space << ", dimension " << config.embedding.dim
      << ", classifier on " << config.classifier.input << "\n"
      << "device      " << config.device << ", " << at::get_num_threads() << " threads, "
      << config.training.precision << "\n";
  if (!group.alone()) {
    out << "processes   " << group.size() << ", batch norm "
        << (config.training.sync_batch_norm ? "synchronised" : "of each on its own") << "\n";
  }
}

int tell(TrainOutcome outcome, const RunFolder& run, const TrainingState& state, bool saved,
         std::ostream& out) {
  const std::string resume = saved ? "go on with: train --resume " + run.path.string()
                                   : "nothing is saved (training.save_checkpoints: false)";
  const std::string step = "step " + std::to_string(state.best_step);
  const std::string best = saved ? "best " + run.best().string() + " (" + step + ")\n"
                                 : "best at " + step + ", not saved\n";
  switch (outcome) {
    case TrainOutcome::finished:
      out << "finished at step " << state.step << "; " << best;
      return 0;
    case TrainOutcome::early_stop:
      out << "stopped early at step " << state.step << ": " << state.stale_validations
          << " validations without improvement; " << best;
      return 0;
    case TrainOutcome::interrupted:
      out << "stopped at step " << state.step << " of " << state.total_steps
          << (saved ? ", everything is saved; " : ", ") << resume << "\n";
      return kInterrupted;
    case TrainOutcome::diverged:
      out << "train: the loss stayed non-finite up to step " << state.step
          << (saved ? "; the last good checkpoint is intact" : "")
          << ". Lower optimizer.lr, set optimizer.clip_norm=1, then " << resume << "\n";
      return kDivergedStatus;
  }
  return kFailure;
}

// What the same command line trained, or --checkpoint by --config; the figures go where evaluate's go.
int test_only(const cxxopts::ParseResult& arguments) {
  const std::string checkpoint = arguments["checkpoint"].as<std::string>();
  const std::vector<std::string> set = overrides_of(arguments);
  std::filesystem::path folder = arguments["run"].as<std::string>();
  const std::filesystem::path output = arguments["output"].as<std::string>();
  const bool by_config = arguments.count("config") > 0;
  for (const char* other : {"resume", "init-weights", "stop-after", "print-config", "print-hierarchy"}) {
    if (arguments.count(other) > 0) {
      throw UsageError(std::string("--test-only trains nothing: expected no --") + other + " beside it");
    }
  }
  if (by_config && !folder.empty()) {
    throw UsageError("RUN is tested by its own config: expected no --config beside it");
  }
  const bool by_file = checkpoint != "best" && checkpoint != "last";
  folder = folder.empty() && !by_file ? output : folder;
  if (!by_config && folder.empty() && !by_file) {
    throw UsageError("--test-only needs RUN, --output RUN, --config FILE or --checkpoint FILE");
  }
  if (by_file && folder.empty()) {
    LoadedRun run = by_config ? load_weights_of(arguments["config"].as<std::string>(), checkpoint, set)
                              : load_checkpoint(checkpoint, set);
    evaluate_and_write(run, {}, output);
    return 0;
  }
  if (folder.empty()) {
    const Config config =
        read_config(arguments["config"].as<std::string>(), without_network(set));
    folder = find_run(config.output_dir, config.name).path;
  }
  std::cerr << "run folder  " << folder.string() << ", by its own config\n";
  LoadedRun run = load_run(folder, checkpoint, set);
  evaluate_and_write(run, {}, output.empty() ? folder : output);
  return 0;
}

int train(const cxxopts::ParseResult& arguments) {
  const bool resume = arguments.count("resume") > 0;
  std::string folder = arguments["run"].as<std::string>();
  if (!folder.empty() && !resume) {
    throw UsageError("unexpected argument " + folder +
                     ": a run folder is given by --output, or by --resume RUN");
  }
  folder = folder.empty() ? arguments["output"].as<std::string>() : folder;
  if (resume && folder.empty()) {
    throw UsageError("--resume needs the run folder: train --resume RUN");
  }
  if (!resume && arguments.count("config") == 0) {
    throw UsageError("expected --config FILE");
  }
  if (resume && arguments.count("init-weights") > 0) {
    throw UsageError("--resume goes on with the run's own weights: expected no --init-weights beside it");
  }
  const std::filesystem::path file =
      arguments.count("config") > 0 ? std::filesystem::path(arguments["config"].as<std::string>())
                                    : open_run(folder).config();
  const std::vector<std::string> set = overrides_of(arguments);
  if (arguments.count("print-hierarchy") > 0) {
    std::cout << describe(Hierarchy(read_config(file, without_network(set)).hierarchy));
    return 0;
  }
  Config config = read_config(file, resume ? without_first_files(set) : set);
  if (arguments.count("init-weights") > 0) {
    config.training.init_from = arguments["init-weights"].as<std::string>();
  }
  if (arguments.count("print-config") > 0) {
    std::cout << write_config(config);
    return 0;
  }
  tune_process(config);
  const ProcessPlace place = place_in_environment();
  config.device = device_of(config.device, place);
  const ProcessGroup group(place);
  TrainOptions options;
  options.resume = resume;
  options.stop_after = arguments["stop-after"].as<std::int64_t>();
  options.terminal = on_terminal();
  options.config_file = file;
  RunFolder run{folder};
  if (resume) {
    run = open_run(folder);
  } else if (group.first()) {
    run = new_run(folder, config);
  }
  // Only rank 0 prints, but for errors.
  std::ostream nowhere(nullptr);
  std::ostream& table = group.first() ? std::cout : nowhere;
  std::ostream& out = group.first() ? std::cerr : nowhere;
  Trainer trainer(config, run, options, table, out, group);
  print_summary(config, run, trainer, group, out);
  const int status = tell(trainer.run(), run, trainer.state(), config.training.save_checkpoints, out);
  // --stop-after is no interrupt, which may have come to another process than this one.
  return status == kInterrupted && options.stop_after > 0 && !InterruptGuard::requested() ? 0 : status;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(command_line(), argc, argv, [](const cxxopts::ParseResult& arguments) {
    return arguments.count("test-only") > 0 ? test_only(arguments) : train(arguments);
  });
}
