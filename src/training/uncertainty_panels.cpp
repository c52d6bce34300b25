#include "uncertainty_panels.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cstdio>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/metrics/level_metrics.h"
#include "gyroseg/report/distribution_figures.h"
#include "gyroseg/report/palette.h"

namespace gyroseg {
namespace {

Rgb heat_color(double share) {
  const torch::Tensor rgb = heat_image(torch::full({1, 1}, share), 0, 1)[0][0];
  return {rgb[0].item<std::uint8_t>(), rgb[1].item<std::uint8_t>(), rgb[2].item<std::uint8_t>()};
}

std::string with_number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

PanelGrid uncertainty_panels(const EmbeddingNetwork& network, const SegmentationDataset& data,
                             const std::vector<std::int64_t>& samples, const std::string& title) {
  std::vector<EmbeddedImage> images;
  std::vector<torch::Tensor> radii;
  visit_embeddings(network, data, samples, [&](const EmbeddedImage& image) {
    images.push_back(image);
    radii.push_back(image.radius.flatten());
  });
  const torch::Tensor sorted = std::get<0>(torch::cat(radii).sort());
  const auto at_share = [&](double share) {
    return sorted[static_cast<std::int64_t>(share * static_cast<double>(sorted.size(0) - 1))]
        .item<double>();
  };
  const double low = at_share(0.01), high = std::max(at_share(0.99), low + 1e-6);
  const int level = network.tree.num_levels();
  const std::vector<Rgb> palette = level_palette(network.tree, level, node_palette(network.tree));
  const LevelFolder folder(network.tree);
  PanelGrid grid;
  grid.title = title;
  grid.columns = {"image", "truth", "prediction", "distance from the origin", "probability"};
  for (const EmbeddedImage& image : images) {
    const std::string name = data.files(image.index).image.filename().string();
    const torch::Tensor rgb = resize_image(
        read_image(data.files(image.index).image),
        {static_cast<int>(image.labels.size(0)), static_cast<int>(image.labels.size(1))},
        resample_of(data.config().resample));
    const LevelPrediction& leaf = image.decoded.levels.back();
    const torch::Tensor mean_radius = image.radius.mean();
    grid.rows.push_back(
        {name,
         {{rgb},
          {class_image(folder.labels(image.labels, level), palette), false},
          {class_image(leaf.classes[0], palette), false},
          {heat_image(image.radius, low, high), false, with_number("mean %.3g", mean_radius.item<double>())},
          {heat_image(leaf.confidence[0], 0, 1), false,
           with_number("mean %.3g", leaf.confidence[0].mean().item<double>())}}});
  }
  const std::vector<std::string> names = class_names(network.tree, level);
  for (std::size_t i = 0; i < names.size(); ++i) {
    grid.legend.push_back({names[i], palette[i]});
  }
  for (const double share : {0.0, 0.5, 1.0}) {
    grid.legend.push_back({with_number("distance %.3g", low + share * (high - low)) +
                               with_number(", probability %.1f", share),
                           heat_color(share)});
  }
  return grid;
}

}  // namespace gyroseg
