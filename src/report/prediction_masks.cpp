#include "gyroseg/report/prediction_masks.h"

#include <torch/types.h>

#include <algorithm>
#include <set>

#include "gyroseg/metrics/level_metrics.h"
#include "gyroseg/report/palette.h"

namespace gyroseg {
namespace {

constexpr std::int64_t kNoClass = -2;
constexpr int kValues = 256;  // of a byte

std::vector<std::int64_t> values_of(const Hierarchy& tree, int k) {
  std::vector<std::int64_t> values;
  for (const int node : tree.level(k)) {
    const std::int64_t index = static_cast<std::int64_t>(values.size());
    values.push_back(k == tree.num_levels() ? *tree.label(node) : index);
  }
  if (*std::max_element(values.begin(), values.end()) >= kValues) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::int64_t>(i);
    }
  }
  return values;
}

std::int64_t undecided_value(const std::vector<std::int64_t>& values, int ignore_index) {
  const auto is_free = [&](std::int64_t value) {
    return std::find(values.begin(), values.end(), value) == values.end();
  };
  const bool is_byte = ignore_index >= 0 && ignore_index < kValues;
  if (!is_free(kValues - 1) && is_byte && is_free(ignore_index)) {
    return ignore_index;
  }
  std::int64_t value = kValues - 1;
  while (!is_free(value)) {
    --value;
  }
  return value;
}

std::string size_text(const torch::Tensor& mask) {
  return c10::str(mask.size(1), " x ", mask.size(0));
}

// Labels at the size of a predicted mask: the mask file's own, or data.image_size.
torch::Tensor labels_for(const SegmentationDataset& dataset, std::int64_t index,
                         const torch::Tensor& predicted, const std::filesystem::path& file) {
  const torch::Tensor labels = dataset.original_labels(index);
  if (labels.sizes() == predicted.sizes()) {
    return labels;
  }
  const torch::Tensor resized = resize_labels(labels, dataset.config().image_size);
  if (resized.sizes() != predicted.sizes()) {
    throw DataError(c10::str(file.string(), ": expected the size of ",
                             dataset.files(index).mask.string(), ", ", size_text(labels),
                             ", or data.image_size, ", size_text(resized), ", found ",
                             size_text(predicted)));
  }
  return resized;
}

// "0, 3, 7": all but the last one, of undecided pixels.
std::string value_list(const torch::Tensor& values) {
  std::string text;
  for (std::int64_t i = 0; i + 1 < values.size(0); ++i) {
    text += c10::str(i == 0 ? "" : ", ", values[i].item<int>());
  }
  return text;
}

}  // namespace

PredictionMasks::PredictionMasks(const Hierarchy& tree, int ignore_index) {
  const std::vector<Rgb> node_colors = node_palette(tree);
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const std::vector<std::int64_t> values = values_of(tree, k);
    if (values.size() >= kValues) {
      throw DataError(
          c10::str("level ", k, " has ", values.size(), " classes; a mask file holds 255"));
    }
    const std::vector<Rgb> colors = level_palette(tree, k, node_colors);
    Level level;
    const auto size = static_cast<std::int64_t>(values.size());
    level.values = torch::empty({size + 1}, torch::kUInt8);
    level.classes = torch::full({kValues}, kNoClass, torch::kInt64);
    level.palette.assign(kValues, Rgb{0, 0, 0});
    const auto enter = [&level](std::int64_t row, std::int64_t value, std::int64_t cls) {
      level.values[row] = value;
      level.classes[value] = cls;
    };
    for (std::size_t i = 0; i < values.size(); ++i) {
      enter(static_cast<std::int64_t>(i), values[i], static_cast<std::int64_t>(i));
      level.palette[values[i]] = colors[i];
    }
    enter(size, undecided_value(values, ignore_index), kUndecided);
    levels_.push_back(std::move(level));
  }
}

