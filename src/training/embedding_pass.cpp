#include "gyroseg/training/embedding_pass.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "gyroseg/inference/predict.h"
#include "gyroseg/training/assembly.h"

namespace gyroseg {
namespace {

// Pixels at the centres of `cells` cells that cover [first, first + length).
torch::Tensor cell_centres(std::int64_t first, std::int64_t length, std::int64_t cells) {
  return first + ((2 * torch::arange(cells, torch::kInt64) + 1) * length)
                     .div(2 * cells, /*rounding_mode=*/"floor");
}

// The cell over each of the first `pixels` pixels of a window's side.
torch::Tensor cells_over(std::int64_t pixels, std::int64_t length, std::int64_t cells) {
  return (torch::arange(pixels, torch::kInt64) * cells).div(length, /*rounding_mode=*/"floor");
}

// Every cell of a window: tangents [h*w,D], and the pixels of the image at their centres [h*w].
struct WindowCells {
  torch::Tensor tangents;
  torch::Tensor rows;
  torch::Tensor columns;
};

// embedding [D,h,w] of the window `where`.
WindowCells window_cells(const torch::Tensor& embedding, const Window& where) {
  const std::int64_t h = embedding.size(1);
  const std::int64_t w = embedding.size(2);
  return {embedding.to(torch::kCPU, torch::kFloat32).flatten(1).t(),
          cell_centres(where.top, where.height, h).view({h, 1}).expand({h, w}).flatten(),
          cell_centres(where.left, where.width, w).repeat({h})};
}

// The cells of one image, window by window.
class CellCollector {
 public:
  CellCollector(const Manifold& manifold, std::int64_t height, std::int64_t width)
      : manifold_(manifold),
        radius_(torch::zeros({height, width})),
        fresh_(torch::ones({height, width}, torch::kBool)) {}

  // embedding [1,D,h,w] of the window `where`.
  void add(const torch::Tensor& embedding, const Window& where) {
    const std::int64_t height = std::min(where.height, fresh_.size(0) - where.top);
    const std::int64_t width = std::min(where.width, fresh_.size(1) - where.left);
    const auto& [tangents, y, x] = window_cells(embedding[0], where);
    const torch::Tensor inside = y.lt(fresh_.size(0)).logical_and(x.lt(fresh_.size(1)));
    const torch::Tensor taken =
        fresh_.index({y.clamp_max(fresh_.size(0) - 1), x.clamp_max(fresh_.size(1) - 1)})
            .logical_and(inside)
            .nonzero()
            .squeeze(1);
    rows_.push_back(y.index_select(0, taken));
    columns_.push_back(x.index_select(0, taken));
    tangents_.push_back(tangents.index_select(0, taken));

    const torch::Tensor cells = manifold_.tangent_dist(torch::zeros_like(embedding), embedding, 1)[0]
                                    .to(torch::kCPU, torch::kFloat32);
    const torch::Tensor here = cells.index_select(0, cells_over(height, where.height, cells.size(0)))
                                   .index_select(1, cells_over(width, where.width, cells.size(1)));
    const auto under = [&](const torch::Tensor& map) {
      return map.narrow(0, where.top, height).narrow(1, where.left, width);
    };
    under(radius_).copy_(torch::where(under(fresh_), here, under(radius_)));
    under(fresh_).fill_(false);
  }

  void give(EmbeddedImage& image) const {
    if (!tangents_.empty()) {
      image.tangents = torch::cat(tangents_).contiguous();
      image.rows = torch::cat(rows_);
      image.columns = torch::cat(columns_);
      image.radius = radius_;
    }
  }

 private:
  const Manifold& manifold_;
  torch::Tensor radius_;
  torch::Tensor fresh_;  ///< pixels that no window was over
  std::vector<torch::Tensor> tangents_;
  std::vector<torch::Tensor> rows_;
  std::vector<torch::Tensor> columns_;
};

EmbeddedImage embed_image(const EmbeddingNetwork& network, const SegmentationDataset& data,
                          std::int64_t index) {
  const Config& config = network.config;
  const Sample sample = data.load(index);
  EmbeddedImage image;
  image.index = index;
  image.labels = sample.labels;
  const std::int64_t height = sample.labels.size(0);
  const std::int64_t width = sample.labels.size(1);
  CellCollector cells(*network.model->manifold(), height, width);
  const auto pass = [&](const torch::Tensor& part, const Window& where) {
    const Prediction prediction = network.model->forward(part);
    if (prediction.embedding.defined()) {
      cells.add(prediction.embedding, where);
    }
    return prediction.logits;
  };
  const torch::Tensor logits =
      predict(pass, sample.image.unsqueeze(0).to(torch::Device(config.device)), {height, width},
              validation_inference(config));
  image.decoded = network.decoder(logits, {config.decode.front()}).front();
  for (LevelPrediction& level : image.decoded.levels) {
    level = {level.classes.cpu(), level.confidence.cpu()};
  }
  cells.give(image);
  return image;
}

// Evaluation mode while it lives.
class EvaluationMode {
 public:
  explicit EvaluationMode(Segmenter& model) : model_(model), was_training_(model->is_training()) {
    model_->eval();
  }
  ~EvaluationMode() { model_->train(was_training_); }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  Segmenter& model_;
  bool was_training_;
};

}  // namespace

EmbeddingNetwork network_of(LoadedRun& run) {
  return {run.model, run.decoder, run.config, run.tree};
}

EmbeddedImage embedded_image(std::int64_t index, std::int64_t b, const torch::Tensor& labels,
                             const Decoded& decoded, const torch::Tensor& embedding) {
  EmbeddedImage image;
  image.index = index;
  image.labels = labels[b];
  for (const LevelPrediction& level : decoded.levels) {
    image.decoded.levels.push_back({level.classes.narrow(0, b, 1), level.confidence.narrow(0, b, 1)});
  }
  if (embedding.defined()) {
    const WindowCells cells = window_cells(embedding[b], {0, 0, labels.size(1), labels.size(2)});
    image.tangents = cells.tangents.contiguous();
    image.rows = cells.rows;
    image.columns = cells.columns;
  }
  return image;
}

void visit_embeddings(const EmbeddingNetwork& network, const SegmentationDataset& data,
                      const std::vector<std::int64_t>& images,
                      const std::function<void(const EmbeddedImage&)>& visit) {
  const torch::NoGradGuard no_grad;
  const EvaluationMode evaluation(network.model);
  for (const std::int64_t index : images) {
    visit(embed_image(network, data, index));
  }
}

std::vector<std::int64_t> spread(std::int64_t size, std::int64_t count) {
  std::vector<std::int64_t> indices;
  const std::int64_t taken = count == 0 ? size : std::min(size, count);
  for (std::int64_t i = 0; i < taken; ++i) {
    indices.push_back(i * size / taken);
  }
  return indices;
}

}  // namespace gyroseg
