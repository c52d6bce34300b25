#include "gyroseg/embeddings/embedding_files.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/report/csv.h"
#include "gyroseg/report/text_table.h"

namespace gyroseg {
namespace {

std::string shortest(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : "nan";
}

/// Four digits after the point, "-" where undefined.
std::string cell(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "-" : "inf";
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, value >= 1e5 ? "%.4g" : "%.4f", value);
  return buffer;
}

}  // namespace

std::vector<std::vector<std::string>> decimal_cells(const torch::Tensor& points) {
  TORCH_CHECK_VALUE(points.dim() == 2, "decimal_cells: expected points [N,A], got ", points.sizes());
  const torch::Tensor rows = points.to(torch::kCPU, torch::kFloat64);
  const auto values = rows.accessor<double, 2>();
  std::vector<std::vector<std::string>> cells(points.size(0));
  for (std::int64_t i = 0; i < points.size(0); ++i) {
    for (std::int64_t k = 0; k < points.size(1); ++k) cells[i].push_back(shortest(values[i][k]));
  }
  return cells;
}

void write_coordinates(const std::filesystem::path& file, const std::vector<std::string>& names,
                       const std::vector<std::vector<std::string>>& cells) {
  TORCH_CHECK_VALUE(!cells.empty() && names.size() == cells.size(),
                    "write_coordinates: expected a row a node, got ", names.size(), " names and ",
                    cells.size(), " rows");
  std::string text = "node";
  for (std::size_t k = 1; k <= cells[0].size(); ++k) text += ",x" + std::to_string(k);
  text += "\n";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += csv_cell(names[i]);
    for (const std::string& number : cells[i]) text += "," + number;
    text += "\n";
  }
  write_text(file, text);
}

std::string json_text(const std::string& text) { return nlohmann::json(text).dump(); }

std::string json_list(const std::vector<std::string>& texts) { return nlohmann::json(texts).dump(); }

std::string json_number(double value) { return std::isfinite(value) ? shortest(value) : "null"; }

void write_embedding_metrics(const std::filesystem::path& file, const EmbeddingSettings& settings,
                             const EmbeddingQuality& quality) {
  EmbeddingSettings all = settings;
  const auto add = [&](const std::string& key, bool known, double value) {
    all.emplace_back(key, known ? json_number(value) : "null");
  };
  const bool scaled = quality.distortion.has_value(), curved = quality.hyperbolicity.has_value();
  const Distortion d = quality.distortion.value_or(Distortion());
  const Hyperbolicity h = quality.hyperbolicity.value_or(Hyperbolicity());
  add("map", true, quality.related.map);
  add("mean_rank", true, quality.related.mean_rank);
  add("tree_map", true, quality.linked.map);
  add("tree_mean_rank", true, quality.linked.mean_rank);
  add("average_distortion", scaled, d.average);
  add("worst_distortion", scaled, d.worst);
  add("distortion_scale", scaled, d.scale);
  add("delta", curved, h.delta);
  add("delta_relative", curved, h.relative);
  add("delta_base_points", curved, static_cast<double>(quality.base_points));
  std::string text = "{";
  for (const auto& [key, value] : all) {
    text += (text.size() > 1 ? ",\n  " : "\n  ") + json_text(key) + ": " + value;
  }
  write_text(file, text + "\n}\n");
}

std::string quality_table(const EmbeddingQuality& quality, bool markdown) {
  TextTable table({"measure", "value"});
  table.add({"MAP, relations", cell(quality.related.map)});
  table.add({"mean rank, relations", cell(quality.related.mean_rank)});
  table.add({"MAP, edges of the tree", cell(quality.linked.map)});
  table.add({"mean rank, edges of the tree", cell(quality.linked.mean_rank)});
  if (quality.distortion) {
    table.add({"average distortion", cell(quality.distortion->average)});
    table.add({"worst-case distortion", cell(quality.distortion->worst)});
  }
  if (quality.hyperbolicity) {
    table.add({"2 delta/diameter, " + std::to_string(quality.base_points) + " base points",
               cell(quality.hyperbolicity->relative)});
  }
  return markdown ? table.markdown() : table.text();
}

}  // namespace gyroseg
