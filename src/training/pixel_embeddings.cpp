#include "gyroseg/training/pixel_embeddings.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "gyroseg/data/random.h"

namespace gyroseg {
namespace {

template <class Value, class Drawn, class Field>
torch::Tensor column_of(const std::vector<Drawn>& pixels, const Field& field) {
  std::vector<Value> values;
  for (const Drawn& pixel : pixels) {
    values.push_back(field(pixel));
  }
  return torch::tensor(at::ArrayRef<Value>(values));
}

template <class Value, class Drawn, class Field>
torch::Tensor table_of(const std::vector<Drawn>& pixels, const Field& field) {
  std::vector<Value> values;
  for (const Drawn& pixel : pixels) {
    const std::vector<Value>& row = field(pixel);
    values.insert(values.end(), row.begin(), row.end());
  }
  return torch::tensor(at::ArrayRef<Value>(values))
      .view({static_cast<std::int64_t>(pixels.size()), -1});
}

// The classifier's own prototypes [C,D] or [V,D]; undefined where it has none.
torch::Tensor own_prototypes(const Segmenter& model) {
  for (const char* name : {"classifier.prototypes", "classifier.directions"}) {
    for (const auto& tensors : {model->named_parameters(), model->named_buffers()}) {
      if (const torch::Tensor* found = tensors.find(name)) {
        return found->detach().to(torch::kCPU, torch::kFloat64);
      }
    }
  }
  return {};
}

torch::Tensor radii(const PixelEmbeddings& pixels) {
  const torch::Tensor& v = pixels.tangents;
  return manifold_of(pixels)->tangent_dist(torch::zeros_like(v), v);
}

torch::Tensor mean_point(const Manifold& manifold, const torch::Tensor& points) {
  torch::Tensor mean = manifold.frechet_mean(points);
  if (!mean.isfinite().all().item<bool>()) {
    mean = manifold.midpoint(points);
  }
  return manifold.unembed(mean);
}

}  // namespace

std::shared_ptr<const Manifold> manifold_of(const PixelEmbeddings& pixels) {
  return make_manifold(pixels.space, pixels.curvature > 0 ? pixels.curvature : 1.0);
}

// The `size` pixels of the smallest keys of each leaf.
struct PixelSampler::Draw {
  struct Pixel {
    double key = 0;  ///< random: the pixels of the smallest keys are drawn
    std::int64_t image = 0;
    std::int64_t row = 0;
    std::int64_t column = 0;
    std::int64_t leaf = 0;
    std::vector<std::int64_t> predicted;  ///< [L]
    float confidence = 0;
    std::vector<float> tangent;
  };

  Draw(std::int64_t leaves, std::int64_t size) : size_(size), by_leaf_(leaves) {}

  [[nodiscard]] bool takes(std::int64_t leaf, double key) const {
    if (leaf < 0 || leaf >= static_cast<std::int64_t>(by_leaf_.size())) {
      return false;
    }
    const std::vector<Pixel>& heap = by_leaf_[leaf];
    return static_cast<std::int64_t>(heap.size()) < size_ || key < heap.front().key;
  }

  void add(Pixel pixel) {
    std::vector<Pixel>& heap = by_leaf_[pixel.leaf];
    if (static_cast<std::int64_t>(heap.size()) == size_) {
      std::pop_heap(heap.begin(), heap.end(), by_key);
      heap.pop_back();
    }
    heap.push_back(std::move(pixel));
    std::push_heap(heap.begin(), heap.end(), by_key);
  }

  [[nodiscard]] std::vector<Pixel> pixels(std::int64_t most) const {
    std::vector<Pixel> all;
    for (const std::vector<Pixel>& heap : by_leaf_) {
      all.insert(all.end(), heap.begin(), heap.end());
    }
    if (static_cast<std::int64_t>(all.size()) > most) {  // fewer points than leaves
      std::sort(all.begin(), all.end(), by_key);
      all.resize(most);
    }
    std::sort(all.begin(), all.end(), [](const Pixel& a, const Pixel& b) {
      return std::tie(a.image, a.row, a.column) < std::tie(b.image, b.row, b.column);
    });
    return all;
  }

 private:
  static bool by_key(const Pixel& a, const Pixel& b) { return a.key < b.key; }

