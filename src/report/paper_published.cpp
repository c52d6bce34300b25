#include <c10/util/StringUtil.h>

#include <algorithm>

#include "gyroseg/data/image_io.h"
#include "paper_rows.h"

namespace gyroseg {
namespace {

/// The figures of one published model, in the order of the file.
using ModelFigures = std::vector<const PublishedFigure*>;

// One list a key, in the order of their first figures.
template <class Key>
std::vector<ModelFigures> grouped(const ModelFigures& figures, const Key& key) {
  std::vector<ModelFigures> groups;
  for (const PublishedFigure* figure : figures) {
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const ModelFigures& group) {
      return key(*group.front()) == key(*figure);
    });
    (found == groups.end() ? groups.emplace_back() : *found).push_back(figure);
  }
  return groups;
}

std::vector<ModelFigures> by_model(const std::vector<PublishedFigure>& published) {
  ModelFigures with_column;
  for (const PublishedFigure& figure : published) {
    if (!figure.metric.starts_with("other:")) {
      with_column.push_back(&figure);
    }
  }
  return grouped(with_column, [](const PublishedFigure& f) {
    return std::vector<std::string>{f.source, f.dataset, f.split, f.model, f.loss};
  });
}

std::vector<ModelFigures> by_place(const ModelFigures& model) {
  return grouped(model, [](const PublishedFigure& f) { return f.table_or_page; });
}

// The three figures of root_middle_leaf.h are mIoU without background of these levels; the middle is
// that of one level where there are three.
std::string place_metric(const std::string& level, int num_levels) {
  return level == "leaf"                   ? "mean_leaf_iou"
         : level == "1"                    ? "mean_root_iou"
         : level == "2" && num_levels == 3 ? "mean_middle_iou"
                                           : "";
}

PaperColumn column_of(const PublishedFigure& figure, int num_levels, CompareRows shown) {
  if (figure.metric == "images_per_second") {
    return {"evaluation_images_per_second", ""};
  }
  const std::string level = figure.level == std::to_string(num_levels) ? "leaf" : figure.level;
  if (shown == CompareRows::root_middle_leaf && figure.metric == "miou_without_background") {
    if (const std::string metric = place_metric(level, num_levels); !metric.empty()) {
      return {metric, ""};
    }
  }
  return {figure.metric, level};
}

PaperCell cell_of(const PublishedFigure& figure) {
  PaperCell cell;
  const double factor = figure.unit == "share" ? 100 : figure.unit == "millions" ? 1e6 : 1;
  cell.value = factor * *figure.value;
  cell.decimals = figure.unit == "share"      ? std::max(0, figure.decimals - 2)
                  : figure.unit == "millions" ? 0
                                              : figure.decimals;
  cell.place = figure.table_or_page;
  return cell;
}

[[noreturn]] void fail_twice(const PublishedFigure& first, const PublishedFigure& second, int num_levels) {
  if (first.level == second.level) {
    throw DataError(second.place + ": value: a second number of what " + first.place + " gives");
  }
  throw DataError(second.place + ": level: " + second.level + " and the " + first.level + " of " +
                  first.place + " are one level, the finest of the table's " + std::to_string(num_levels) +
                  "; keep one of them, or write the number of the leaves' level in place of leaf where "
                  "the source has more levels");
}

// Whether two tables or pages print the same figure, each its own number of it.
bool printed_twice(const ModelFigures& model, int num_levels, CompareRows shown) {
  std::map<PaperColumn, std::map<std::string, const PublishedFigure*>> printed;  // by table or page
  bool twice = false;
  for (const PublishedFigure* figure : model) {
    if (figure->value) {
      auto& places = printed[column_of(*figure, num_levels, shown)];
      const auto [first, is_new] = places.emplace(figure->table_or_page, figure);
      if (!is_new) {
        fail_twice(*first->second, *figure, num_levels);
      }
      twice = twice || places.size() > 1;
    }
  }
  return twice;
}

PaperRow published_row(const ModelFigures& figures, int num_levels, CompareRows shown) {
  const PublishedFigure& first = *figures.front();
  PaperRow row;
  row.published = true;
  row.name = first.model;
  row.loss = first.loss;
  row.dataset = first.dataset;
  row.split = first.split;
  row.source = first.source;
  std::vector<std::string> places;
  for (const ModelFigures& of_place : by_place(figures)) {
    places.push_back(of_place.front()->table_or_page);
  }
  row.place = c10::Join("; ", places);
  for (const PublishedFigure* figure : figures) {
    if (figure->value) {
      row.cells[column_of(*figure, num_levels, shown)] = cell_of(*figure);
    }
  }
  return row;
}

}  // namespace

std::vector<PaperRow> published_rows(const std::vector<PublishedFigure>& published, int num_levels,
                                     CompareRows shown) {
  std::vector<PaperRow> rows;
  for (const ModelFigures& model : by_model(published)) {
    const bool apart = printed_twice(model, num_levels, shown);
    for (const ModelFigures& part : apart ? by_place(model) : std::vector<ModelFigures>{model}) {
      rows.push_back(published_row(part, num_levels, shown));
    }
  }
  return rows;
}

}  // namespace gyroseg
