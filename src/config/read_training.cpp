#include <charconv>
#include <regex>

#include "readers.h"

namespace gyroseg {
namespace {

constexpr double kLargestScale = 16;  // past it, a slip of the pen: 256 times the pixels

}  // namespace

void read_top(Section& s, Config& config) {
  const auto is_name = [](const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
  };
  s.read("name", config.name, is_name, "a name without slashes");
  s.read("seed", config.seed, [](std::uint64_t) { return true; }, "an integer >= 0");
  static const std::regex kDevice("cpu|cuda|cuda:[0-9]{1,3}");
  s.read("device", config.device,
         [](const std::string& device) { return std::regex_match(device, kDevice); },
         "cpu | cuda | cuda:N");
  s.read("output_dir", config.output_dir, [](const std::string& dir) { return !dir.empty(); },
         "a folder");
}

void read(Section s, OptimizerConfig& optimizer) {
  const auto is_decay = [](double x) { return x >= 0 && x < 1; };
  s.choose("name", optimizer.name, {"sgd", "adamw"});
  s.above_zero("lr", optimizer.lr);
  s.read("momentum", optimizer.momentum, is_decay, "a number >= 0 and < 1");
  s.read("betas", optimizer.betas,
         [&](const std::array<double, 2>& b) { return is_decay(b[0]) && is_decay(b[1]); },
         "two numbers >= 0 and < 1");
  s.at_least("weight_decay", optimizer.weight_decay, 0.0);
  s.at_least("clip_norm", optimizer.clip_norm, 0.0);
  s.reject_unknown();
}

void read(Section s, ScheduleConfig& schedule) {
  s.choose("name", schedule.name, {"poly", "cosine", "constant"});
  s.above_zero("power", schedule.power);
  s.at_least("warmup_steps", schedule.warmup_steps, 0);
  s.at_least("min_lr", schedule.min_lr, 0.0);
  s.reject_unknown();
}

void read(Section s, TrainingConfig& training) {
  s.at_least("epochs", training.epochs, 1);
  s.at_least("batch_size", training.batch_size, 1);
  s.at_least("max_steps", training.max_steps, 0);
  s.at_least("validate_every", training.validate_every, 0);
  s.at_least("evaluate_train", training.evaluate_train, 0);
  s.read("drop_last", training.drop_last);
  s.read("ema", training.ema, [](double x) { return x >= 0 && x < 1; }, "a number >= 0 and < 1");
  s.at_least("early_stopping", training.early_stopping, 0);
  static const std::regex kBest("val_loss|miou@(leaf|[1-9][0-9]{0,5})");
  s.read("best", training.best,
         [](const std::string& best) { return std::regex_match(best, kBest); },
         "val_loss | miou@leaf | miou@1 | miou@2 ...");
  s.read("init_from", training.init_from, [](const std::string&) { return true; },
         "a run folder or a file of weights, or \"\" for none");
  s.read("save_checkpoints", training.save_checkpoints);
  s.read("link_best", training.link_best);
  s.at_least("max_nonfinite", training.max_nonfinite, 1);
  s.read("channels_last", training.channels_last);
  s.read("precision", training.precision,
         [](const std::string& name) { return name == "float32" || name == "bfloat16"; },
         "float32 | bfloat16 (float16 would need loss scaling, which bfloat16 does without)");
  s.read("sync_batch_norm", training.sync_batch_norm);
  s.read("tensorboard", training.tensorboard);
  s.at_least("embedding_snapshots", training.embedding_snapshots, 0);
  s.at_least("threads", training.threads, 0);
  s.reject_unknown();
}

void read(Section s, InferenceConfig& inference) {
  const auto read_size = [&s](const std::string& key, std::optional<std::array<int, 2>>& out) {
    std::array<int, 2> size = {0, 0};
    s.read(key, size, [](const std::array<int, 2>& x) { return x[0] > 0 && x[1] > 0; },
           "[height, width], integers > 0");
    if (size[0] > 0) {
      out = size;
    }
  };
  read_size("window", inference.window);
  read_size("stride", inference.stride);
  s.read("scales", inference.scales,
         [](const std::vector<double>& scales) {
           const auto fits = [](double x) { return x > 0 && x <= kLargestScale; };
           return !scales.empty() && std::all_of(scales.begin(), scales.end(), fits);
         },
         "a list of numbers > 0 and <= " + number_text(kLargestScale) + ", such as [0.5, 1, 2]");
  s.read("flip", inference.flip);
  s.from_zero_to_one("backoff_threshold", inference.backoff_threshold);
  s.reject_unknown();
}

void read(Section s, MetricsConfig& metrics) {
  s.choose("resolution", metrics.resolution, {"resized", "original"});
  s.read("background", metrics.background, [](const std::string& node) { return !node.empty(); },
         "auto | none | a node of the tree");
  s.reject_unknown();
}

void read_decode(Section& s, std::vector<std::string>& modes) {
  static const std::vector<std::string> kModes = {"leaf_argmax", "level_sum", "level_head",
                                                  "path_sum",    "backoff",   "path_product"};
  const Value* value = s.find("decode");
  if (value == nullptr) {
    return;
  }
  std::vector<std::string> read_modes(1);
  if (value->is_scalar()) {
    read_modes[0] = value->scalar;
  } else if (!parse(*value, read_modes) || read_modes.empty()) {
    s.fail("decode", "expected a mode or a list of modes, got " + describe(*value));
    return;
  }
  for (std::size_t i = 0; i < read_modes.size(); ++i) {
    const std::string key = value->is_list() ? "decode." + std::to_string(i) : "decode";
    const auto here = read_modes.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(kModes.begin(), kModes.end(), read_modes[i]) == kModes.end()) {
      s.fail(key, "expected " + join(kModes, " | ") + ", got " + read_modes[i]);
    } else if (std::find(read_modes.begin(), here, read_modes[i]) != here) {
      s.fail(key, read_modes[i] + " stands twice");
    }
  }
  modes = read_modes;
}

}  // namespace gyroseg
