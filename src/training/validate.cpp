#include "gyroseg/training/validate.h"

#include <torch/torch.h>

namespace gyroseg {
namespace {

// Adds a batch's losses, weighted by its number of images.
void add_losses(const LossSum& losses, double images, Validation& result) {
  result.loss += images * losses.total.item<double>();
  for (const LossTerm& term : losses.terms) {
    result.terms[term.label] += images * term.value.item<double>();
  }
}

torch::Tensor resized(const torch::Tensor& logits, const torch::Tensor& labels) {
  return torch::upsample_bilinear2d(logits, {labels.size(1), labels.size(2)}, /*align_corners=*/false);
}

}  // namespace

Validation validate(Segmenter& model, const std::function<std::optional<Batch>()>& next_batch,
                    const ValidationParts& parts, const std::function<void(std::int64_t)>& progress) {
  const torch::NoGradGuard no_grad;
  const bool was_training = model->is_training();
  model->eval();
  const torch::Device device = model->parameters().front().device();
  std::vector<LevelMetrics> metrics(parts.modes.size(), LevelMetrics(parts.tree, parts.background));
  Validation result;
  std::int64_t images = 0;
  while (const std::optional<Batch> batch = next_batch()) {
    const torch::Tensor labels = batch->labels.to(device);
    const Prediction prediction = model->forward(batch->images.to(device));
    const std::int64_t batch_images = batch->images.size(0);
    if (parts.criterion != nullptr) {
      // Step total_steps: every scheduled weight at its end, so that validations compare. The seed
      // depends on the images seen only, so that each validation draws the same triplets.
      const LossInputs inputs{prediction.logits, prediction.embedding, {}, labels, /*step=*/images,
                              /*total_steps=*/0, parts.seed};
      add_losses((*parts.criterion)(inputs), static_cast<double>(batch_images), result);
    }
    const std::vector<Decoded> decoded = parts.decoder(resized(prediction.logits, labels), parts.modes);
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      metrics[i].add(decoded[i], labels);
    }
    images += batch_images;
    if (progress) {
      progress(images);
    }
  }
  for (const LevelMetrics& mode : metrics) {
    result.reports.push_back(mode.report());
  }
  if (images > 0) {
    result.loss /= static_cast<double>(images);
    for (auto& [label, value] : result.terms) {
      value /= static_cast<double>(images);
    }
  }
  if (const std::optional<Collapse> collapse = metrics.front().collapsed()) {
    result.collapsed = collapse->name;
  }
  model->train(was_training);
  return result;
}

}  // namespace gyroseg
