#include "embedding_tables.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <cstdio>

#include "gyroseg/report/csv_table.h"

namespace gyroseg {
namespace {

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return std::isfinite(value) ? text : "";
}

std::vector<std::string> with_outputs(std::vector<std::string> header, std::int64_t dim) {
  for (std::int64_t d = 1; d <= dim; ++d) {
    header.push_back(std::to_string(d).insert(0, 1, 'v'));
  }
  return header;
}

void append_numbers(std::vector<std::string>& row, const torch::Tensor& values) {
  const torch::Tensor wide = values.to(torch::kFloat64).contiguous();
  const auto numbers = wide.accessor<double, 1>();
  for (std::int64_t i = 0; i < numbers.size(0); ++i) {
    row.push_back(decimal(numbers[i]));
  }
}

}  // namespace

std::string pixel_table(const Hierarchy& tree, const PixelEmbeddings& pixels,
                        const ProjectedEmbedding& projected) {
  std::vector<std::string> header = {"image", "row", "column", "leaf", "predicted"};
  for (int k = 1; k <= tree.num_levels(); ++k) {
    header.push_back("level_" + std::to_string(k));
    header.push_back("predicted_" + std::to_string(k));
  }
  header.insert(header.end(), {"radius", "confidence", "x", "y"});
  CsvTable table(with_outputs(header, pixels.dim()));
  const auto class_path = [&](int k, std::int64_t class_index) {
    return class_index < 0 ? "" : tree.path(tree.level(k).at(class_index));
  };
  for (std::int64_t i = 0; i < pixels.size(); ++i) {
    const auto number = [i](const torch::Tensor& t) { return t[i].item<std::int64_t>(); };
    const auto leaf = static_cast<int>(number(pixels.leaves));
    std::vector<std::string> row = {pixels.image_names.at(number(pixels.images)),
                                    std::to_string(number(pixels.rows)),
                                    std::to_string(number(pixels.columns)), tree.path(leaf),
                                    class_path(tree.num_levels(), pixels.predicted[i][-1].item<std::int64_t>())};
    for (int k = 1; k <= tree.num_levels(); ++k) {
      row.push_back(class_path(k, tree.class_at(k, leaf)));
      row.push_back(class_path(k, pixels.predicted[i][k - 1].item<std::int64_t>()));
    }
    row.push_back(decimal(pixels.radius[i].item<double>()));
    row.push_back(decimal(pixels.confidence[i].item<double>()));
    append_numbers(row, projected.points[i]);
    append_numbers(row, pixels.tangents[i]);
    table.add(row);
  }
  return table.text();
}

std::string prototype_table(const Hierarchy& tree, const PixelEmbeddings& pixels,
                            const ClassPrototypes& prototypes,
                            const ProjectedEmbedding& projected) {
  CsvTable table(with_outputs({"node", "depth", "parent", "source", "radius", "x", "y"}, pixels.dim()));
  const torch::Tensor& v = prototypes.tangents;
  const torch::Tensor radius = manifold_of(pixels)->tangent_dist(torch::zeros_like(v), v);
  for (int node = 0; node < tree.num_nodes(); ++node) {
    const PrototypeSource source = prototypes.sources[node];
    std::vector<std::string> row = {
        tree.path(node), std::to_string(tree.depth(node)),
        tree.parent(node) < 0 ? "" : tree.path(tree.parent(node)),
        source == PrototypeSource::classifier     ? "classifier"
        : source == PrototypeSource::frechet_mean ? "frechet_mean"
                                                  : "none",
        decimal(radius[node].item<double>())};
    append_numbers(row, projected.nodes[node]);
    append_numbers(row, v[node]);
    table.add(row);
  }
  return table.text();
}

}  // namespace gyroseg
