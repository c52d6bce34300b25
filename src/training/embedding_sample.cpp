#include "embedding_sample.h"

#include <array>
#include <cstdio>
#include <string>

#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/training/pixel_embeddings.h"

namespace gyroseg {
namespace {

constexpr std::int64_t kMostPoints = 2000;
constexpr std::int64_t kMostImages = 64;
constexpr std::int64_t kThumbnail = 32;

// [S,S,3] of rgb [H,W,3] about a pixel; past the edge the edge goes on.
torch::Tensor thumbnail(const torch::Tensor& rgb, std::int64_t row, std::int64_t column) {
  const torch::Tensor places = torch::arange(kThumbnail) - kThumbnail / 2;
  return rgb.index_select(0, (places + row).clamp(0, rgb.size(0) - 1))
      .index_select(1, (places + column).clamp(0, rgb.size(1) - 1));
}

torch::Tensor thumbnails_of(const PixelEmbeddings& pixels, const SegmentationDataset& data) {
  const auto images = pixels.images.accessor<std::int64_t, 1>();
  const auto rows = pixels.rows.accessor<std::int64_t, 1>();
  const auto columns = pixels.columns.accessor<std::int64_t, 1>();
  std::vector<torch::Tensor> tiles;
  std::int64_t loaded = -1;
  torch::Tensor rgb;
  for (std::int64_t i = 0; i < pixels.size(); ++i) {
    if (images[i] != loaded) {
      loaded = images[i];
      rgb = bytes_of(data.load(loaded).image, data.config());
    }
    tiles.push_back(thumbnail(rgb, rows[i], columns[i]));
  }
  return torch::stack(tiles);
}

std::vector<std::string> columns_of(const Hierarchy& tree) {
  std::vector<std::string> columns = {"leaf", "predicted", "correct"};
  for (int k = 1; k < tree.num_levels(); ++k) {
    columns.push_back("level " + std::to_string(k));
  }
  columns.insert(columns.end(), {"radius", "image", "x", "y"});
  return columns;
}

std::vector<std::string> row_of(const PixelEmbeddings& pixels, std::int64_t i,
                                const Hierarchy& tree) {
  const auto number = [i](const torch::Tensor& column) { return column[i].item<std::int64_t>(); };
  const auto leaf = static_cast<int>(number(pixels.leaves));
  const auto predicted = pixels.predicted[i][-1].item<std::int64_t>();
  std::vector<std::string> row = {
      tree.path(leaf),
      predicted == kUndecided ? "(undecided)" : tree.path(static_cast<int>(predicted)),
      predicted == leaf ? "yes" : "no"};
  for (int k = 1; k < tree.num_levels(); ++k) {
    row.push_back(tree.path(tree.level(k).at(tree.class_at(k, leaf))));
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", pixels.radius[i].item<double>());
  row.insert(row.end(),
             {text, pixels.image_names.at(number(pixels.images)),
              std::to_string(number(pixels.columns)), std::to_string(number(pixels.rows))});
  return row;
}

std::string name_of(const Manifold& manifold) {
  if (manifold.kind() == "sphere") {
    return "pixel embeddings: unit vectors";
  }
  if (manifold.kind() == "euclidean") {
    return "pixel embeddings";
  }
  char text[128];
  std::snprintf(text, sizeof text,
                "pixel embeddings: tangent vectors at the origin (%s, c = %.6g; norm = distance / %g)",
                manifold.kind().c_str(), manifold.curvature(), manifold.lambda0());
  return text;
}

}  // namespace

torch::Tensor bytes_of(const torch::Tensor& image, const DataConfig& data) {
  const auto column = [](const std::array<double, 3>& x) {
    return torch::tensor({x[0], x[1], x[2]}, torch::kFloat32).view({3, 1, 1});
  };
  return ((image.cpu() * column(data.std) + column(data.mean)) * 255)
      .round()
      .clamp(0, 255)
      .to(torch::kUInt8)
      .permute({1, 2, 0})
      .contiguous();
}

std::optional<ProjectorPoints> sample_embedding(Segmenter& model, LabelDecoder& decoder,
                                                const Config& config, const Hierarchy& tree,
                                                const SegmentationDataset& data) {
  const std::optional<PixelEmbeddings> pixels = sample_pixel_embeddings(
      {model, decoder, config, tree}, data, {kMostPoints, kMostImages, config.seed});
  if (!pixels) {
    return std::nullopt;
  }
  ProjectorPoints result;
  result.name = name_of(*manifold_of(*pixels));
  result.points = pixels->space == "sphere" ? manifold_of(*pixels)->embed(pixels->tangents)
                                            : pixels->tangents;
  result.columns = columns_of(tree);
  for (std::int64_t i = 0; i < pixels->size(); ++i) {
    result.rows.push_back(row_of(*pixels, i, tree));
  }
  result.thumbnails = thumbnails_of(*pixels, data);
  return result;
}

}  // namespace gyroseg
