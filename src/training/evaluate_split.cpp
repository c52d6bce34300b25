#include "gyroseg/training/evaluate_split.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include <torch/types.h>

#include "gyroseg/data/corruption.h"
#include "gyroseg/data/loader.h"
#include "gyroseg/inference/predict.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/report/palette.h"
#include "gyroseg/report/prediction_masks.h"
#include "gyroseg/report/sample_view.h"
#include "gyroseg/training/validate.h"

namespace gyroseg {
namespace {

bool at_original_size(const Config& config) { return config.metrics.resolution == "original"; }

// Batches at the resized resolution, or images one by one with labels at their original size.
std::function<std::optional<Batch>()> batches(const Config& config,
                                              const SegmentationDataset& dataset, Loader& loader) {
  if (!at_original_size(config)) {
    loader.start_epoch(0);
    return [&loader] { return loader.next(); };
  }
  return [&dataset, next = std::int64_t{0}]() mutable -> std::optional<Batch> {
    if (next >= dataset.size()) {
      return std::nullopt;
    }
    const Sample sample = dataset.original(next);
    return Batch{sample.image.unsqueeze(0), sample.labels.unsqueeze(0), {next++}};
  };
}

std::function<std::optional<Batch>()> corrupted(std::function<std::optional<Batch>()> next,
                                                const Corruption& corruption,
                                                const DataConfig& data) {
  return [next = std::move(next), corruption, &data]() -> std::optional<Batch> {
    std::optional<Batch> batch = next();
    if (batch) {
      batch->images = corrupt_batch(corruption, batch->images, batch->indices, data);
    }
    return batch;
  };
}

// The files of one evaluation, named before anything is computed.
class ResultFiles {
 public:
  ResultFiles(const LoadedRun& run, const SegmentationDataset& dataset,
              const EvaluationOptions& options)
      : tree_(run.tree), dataset_(dataset), options_(options) {
    if (!wanted()) {
      return;
    }
    std::vector<std::filesystem::path> images;
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      images.push_back(dataset.files(i).image);
    }
    names_ = result_names(images);
    std::vector<std::filesystem::path> files;
    if (!options.predictions.empty()) {
      masks_ = std::make_unique<PredictionMasks>(run.tree, run.config.data.ignore_index);
      for (const std::string& name : names_) {
        for (int k = 1; k <= run.tree.num_levels(); ++k) {
          files.push_back(PredictionMasks::file(options.predictions, name, k));
        }
      }
    }
    if (!options.views.empty()) {
      colors_ = node_palette(tree_);
      const std::int64_t count = std::min(options.num_views, dataset.size());
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t index = i * dataset.size() / count;
        views_[index] = options.views / (names_[index] + ".png");
        files.push_back(views_[index]);
      }
    }
    if (!options.overwrite) {
      refuse_existing(files);
    }
    for (const std::filesystem::path& file : files) {
      std::filesystem::create_directories(file.parent_path());
    }
  }

  [[nodiscard]] bool wanted() const {
    return !options_.predictions.empty() || !options_.views.empty();
  }

  void write(const Batch& batch, const Decoded& decoded) const {
    for (std::size_t b = 0; b < batch.indices.size(); ++b) {
      std::vector<torch::Tensor> classes;
      for (const LevelPrediction& level : decoded.levels) {
        classes.push_back(level.classes[static_cast<std::int64_t>(b)].cpu());
      }
      const std::int64_t index = batch.indices[b];
      for (std::size_t i = 0; masks_ && i < classes.size(); ++i) {
        masks_->write(options_.predictions, names_[index], static_cast<int>(i) + 1, classes[i]);
      }
      if (const auto view = views_.find(index); view != views_.end()) {
        const torch::Tensor labels = batch.labels[static_cast<std::int64_t>(b)];
        write_sample_view(view->second, tree_, colors_, {image(index, labels), labels, classes});
      }
    }
  }

 private:
  // The image at the size of the labels.
  [[nodiscard]] torch::Tensor image(std::int64_t index, const torch::Tensor& labels) const {
    return resize_image(read_image(dataset_.files(index).image),
                        {static_cast<int>(labels.size(0)), static_cast<int>(labels.size(1))},
                        resample_of(dataset_.config().resample));
  }

