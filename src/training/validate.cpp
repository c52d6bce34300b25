#include "gyroseg/training/validate.h"

#include <chrono>
#include <cmath>

#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/metrics/image_figures.h"
#include "manifolds/stable_math.h"

namespace gyroseg {
namespace {

// The weighted mean of losses that are measured one after the other; a single one is its own mean,
// bit for bit.
class LossMean {
 public:
  void add(const LossSum& losses, double weight) {
    weight_ += weight;
    const double share = weight_ > 0 ? weight / weight_ : 0;
    total_ += share * (losses.total.item<double>() - total_);
    for (const LossTerm& term : losses.terms) {
      double& mean = terms_[term.label];
      mean += share * (term.value.item<double>() - mean);
    }
  }

  [[nodiscard]] double total() const { return total_; }
  [[nodiscard]] const std::map<std::string, double>& terms() const { return terms_; }

 private:
  double weight_ = 0;
  double total_ = 0;
  std::map<std::string, double> terms_;
};

// Losses over all images, of batches that stand for as many of them as they have.
class BatchMoments {
 public:
  // Every process has the same terms, also one without images.
  explicit BatchMoments(const Criterion* criterion) {
    if (criterion != nullptr) {
      for (const std::string& label : criterion->labels()) {
        terms_[label] = {};
      }
    }
  }

  void add(const LossMean& losses, double images) {
    total_.add(losses.total(), images);
    for (const auto& [label, value] : losses.terms()) {
      terms_.at(label).add(value, images);
    }
  }

  void merge(const ProcessGroup& group) {
    const auto sum = [&](torch::Tensor& numbers) { group.sum(numbers); };
    total_ = merged(total_, sum);
    for (auto& [label, term] : terms_) {
      term = merged(term, sum);
    }
  }

  void write_to(Validation& result) const {
    result.loss = total_.mean;
    result.loss_deviation = total_.deviation();
    for (const auto& [label, term] : terms_) {
      result.terms[label] = term.mean;
      result.term_deviations[label] = term.deviation();
    }
  }

 private:
  Moments total_;
  std::map<std::string, Moments> terms_;
};

void check(const InferenceConfig& inference, const torch::Tensor& images,
           const torch::Tensor& labels) {
  TORCH_CHECK_VALUE(inference.scales == std::vector<double>{1.0} && !inference.flip,
                    "validate: a criterion measures each pixel once, expected scales [1] and no "
                    "flip, got ", describe(inference));
  TORCH_CHECK_VALUE(images.sizes().slice(2) == labels.sizes().slice(1),
                    "validate: a criterion needs labels of the images' size, got images ",
                    images.sizes(), " and labels ", labels.sizes());
}

// Images a second over all batches but the first.
class Speed {
 public:
  explicit Speed(const torch::Device& device) : on_cuda_(device.is_cuda()) {}

  void start() { start_ = now(); }
  void stop(std::int64_t images) {
    const Clock::time_point end = now();
    if (warm_) {
      seconds_ += std::chrono::duration<double>(end - start_).count();
      images_ += images;
    }
    warm_ = true;
  }
  [[nodiscard]] std::optional<double> images_per_second() const {
    if (images_ == 0) {
      return std::nullopt;
    }
    return static_cast<double>(images_) / seconds_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  // A GPU works behind the program's back.
  [[nodiscard]] Clock::time_point now() const {
    if (on_cuda_) {
      torch::cuda::synchronize();
    }
    return Clock::now();
  }

  bool on_cuda_;
  bool warm_ = false;
  Clock::time_point start_;
  double seconds_ = 0;
  std::int64_t images_ = 0;
};

// Cells of embeddings beyond the radius that float32 points of the ball resolve.
class ClippedCells {
 public:
  void add(const Manifold& manifold, const torch::Tensor& v) {
    if (!v.defined() || !manifold.curvature_parameter()) {
      return;
    }
    const double limit = 2 * std::atanh(detail::largest_norm(torch::kFloat32)) /
                         std::sqrt(manifold.curvature());
    const torch::Tensor radius = manifold.tangent_dist(torch::zeros_like(v), v, 1);
    cells_ += static_cast<double>(radius.numel());
    clipped_ += radius.ge(limit).sum().item<double>();
  }

  void merge(const ProcessGroup& group) {
    torch::Tensor sums = torch::tensor({cells_, clipped_}, torch::kFloat64);
    group.sum(sums);
    cells_ = sums[0].item<double>();
    clipped_ = sums[1].item<double>();
  }

  [[nodiscard]] std::optional<double> share() const {
    return cells_ > 0 ? std::optional(clipped_ / cells_) : std::nullopt;
  }

 private:
  double cells_ = 0;
  double clipped_ = 0;
};

// Logits of a batch at the size of its labels [B,H,W], and its losses where there is a criterion.
// first: index of the batch's first image.
torch::Tensor measure(Segmenter& model, const torch::Tensor& images, const torch::Tensor& labels,
                      const ValidationParts& parts, std::int64_t first, LossMean& losses,
                      ClippedCells& clipped) {
  if (parts.criterion != nullptr) {
    check(parts.inference, images, labels);
  }
  const auto network = [&](const torch::Tensor& part, const Window& where) {
    const Prediction prediction = model->forward(part);
    clipped.add(*model->manifold(), prediction.embedding);
    if (parts.criterion != nullptr) {
      // Step total_steps: every scheduled weight at its end, so that validations compare. The seed
      // depends on the batch's first image, so that each validation draws the same triplets.
      const torch::Tensor truth = cut(labels, where, static_cast<double>(kIgnored));
      const LossInputs inputs{prediction.logits, prediction.embedding, {}, truth,
                              /*step=*/first, /*total_steps=*/0, parts.seed};
      losses.add((*parts.criterion)(inputs), truth.ne(kIgnored).sum().item<double>());
    }
    return prediction.logits;
  };
  return predict(network, images, {labels.size(1), labels.size(2)}, parts.inference);
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
  result.modes = parts.modes;
  std::int64_t images = 0;
  BatchMoments batches(parts.criterion);
  ClippedCells clipped;
  Speed speed(device);
  while (const std::optional<Batch> batch = next_batch()) {
    const torch::Tensor labels = batch->labels.to(device);
    const std::int64_t batch_images = batch->images.size(0);
    const torch::Tensor inputs = batch->images.to(device);
    LossMean losses;
    speed.start();
    const torch::Tensor logits =
        measure(model, inputs, labels, parts, batch->indices.front(), losses, clipped);
    const std::vector<Decoded> decoded = parts.decoder(logits, parts.modes);
    speed.stop(batch_images);
    batches.add(losses, static_cast<double>(batch_images));
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      metrics[i].add(decoded[i], labels);
    }
    if (parts.observer) {
      parts.observer(*batch, decoded);
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
    batches.merge(parts.group);
    clipped.merge(parts.group);
  }
  result.clipped = clipped.share();
  result.images_per_second = speed.images_per_second();
  batches.write_to(result);
  for (const LevelMetrics& mode : metrics) {
    result.reports.push_back(mode.report());
  }
  if (const std::optional<Collapse> collapse = metrics.front().collapsed()) {
    result.collapsed = collapse->name;
  }
  model->train(was_training);
  return result;
}

}  // namespace gyroseg
