#include "gyroseg/training/event_log.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <torch/types.h>
#include <torch/utils.h>

#include "embedding_sample.h"
#include "gyroseg/config/read.h"
#include "gyroseg/inference/predict.h"
#include "gyroseg/report/overlay.h"
#include "gyroseg/report/projector.h"
#include "gyroseg/training/assembly.h"
#include "gyroseg/training/embedding_pass.h"

namespace gyroseg {
namespace {

using Scalars = std::vector<std::pair<std::string, double>>;

constexpr std::int64_t kPanels = 4;
constexpr std::int64_t kPanelSide = 384;  ///< larger images are reduced to it

void add_if(Scalars& scalars, const std::string& tag, const std::optional<double>& value) {
  if (value) {
    scalars.emplace_back(tag, *value);
  }
}

// group: "val" or "train_eval".
void add(Scalars& scalars, const std::string& group, const Validation& validation,
         const std::vector<std::string>& modes) {
  scalars.emplace_back(group + "/loss", validation.loss);
  for (const auto& [label, value] : validation.terms) {
    scalars.emplace_back(group + "/" + label, value);
  }
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const MetricsReport& report = validation.reports.at(i);
    const std::string mode = group + "_" + modes[i] + "/";
    for (const LevelReport& level : report.levels) {
      std::string at = "@";
      at += std::to_string(level.level);
      add_if(scalars, mode + "miou" + at, level.miou);
      add_if(scalars, mode + "miou_without_background" + at, level.miou_without_background);
      add_if(scalars, mode + "pixel_accuracy" + at, level.pixel_accuracy);
      add_if(scalars, mode + "ece" + at, level.ece);
    }
    add_if(scalars, mode + "tree_distance_of_errors", report.tree_distance_of_errors);
    add_if(scalars, mode + "consistency_violations", report.consistency_violations);
  }
}

// Four spaces before a line are code in Markdown.
std::string as_code(const std::string& text) {
  std::istringstream in(text);
  std::string code;
  for (std::string line; std::getline(in, line);) {
    code.append("    ").append(line).append("\n");
  }
  return code;
}

// Image, truth and prediction beside each other: [h,3w,3] uint8. classes: of the leaves.
torch::Tensor panel(const torch::Tensor& rgb, const torch::Tensor& truth,
                    const torch::Tensor& classes, const std::vector<Rgb>& palette) {
  const double factor = std::min(1.0, static_cast<double>(kPanelSide) /
                                          static_cast<double>(std::max(rgb.size(0), rgb.size(1))));
  const auto reduced = [factor](std::int64_t size) {
    return std::max(1, static_cast<int>(std::lround(factor * static_cast<double>(size))));
  };
  const std::array<int, 2> size = {reduced(rgb.size(0)), reduced(rgb.size(1))};
  const torch::Tensor image = resize_image(rgb, size);
  return torch::cat({image, overlay(image, resize_labels(truth, size), palette),
                     overlay(image, resize_labels(classes, size), palette)},
                    1);
}

}  // namespace

EventLog::EventLog(const Config& config, const Hierarchy& tree,
                   const SegmentationDataset& validation_set, const std::filesystem::path& folder,
                   std::int64_t step)
    : config_(config),
      tree_(tree),
      validation_set_(validation_set),
      folder_(folder),
      file_(folder, step + 1) {
  file_.text(step, "config", as_code(write_config(config)));
}

void EventLog::step(std::int64_t step, double learning_rate, double total,
                    const std::vector<LossTerm>& labels, const std::vector<double>& terms) {
  Scalars scalars = {{"train/total", total}, {"learning_rate", learning_rate}};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    scalars.emplace_back("train/" + labels[i].label, terms.at(i));
  }
  file_.scalars(step, scalars);
}

void EventLog::validation(const LogEntry& entry) {
  Scalars scalars;
  add(scalars, "val", *entry.validation, config_.decode);
  if (entry.train_evaluation != nullptr) {
    add(scalars, "train_eval", *entry.train_evaluation, config_.decode);
  }
  add_if(scalars, "curvature", entry.curvature);
  file_.scalars(entry.step, scalars);
  file_.flush();
}

void EventLog::panels(Segmenter& model, LabelDecoder& decoder, std::int64_t step) {
  const torch::NoGradGuard no_grad;
  const bool was_training = model->is_training();
  model->eval();
  const std::vector<Rgb> palette = node_palette(tree_);
  std::vector<torch::Tensor> radii;
  const auto network = [&](const torch::Tensor& part, const Window&) {
    const Prediction prediction = model->forward(part);
    if (prediction.embedding.defined()) {
      const torch::Tensor& v = prediction.embedding;
      radii.push_back(model->manifold()->tangent_dist(torch::zeros_like(v), v, 1).flatten().cpu());
    }
    return prediction.logits;
  };
  for (const std::int64_t index : spread(validation_set_.size(), kPanels)) {
    const Sample sample = validation_set_.load(index);
    const torch::Tensor logits =
        predict(network, sample.image.unsqueeze(0).to(torch::Device(config_.device)),
                {sample.labels.size(0), sample.labels.size(1)}, validation_inference(config_));
    const Decoded decoded = decoder(logits, {config_.decode.front()}).front();
    file_.image(step, "panels/" + validation_set_.files(index).image.stem().string(),
                panel(bytes_of(sample.image, config_.data), sample.labels,
                      decoded.levels.back().classes[0].cpu(), palette));
  }
  if (!radii.empty()) {
    file_.histogram(step, "embedding/radius", torch::cat(radii));
  }
  file_.flush();
  model->train(was_training);
}

void EventLog::embedding(Segmenter& model, LabelDecoder& decoder) {
  const std::optional<ProjectorPoints> points =
      sample_embedding(model, decoder, config_, tree_, validation_set_);
  if (points) {
    write_projector(folder_, *points);
  }
}

}  // namespace gyroseg
