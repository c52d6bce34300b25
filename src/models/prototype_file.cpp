#include "gyroseg/models/prototype_file.h"

#include <ATen/ops/tensor.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/models/safetensors.h"

namespace gyroseg {
namespace {

using torch::Tensor;

/// How far a point of a text file may lie beside its space, relative to its largest coordinate.
constexpr double kTextTolerance = 1e-4;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct Row {
  std::string node;
  std::vector<double> point;
  int line = 0;
};

/// Where an error is: the file, and the line where there is one.
class Place {
 public:
  explicit Place(const std::filesystem::path& path) : text_(path.string()) {}
  template <typename... Parts>
  [[noreturn]] void fail(int line, const Parts&... parts) const {
    throw WeightsError(c10::str(text_, line > 0 ? ":" + std::to_string(line) : "", ": ", parts...));
  }

 private:
  std::string text_;
};

std::string trimmed(const std::string& text) {
  const char* const kSpace = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The cells of a line. Quoted ones may hold commas, and quotes written twice.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      const bool escaped = quoted && i + 1 < line.size() && line[i + 1] == '"';
      if (escaped) {
        cells.back() += line[++i];
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  std::transform(cells.begin(), cells.end(), cells.begin(), trimmed);
  return cells;
}

std::optional<double> number(const std::string& cell) {
  double value = 0;
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

Row row_of(const std::vector<std::string>& cells, int line, const Place& place) {
  Row row{.node = cells[0], .point = {}, .line = line};
  for (std::size_t i = 1; i < cells.size(); ++i) {
    const std::optional<double> value = number(cells[i]);
    if (!value) place.fail(line, "column ", i + 1, ": expected a number, got \"", cells[i], "\"");
    row.point.push_back(*value);
  }
  return row;
}

std::vector<Row> read_rows(const std::filesystem::path& path, const Place& place,
                           std::size_t coordinates, const std::string& space) {
  std::ifstream in(path);
  if (!in) place.fail(0, "cannot be read (classifier.prototypes)");
  std::vector<Row> rows;
  std::string text;
  bool header_read = false;
  for (int line = 1; std::getline(in, text); ++line) {
    if (line == 1 && text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    if (trimmed(text).empty()) continue;
    const std::vector<std::string> cells = cells_of(text);
    if (!header_read && cells[0] != "node") {
      place.fail(line, "expected a header node,x1,x2,..., got ", trimmed(text).substr(0, 40));
    }
    if (cells.size() != coordinates + 1) {
      place.fail(line, "expected ", coordinates + 1, " columns, node and the ", coordinates,
                 " coordinates of a point (embedding.space: ", space, "), got ", cells.size());
    }
    if (header_read) rows.push_back(row_of(cells, line, place));
    header_read = true;
  }
  if (!header_read) place.fail(0, "empty, expected a header node,x1,x2,... and one row a class");
  return rows;
}

/// The node of a row, or nothing where the tree has none, or several, of that name.
std::optional<int> node_of(const Row& row, const Hierarchy& tree) {
  for (const int top : tree.top_nodes()) {
    if (row.node == "/" + tree.name(top)) return top;
  }
  try {
    return tree.find(row.node);
  } catch (const HierarchyError&) {
    return std::nullopt;
  }
}

/// Row of each class.
std::vector<const Row*> rows_of_classes(const std::vector<Row>& rows, const Hierarchy& tree,
                                        int classes, const Place& place) {
  std::vector<const Row*> found(classes, nullptr);
  std::vector<std::string> others;
  for (const Row& row : rows) {
    const std::optional<int> node = node_of(row, tree);
    if (!node) others.push_back(row.node);
    if (!node || *node >= classes) continue;
    const Row*& mine = found[*node];
    if (mine != nullptr) {
      place.fail(row.line, row.node, " stands twice, first in line ", mine->line);
    }
    mine = &row;
  }
  std::string missing;
  for (int v = 0; v < classes; ++v) {
    if (found[v] != nullptr) continue;
    const std::string near = nearest_name(tree.name(v), others);
    missing += (missing.empty() ? "" : ", ") + tree.path(v) +
               (near.empty() ? "" : " (is it " + near + "?)");
  }
  if (!missing.empty()) place.fail(0, "expected a row for every class; none for ", missing);
  return found;
}

}  // namespace

Tensor read_prototypes(const std::filesystem::path& path, const Hierarchy& tree, int classes,
                       const Manifold& manifold, int dim) {
  const Place place(path);
  const std::vector<Row> rows =
      read_rows(path, place, manifold.coordinates(dim), manifold.kind());
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> outputs;
  for (const Row* row : rows_of_classes(rows, tree, classes, place)) {
    const Tensor point = torch::tensor(row->point, torch::kFloat64);
    const Tensor output = manifold.unembed(point);
    // Not the sphere's 0, which is embed(0) but no point; nor NaN, of points outside.
    const Projection seen = manifold.project(manifold.embed(output));
    const double gap = (seen.points - point).abs().max().item<double>();
    const bool near = gap <= kTextTolerance * point.abs().max().item<double>();
    if (!near || seen.count.item<std::int64_t>() > 0) {
      place.fail(row->line, row->node, ": not a point of embedding.space: ", manifold.kind(),
                 manifold.curvature() > 0 ? c10::str(", c = ", manifold.curvature()) : "");
    }
    outputs.push_back(output);
  }
  return torch::stack(outputs).to(torch::kFloat32);
}

}  // namespace gyroseg
