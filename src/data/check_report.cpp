#include <algorithm>
#include <iomanip>
#include <sstream>

#include "gyroseg/data/check.h"
#include "gyroseg/data/class_weights.h"

namespace gyroseg {
namespace {

using TextRow = std::vector<std::string>;

constexpr std::array<const char*, kProblemKinds> kTitles = {
    "folders",        "images without a mask", "masks without an image", "lines of the list",
    "unusable files", "sizes that differ",     "values outside the tree"};

/// Columns as wide as their widest cell, the first to the left, the others to the right.
std::string aligned(const std::vector<TextRow>& rows) {
  std::vector<std::size_t> widths;
  for (const TextRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::ostringstream out;
  for (const TextRow& row : rows) {
    out << "  ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << (i == 0 ? std::left : std::right) << std::setw(static_cast<int>(widths[i])) << row[i]
          << (i + 1 < row.size() ? "  " : "\n");
    }
  }
  return out.str();
}

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

std::string percent(std::int64_t part, std::int64_t whole) {
  return whole == 0
             ? "-"
             : fixed(100.0 * static_cast<double>(part) / static_cast<double>(whole), 2) + " %";
}

}  // namespace

std::string describe(const SplitCheck& check, const Hierarchy& tree, std::size_t shown) {
  const auto pixels = check.pixels.accessor<std::int64_t, 1>();
  const auto images = check.images.accessor<std::int64_t, 1>();
  std::vector<TextRow> rows = {{"class", "value", "pixels", "share", "images"}};
  for (int node = 0; node < tree.num_nodes(); ++node) {
    if (tree.label(node).has_value()) {
      rows.push_back(
          {tree.path(node), std::to_string(*tree.label(node)), std::to_string(pixels[node]),
           percent(pixels[node], check.total - check.ignored), std::to_string(images[node])});
    }
  }
  std::ostringstream out;
  out << "split " << check.split << ": " << check.samples << " images, " << check.total
      << " pixels";
  if (check.total > 0) {
    out << ", " << percent(check.ignored, check.total) << " without a class\n" << aligned(rows);
  } else {
    out << "\n";
  }
  for (std::size_t kind = 0; kind < kProblemKinds; ++kind) {
    const auto& lines = check.problems[kind];
    if (lines.empty()) {
      continue;
    }
    out << "  " << kTitles[kind] << ": " << lines.size() << "\n";
    for (std::size_t i = 0; i < std::min(shown, lines.size()); ++i) {
      out << "    " << lines[i] << "\n";
    }
    if (lines.size() > shown) {
      out << "    and " << lines.size() - shown << " more\n";
    }
  }
  if (check.num_problems() == 0) {
    out << "  no problems\n";
  }
  return out.str();
}

std::string describe_weights(const SplitCheck& check, const Hierarchy& tree) {
  const torch::Tensor counts = check.pixels.narrow(0, 0, tree.num_leaves());
  std::vector<TextRow> rows = {{"class"}};
  for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
    rows.push_back({tree.path(leaf)});
  }
  for (const char* scheme : kWeightSchemes) {
    rows[0].emplace_back(scheme);
    const torch::Tensor weights = class_weights(counts, scheme);
    const auto weight = weights.accessor<float, 1>();
    for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
      rows[leaf + 1].push_back(fixed(weight[leaf], 4));
    }
  }
  return "class weights from split " + check.split + " (loss.class_weights)\n" + aligned(rows);
}

}  // namespace gyroseg