  std::int64_t size_;
  std::vector<std::vector<Pixel>> by_leaf_;
};

PixelSampler::PixelSampler(const EmbeddingNetwork& network, const PixelSample& sample)
    : network_(network), sample_(sample) {
  TORCH_CHECK_VALUE(sample.points > 0, "PixelSampler: expected points > 0, got ", sample.points);
  const std::int64_t leaves = network.tree.num_leaves();
  draw_ = std::make_unique<Draw>(leaves, std::max<std::int64_t>(1, sample.points / leaves));
}

PixelSampler::~PixelSampler() = default;

// A key for every cell, whether it is taken or not, so that draws do not depend on each other.
void PixelSampler::add(const EmbeddedImage& image) {
  if (!image.tangents.defined()) {
    return;
  }
  Random random = Random::of(sample_.seed, 0, image.index);
  const auto rows = image.rows.accessor<std::int64_t, 1>();
  const auto columns = image.columns.accessor<std::int64_t, 1>();
  const auto labels = image.labels.accessor<std::int64_t, 2>();
  const auto tangents = image.tangents.accessor<float, 2>();
  for (std::int64_t i = 0; i < image.rows.size(0); ++i) {
    const double key = random.uniform();
    const std::int64_t y = rows[i];
    const std::int64_t x = columns[i];
    if (!draw_->takes(labels[y][x], key)) {
      continue;
    }
    Draw::Pixel pixel = {key, image.index, y, x, labels[y][x], {}, 0, {}};
    for (const LevelPrediction& level : image.decoded.levels) {
      pixel.predicted.push_back(level.classes[0][y][x].item<std::int64_t>());
    }
    pixel.confidence = image.decoded.levels.back().confidence[0][y][x].item<float>();
    pixel.tangent.assign(tangents[i].data(), tangents[i].data() + tangents.size(1));
    draw_->add(std::move(pixel));
  }
}

std::optional<PixelEmbeddings> PixelSampler::pixels(const SegmentationDataset& data) const {
  const std::vector<Draw::Pixel> pixels = draw_->pixels(sample_.points);
  if (pixels.empty()) {
    return std::nullopt;
  }
  using Pixel = Draw::Pixel;
  const Manifold& space = *network_.model->manifold();
  PixelEmbeddings result{
      space.kind(),
      space.curvature(),
      network_.config.decode.front(),
      table_of<float>(pixels, [](const Pixel& p) -> const auto& { return p.tangent; }),
      {},
      column_of<std::int64_t>(pixels, [](const Pixel& p) { return p.leaf; }),
      table_of<std::int64_t>(pixels, [](const Pixel& p) -> const auto& { return p.predicted; }),
      column_of<float>(pixels, [](const Pixel& p) { return p.confidence; }),
      column_of<std::int64_t>(pixels, [](const Pixel& p) { return p.image; }),
      column_of<std::int64_t>(pixels, [](const Pixel& p) { return p.row; }),
      column_of<std::int64_t>(pixels, [](const Pixel& p) { return p.column; })};
  result.radius = radii(result);
  for (const Pixel& pixel : pixels) {
    result.image_names[pixel.image] = data.files(pixel.image).image.filename().string();
  }
  return result;
}

std::optional<PixelEmbeddings> sample_pixel_embeddings(const EmbeddingNetwork& network,
                                                       const SegmentationDataset& data,
                                                       const PixelSample& sample) {
  TORCH_CHECK_VALUE(sample.images >= 0, "sample_pixel_embeddings: expected images >= 0, got ",
                    sample.images);
  PixelSampler sampler(network, sample);
  visit_embeddings(network, data, spread(data.size(), sample.images),
                   [&](const EmbeddedImage& image) { sampler.add(image); });
  return sampler.pixels(data);
}

ClassPrototypes class_prototypes(const EmbeddingNetwork& network, const PixelEmbeddings& pixels) {
  const torch::NoGradGuard no_grad;
  const Hierarchy& tree = network.tree;
  const auto manifold = manifold_of(pixels);
  const torch::Tensor own = own_prototypes(network.model);
  const std::int64_t owned = own.defined() ? own.size(0) : 0;
  const torch::Tensor points = manifold->embed(pixels.tangents.to(torch::kFloat64));
  ClassPrototypes result;
  result.tangents = torch::full({tree.num_nodes(), pixels.dim()},
                                std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  for (int node = 0; node < tree.num_nodes(); ++node) {
    if (node < owned) {
      result.tangents[node] = own[node];
      result.sources.push_back(PrototypeSource::classifier);
      continue;
    }
    torch::Tensor below = torch::zeros(pixels.size(), torch::kBool);
    for (const int leaf : tree.leaves_of(node)) {
      below = below.logical_or(pixels.leaves.eq(leaf));
    }
    const torch::Tensor members = below.nonzero().squeeze(1);
    if (members.numel() > 0) {
      result.tangents[node] = mean_point(*manifold, points.index_select(0, members));
    }
    result.sources.push_back(members.numel() > 0 ? PrototypeSource::frechet_mean
                                                 : PrototypeSource::none);
  }
  return result;
}

}  // namespace gyroseg