  const Hierarchy& tree_;
  const SegmentationDataset& dataset_;
  const EvaluationOptions& options_;
  std::vector<std::string> names_;
  std::unique_ptr<PredictionMasks> masks_;
  std::vector<Rgb> colors_;  ///< [V], where there are views
  std::map<std::int64_t, std::filesystem::path> views_;  ///< by index
};

MetricsContext context_of(const LoadedRun& run, const std::string& split, int batch_size,
                          const std::optional<double>& images_per_second) {
  const Config& config = run.config;
  const bool in_folder = !run.folder.path.empty();
  MetricsContext context = {
      {in_folder ? "run" : "config", (in_folder ? run.folder.path : run.config_file).string()},
      {"split", split},
      {"checkpoint", run.checkpoint},
      {"step", std::to_string(run.state.step)},
      {"parameters", std::to_string(count_parameters(*run.model))},
      {"resolution", config.metrics.resolution}};
  if (images_per_second) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", *images_per_second);
    context.emplace_back("images_per_second", text);
    context.emplace_back("measured_on", c10::str(config.device, ", ", at::get_num_threads(),
                                                 " threads, batches of ", batch_size));
  }
  for (const auto& setting : settings_of(config.inference)) {
    context.push_back(setting);
  }
  if (std::find(config.decode.begin(), config.decode.end(), "backoff") != config.decode.end()) {
    context.emplace_back("inference.backoff_threshold",
                         c10::str(config.inference.backoff_threshold));
  }
  return context;
}

std::string value_of(const MetricsContext& context, const std::string& key) {
  const auto found = std::find_if(context.begin(), context.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  return found == context.end() ? "" : found->second;
}

}  // namespace

Evaluation evaluate_split(LoadedRun& run, const EvaluationOptions& options,
                          const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const Config& config = run.config;
  const SegmentationDataset dataset(config.data, run.tree, options.split);
  LoaderOptions loading;
  loading.batch_size = validation_batch_size(config);
  loading.threads = config.data.threads;
  loading.channels_last = config.training.channels_last;
  Loader loader(dataset, loading);
  const ResultFiles files(run, dataset, options);
  ValidationParts parts{run.tree, run.decoder, config.decode, config.metrics.background, nullptr, 0,
                        config.inference};
  if (files.wanted()) {
    parts.observer = [&files](const Batch& batch, const std::vector<Decoded>& decoded) {
      files.write(batch, decoded.front());
    };
  }
  const Validation result =
      validate(run.model,
               corrupted(batches(config, dataset, loader), corruption_of(options.corruption),
                         config.data),
               parts, [&](std::int64_t images) {
        if (progress) {
          progress(images, dataset.size());
        }
      });
  Evaluation evaluation;
  for (std::size_t i = 0; i < result.reports.size(); ++i) {
    evaluation.modes.push_back({config.decode[i], result.reports[i]});
  }
  const int batch_size = at_original_size(config) ? 1 : loading.batch_size;
  evaluation.context = context_of(run, options.split, batch_size, result.images_per_second);
  if (options.corruption != "none") {
    evaluation.context.emplace_back("corruption", options.corruption);
  }
  return evaluation;
}

std::string describe(const Evaluation& evaluation, const LoadedRun& run) {
  const MetricsContext& context = evaluation.context;
  std::string text;
  for (const ModeReport& mode : evaluation.modes) {
    text += "decode " + mode.mode + ", " + value_of(context, "split") + " split\n\n" +
            level_table(mode.report) + "\n";
  }
  const ModeReport& first = evaluation.modes.front();
  text += "classes, decode " + first.mode + "\n\n" + class_table(first.report) + "\n" +
          describe(run.config.inference) + "\n" +
          "parameters: " + value_of(context, "parameters") + "\n";
  const std::string speed = value_of(context, "images_per_second");
  if (!speed.empty()) {
    text += "images a second: " + speed + " (" + value_of(context, "measured_on") + ")\n";
  }
  return text;
}

}  // namespace gyroseg
