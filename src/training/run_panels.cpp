#include "gyroseg/training/run_panels.h"

#include <torch/utils.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "gyroseg/hierarchy/class_map.h"
#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/metrics/level_metrics.h"
#include "gyroseg/report/palette.h"

namespace gyroseg {
namespace {

// Pictures are embedded at no more than this: a panel is drawn at half of it.
constexpr std::int64_t kLongestSide = 400;

// What all grids show of one sample; classes [h,w] int64, negative where ignored or undecided.
struct ShownSample {
  std::string name;
  torch::Tensor rgb;                                   ///< as shown
  torch::Tensor truth;                                 ///< node indices, at the image's own size
  std::vector<std::vector<torch::Tensor>> predictions;  ///< [runs][levels], at the image's own size, as the first run counts
};

ShownSample predict_sample(std::vector<NamedRun>& runs, const std::vector<ClassMap>& maps,
                           const SegmentationDataset& dataset, std::int64_t index) {
  const SampleFiles& files = dataset.files(index);
  ShownSample sample;
  sample.name = files.image.filename().string();
  sample.truth = dataset.original_labels(index);
  for (std::size_t run = 0; run < runs.size(); ++run) {
    NamedRun& named = runs[run];
    const InputImage input = load_image(files.image, named.run.config.data);
    if (input.rgb.size(0) != sample.truth.size(0) || input.rgb.size(1) != sample.truth.size(1)) {
      throw DataError(c10::str(files.mask.string(), ": expected the size of its image ",
                               files.image.string(), ", ", input.rgb.size(1), " x ",
                               input.rgb.size(0), ", found ", sample.truth.size(1), " x ",
                               sample.truth.size(0)));
    }
    const Decoded decoded = segment(named.run, input, {named.run.config.decode.front()}).front();
    std::vector<torch::Tensor>& levels = sample.predictions.emplace_back();
    for (std::size_t k = 0; k < decoded.levels.size(); ++k) {
      levels.push_back(mapped(decoded.levels[k].classes[0].cpu(), maps[run].levels[k]));
    }
    sample.rgb = resize_image(input.rgb, size_within(input.rgb.size(0), input.rgb.size(1), kLongestSide));
  }
  return sample;
}

std::string right_pixels(const torch::Tensor& truth, const torch::Tensor& predicted) {
  const torch::Tensor valid = truth.ge(0);
  const auto pixels = valid.sum().item<std::int64_t>();
  if (pixels == 0) {
    return "no labelled pixel";
  }
  const auto right = predicted.eq(truth).logical_and(valid).sum().item<std::int64_t>();
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %% right",
                100.0 * static_cast<double>(right) / static_cast<double>(pixels));
  return text;
}

Panel class_panel(const torch::Tensor& classes, const std::vector<Rgb>& palette,
                  const std::string& caption) {
  const auto size = size_within(classes.size(0), classes.size(1), kLongestSide);
  return {class_image(resize_labels(classes, size), palette), /*smooth=*/false, caption};
}

PanelRow row_of(const ShownSample& sample, const torch::Tensor& truth, int level,
                const std::vector<Rgb>& palette) {
  PanelRow row = {sample.name, {{sample.rgb}}};
  for (const std::vector<torch::Tensor>& prediction : sample.predictions) {
    const torch::Tensor& classes = prediction.at(level - 1);
    row.panels.push_back(class_panel(classes, palette, right_pixels(truth, classes)));
  }
  const bool compared = sample.predictions.size() > 1;
  row.panels.insert(compared ? row.panels.end() : row.panels.begin() + 1,
                    class_panel(truth, palette, ""));
  return row;
}

std::vector<std::string> headings(const std::vector<NamedRun>& runs) {
  if (runs.size() == 1) {
    return {"image", "truth", "prediction"};
  }
  std::vector<std::string> columns = {"image"};
  for (const NamedRun& named : runs) {
    columns.push_back(named.name);
  }
  columns.push_back("truth");
  return columns;
}

}  // namespace

std::vector<std::int64_t> choose_samples(const SegmentationDataset& dataset,
                                         const std::vector<std::string>& names,
                                         std::int64_t count) {
  std::vector<std::int64_t> chosen;
  if (names.empty()) {
    count = std::min(count, dataset.size());
    for (std::int64_t i = 0; i < count; ++i) {
      chosen.push_back(i * dataset.size() / count);
    }
    return chosen;
  }
  std::vector<std::string> stems;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    stems.push_back(dataset.files(i).image.stem().string());
  }
  for (const std::string& name : names) {
    std::int64_t found = 0;
    while (found < dataset.size() && name != stems[found] &&
           name != dataset.files(found).image.filename().string()) {
      ++found;
    }
    if (found == dataset.size()) {
      const std::string near = nearest_name(name, stems);
      throw DataError(dataset.files(0).image.parent_path().string() + ": no image is named " +
                      name + (near.empty() ? "" : ", did you mean " + near + "?"));
    }
    chosen.push_back(found);
  }
  return chosen;
}

std::vector<PanelGrid> run_panels(std::vector<NamedRun>& runs, const SegmentationDataset& dataset,
                                  const std::vector<std::int64_t>& samples,
                                  const std::vector<int>& levels, const std::string& split) {
  TORCH_CHECK_VALUE(!runs.empty(), "run_panels: expected a run, got none");
  const Hierarchy& tree = runs.front().run.tree;
  std::vector<ClassMap> maps;
  for (const NamedRun& named : runs) {
    const std::optional<ClassMap> map = class_map(named.run.tree, tree);
    TORCH_CHECK_VALUE(map.has_value(), "run_panels: ", named.name, " has other classes than ", runs.front().name);
    maps.push_back(*map);
  }
  std::vector<ShownSample> shown;
  for (const std::int64_t index : samples) {
    shown.push_back(predict_sample(runs, maps, dataset, index));
  }
  const LevelFolder folder(tree);
  const std::vector<Rgb> colors = node_palette(tree);
  const std::string mode = runs.front().run.config.decode.front();
  std::vector<PanelGrid> grids;
  for (const int level : levels) {
    PanelGrid& grid = grids.emplace_back();
    grid.title = (runs.size() == 1 ? runs.front().name + ": " : "") + split + " split, level " +
                 std::to_string(level) + (runs.size() == 1 ? ", " + mode : "");
    grid.columns = headings(runs);
    const std::vector<Rgb> palette = level_palette(tree, level, colors);
    const std::vector<std::string> names = class_names(tree, level);
    for (std::size_t i = 0; i < names.size(); ++i) {
      grid.legend.push_back({names[i], palette[i]});
    }
    bool no_class = false;
    for (const ShownSample& sample : shown) {
      const torch::Tensor truth = folder.labels(sample.truth, level);
      grid.rows.push_back(row_of(sample, truth, level, palette));
      no_class |= truth.lt(0).any().item<bool>();
      for (const std::vector<torch::Tensor>& prediction : sample.predictions) {
        no_class |= prediction.at(level - 1).lt(0).any().item<bool>();
      }
    }
    if (no_class) {
      grid.legend.push_back({"(ignored or undecided)", kNoClassColor});
    }
  }
  return grids;
}

}  // namespace gyroseg