std::filesystem::path PredictionMasks::file(const std::filesystem::path& folder,
                                            const std::string& name, int k) {
  return folder / (name + "_level" + std::to_string(k) + ".png");
}

void PredictionMasks::write(const std::filesystem::path& folder, const std::string& name, int k,
                            const torch::Tensor& classes) const {
  const Level& level = levels_.at(k - 1);
  const torch::Tensor rows =
      torch::where(classes.eq(kUndecided), level.values.size(0) - 1, classes);
  const torch::Tensor values = level.values.index_select(0, rows.flatten());
  write_mask(file(folder, name, k), values.view(classes.sizes()), level.palette);
}

torch::Tensor PredictionMasks::read_level(const std::filesystem::path& file, const Level& level) {
  const RawMask mask = read_mask(file);
  if (!mask.values.defined()) {
    throw DataError(file.string() + ": expected a palette or grey mask, found RGB colours");
  }
  const torch::Tensor values = mask.values.to(torch::kInt64);
  const torch::Tensor inside = values.clamp(0, kValues - 1);
  const torch::Tensor classes = level.classes.index_select(0, inside.flatten())
                                    .view(values.sizes())
                                    .masked_fill(values.ne(inside), kNoClass);
  const torch::Tensor wrong = classes.eq(kNoClass).nonzero();
  if (wrong.size(0) > 0) {
    const auto y = wrong[0][0].item<std::int64_t>();
    const auto x = wrong[0][1].item<std::int64_t>();
    throw DataError(c10::str(file.string(), ": pixel (x ", x, ", y ", y, "): found ",
                             values[y][x].item<std::int64_t>(), ", expected the value of a class of this level: ",
                             value_list(level.values)));
  }
  return classes;
}

Decoded PredictionMasks::read(const std::filesystem::path& folder, const std::string& name) const {
  Decoded decoded;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const std::filesystem::path path = file(folder, name, static_cast<int>(i) + 1);
    const torch::Tensor classes = read_level(path, levels_[i]).unsqueeze(0);
    if (i > 0 && classes.sizes() != decoded.levels.front().classes.sizes()) {
      throw DataError(path.string() + ": expected the size of level 1's mask, " +
                      size_text(decoded.levels.front().classes[0]) + ", found " +
                      size_text(classes[0]));
    }
    decoded.levels.push_back({classes, torch::zeros(classes.sizes(), torch::kFloat32)});
  }
  return decoded;
}

std::vector<std::string> result_names(const std::vector<std::filesystem::path>& images) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::filesystem::path& image : images) {
    names.push_back(image.stem().string());
    if (!seen.insert(names.back()).second) {
      throw DataError("two images are named " + names.back() +
                      ": their results would overwrite each other");
    }
  }
  return names;
}

void refuse_existing(const std::vector<std::filesystem::path>& files) {
  for (const std::filesystem::path& file : files) {
    if (std::filesystem::exists(file)) {
      throw DataError(file.string() + " exists already; take another folder, or --overwrite");
    }
  }
}

MetricsReport score_masks(const std::filesystem::path& folder, const SegmentationDataset& dataset,
                          const Hierarchy& tree, const std::string& background,
                          const std::function<void(std::int64_t)>& progress) {
  const PredictionMasks masks(tree, dataset.config().ignore_index);
  std::vector<std::filesystem::path> images;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    images.push_back(dataset.files(i).image);
  }
  const std::vector<std::string> names = result_names(images);
  LevelMetrics metrics(tree, background);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const Decoded predicted = masks.read(folder, names[i]);
    const torch::Tensor labels = labels_for(dataset, i, predicted.levels.front().classes[0],
                                            PredictionMasks::file(folder, names[i], 1));
    metrics.add(predicted, labels.unsqueeze(0));
    if (progress) {
      progress(i + 1);
    }
  }
  MetricsReport report = metrics.report();
  for (LevelReport& level : report.levels) {
    level.ece.reset();
  }
  return report;
}

}  // namespace gyroseg
