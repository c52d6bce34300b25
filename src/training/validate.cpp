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

// Replaces the sums by those over all processes. Each has the same terms, also one without images.
void merge_losses(const ProcessGroup& group, Validation& result, std::int64_t& images) {
  std::vector<double> mine = {static_cast<double>(images), result.loss};
  for (const auto& [label, value] : result.terms) {
    mine.push_back(value);
  }
  torch::Tensor sums = torch::tensor(mine, torch::kFloat64);
  group.sum(sums);
  images = static_cast<std::int64_t>(sums[0].item<double>());
  result.loss = sums[1].item<double>();
  std::int64_t i = 2;
  for (auto& [label, value] : result.terms) {
    value = sums[i++].item<double>();
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
  if (parts.criterion != nullptr) {
    for (const std::string& label : parts.criterion->labels()) {
      result.terms[label] = 0;
    }
  }
  std::int64_t images = 0;
  while (const std::optional<Batch> batch = next_batch()) {
    const torch::Tensor labels = batch->labels.to(device);
    const Prediction prediction = model->forward(batch->images.to(device));
    const std::int64_t batch_images = batch->images.size(0);
    if (parts.criterion != nullptr) {
      // Step total_steps: every scheduled weight at its end, so that validations compare. The seed
      // depends on the batch's first image, so that each validation draws the same triplets.
      const LossInputs inputs{prediction.logits, prediction.embedding, {}, labels,
                              /*step=*/batch->indices.front(), /*total_steps=*/0, parts.seed};
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
  if (!parts.group.alone()) {
    for (LevelMetrics& mode : metrics) {
      mode.merge([&](torch::Tensor& counts) { parts.group.sum(counts); });
    }
    merge_losses(parts.group, result, images);
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
