#include "gyroseg/training/metrics_log.h"

#include <cmath>
#include <cstdio>
#include <fstream>

#include <nlohmann/json.hpp>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/training/checkpoint.h"

namespace gyroseg {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no NaN: null, on purpose.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

Json numbers(const std::map<std::string, double>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) {
    json[name] = number(value);
  }
  return json;
}

Json to_json(const MetricsReport& report) {
  Json levels = Json::array();
  for (const LevelReport& level : report.levels) {
    levels.push_back({{"level", level.level},
                      {"miou", number(level.miou)},
                      {"miou_without_background", number(level.miou_without_background)},
                      {"pixel_accuracy", number(level.pixel_accuracy)},
                      {"ece", number(level.ece)}});
    for (const auto& [name, value] : image_numbers(level)) {
      levels.back()[name] = number(value);
    }
  }
  return levels;
}

// As in metrics.json: the first mode's levels at the top, those of all under "modes".
Json to_json(const Validation& validation) {
  Json modes = Json::object();
  for (std::size_t i = 0; i < validation.modes.size(); ++i) {
    modes[validation.modes[i]] = to_json(validation.reports[i]);
  }
  Json json = {{"loss", number(validation.loss)},
          {"loss_std", number(validation.loss_deviation)},
          {"terms", numbers(validation.terms)},
          {"terms_std", numbers(validation.term_deviations)},
          {"levels", to_json(validation.reports.front())},
          {"modes", modes}};
  if (validation.clipped) {
    json["clipped"] = *validation.clipped;
  }
  return json;
}

Json to_json(const LogEntry& entry) {
  std::map<std::string, double> train;
  std::map<std::string, double> train_std;
  for (const auto& [name, loss] : entry.train_losses) {
    train[name] = loss.mean;
    train_std[name] = loss.deviation();
  }
  train.try_emplace("total", std::nan(""));  // every step was rejected
  Json json = {{"epoch", entry.epoch},
          {"step", entry.step},
          {"lr", entry.learning_rate},
          {"train", numbers(train)},
          {"train_std", numbers(train_std)},
          {"val", to_json(*entry.validation)},
          {"best", entry.best},
          {"train_seconds", entry.train_seconds},
          {"val_seconds", entry.validation_seconds},
          {"parameters", entry.parameters}};
  if (entry.train_evaluation != nullptr) {
    json["train_eval"] = to_json(*entry.train_evaluation);
  }
  if (entry.curvature) {
    json["curvature"] = *entry.curvature;
  }
  return json;
}

std::string cell(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string padded(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string rate(const std::optional<double>& value) {
  return value ? cell("%.4f", *value) : "-";
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path file, std::ostream& table, int num_levels)
    : file_(std::move(file)), table_(table), num_levels_(num_levels) {}

void MetricsLog::rewind(std::int64_t step) {
  if (!std::filesystem::exists(file_)) {
    return;
  }
  std::ifstream in(file_);
  std::string kept;
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    // A line cut off by a crash is dropped too.
    if (json.is_object() && json.value("step", step + 1) <= step) {
      kept += line + "\n";
    }
  }
  write_text(file_, kept);
}

void MetricsLog::add(const LogEntry& entry) {
  std::ofstream out(file_, std::ios::app);
  out << to_json(entry).dump() << '\n' << std::flush;
  if (!out) {
    throw CheckpointError(file_.string() + ": cannot be written: is the disk full?");
  }
  print_row(entry);
}

void MetricsLog::print_row(const LogEntry& entry) {
  if (!header_printed_) {
    table_ << padded("epoch", 7) << padded("step", 8) << padded("train loss", 12)
           << padded("val loss", 10) << padded("pixel acc", 11);
    for (int k = 1; k <= num_levels_; ++k) {
      table_ << padded("mIoU@" + std::to_string(k), 9);
    }
    table_ << (entry.curvature ? padded("c", 9) : "") << padded("train s", 9) << padded("val s", 8) << "\n";
    header_printed_ = true;
  }
  const MetricsReport& report = entry.validation->reports.front();
  const auto total = entry.train_losses.find("total");  // none where every step was rejected
  const double train_loss =
      total == entry.train_losses.end() ? std::nan("") : total->second.mean;
  table_ << padded(cell(std::floor(entry.epoch) == entry.epoch ? "%.0f" : "%.2f", entry.epoch), 7)
         << padded(std::to_string(entry.step), 8)
         << padded(cell("%.4f", train_loss), 12)
         << padded(cell("%.4f", entry.validation->loss), 10)
         << padded(rate(report.levels.back().pixel_accuracy), 11);
  for (const LevelReport& level : report.levels) {
    table_ << padded(rate(level.miou), 9);
  }
  if (entry.curvature) {
    table_ << padded(cell("%.4f", *entry.curvature), 9);
  }
  table_ << padded(cell("%.1f", entry.train_seconds), 9)
         << padded(cell("%.1f", entry.validation_seconds), 8) << (entry.best ? "  best" : "")
         << std::endl;
}

}  // namespace gyroseg
