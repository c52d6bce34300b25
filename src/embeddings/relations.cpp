#include "gyroseg/embeddings/relations.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/report/csv.h"

namespace gyroseg {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

class RelationsReader {
 public:
  explicit RelationsReader(const std::filesystem::path& path) : path_(path) { graph_.file = path.string(); }

  RelationGraph read() {
    for (CsvRow& row : read_csv(path_)) {
      line_ = row.line;
      std::transform(row.cells.begin(), row.cells.end(), row.cells.begin(), trimmed);
      if (columns_ == 0) {
        read_header(row.cells);
      } else {
        read_row(row.cells);
      }
    }
    if (graph_.relations.empty()) {
      throw DataError(graph_.file + ": expected a header id1,id2 and one relation a row, found " +
                      (columns_ == 0 ? "nothing" : "no relation"));
    }
    return std::move(graph_);
  }

 private:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw DataError(c10::str(graph_.file, ":", line_, ": ", parts...));
  }

  void read_header(const std::vector<std::string>& cells) {
    const std::vector<std::string> full = {"id1", "id2", "weight"};
    const bool known = (cells.size() == 2 || cells.size() == 3) &&
                       std::equal(cells.begin(), cells.end(), full.begin());
    if (!known) fail("expected a header id1,id2 or id1,id2,weight, got ", c10::Join(",", cells).substr(0, 60));
    columns_ = cells.size();
  }

  void read_row(const std::vector<std::string>& cells) {
    if (cells.size() != columns_) {
      fail("expected ", columns_, " columns as in the header, got ", cells.size());
    }
    Relation relation{node(cells[0], 1), node(cells[1], 2), 1, line_};
    if (relation.from == relation.to) fail(cells[0], " is related to itself");
    if (columns_ == 3) relation.weight = weight(cells[2]);
    const auto [earlier, fresh] = lines_.try_emplace({relation.from, relation.to}, line_);
    if (!fresh) {
      fail("the relation ", cells[0], ",", cells[1], " stands twice, first in line ", earlier->second);
    }
    graph_.relations.push_back(relation);
  }

  std::int64_t node(const std::string& name, int column) {
    if (name.empty()) fail("column ", column, ": expected a name, got nothing");
    const auto [found, fresh] =
        nodes_.try_emplace(name, static_cast<std::int64_t>(graph_.names.size()));
    if (fresh) graph_.names.push_back(name);
    return found->second;
  }

  double weight(const std::string& cell) const {
    double value = 0;
    const char* const end = cell.data() + cell.size();
    const auto [stop, error] = std::from_chars(cell.data(), end, value);
    if (error != std::errc() || stop != end || !std::isfinite(value) || value <= 0) {
      fail("column 3: expected a weight, a number > 0, got \"", cell, "\"");
    }
    return value;
  }

  const std::filesystem::path& path_;
  int line_ = 0;
  std::size_t columns_ = 0;  ///< 0 until the header
  RelationGraph graph_;
  std::unordered_map<std::string, std::int64_t> nodes_;
  std::map<std::pair<std::int64_t, std::int64_t>, int> lines_;
};

RelationGraph tree_relations(const std::filesystem::path& file) {
  const Hierarchy tree(read_tree(file));
  RelationGraph graph{file.string(), {}, {}};
  std::map<std::string, int> uses;
  for (int v = 0; v < tree.num_nodes(); ++v) ++uses[tree.name(v)];
  for (int v = 0; v < tree.num_nodes(); ++v) {
    const bool top = tree.parent(v) < 0;
    graph.names.push_back(uses[tree.name(v)] == 1 ? tree.name(v)
                          : top                   ? "/" + tree.name(v)
                                                  : tree.path(v));
    if (!top) graph.relations.push_back({v, tree.parent(v), 1, 0});
  }
  if (graph.relations.empty()) {
    throw DataError(graph.file + ": expected a tree of two levels or more, got " +
                    std::to_string(tree.num_nodes()) + " nodes without children");
  }
  return graph;
}

}  // namespace

RelationGraph read_relations(const std::filesystem::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".csv") return RelationsReader(file).read();
  if (ending == ".json" || ending == ".yaml" || ending == ".yml") return tree_relations(file);
  throw DataError(file.string() + ": expected a file .csv (id1,id2) or .json, .yaml, .yml (a tree), got " +
                  (ending.empty() ? "no ending" : ending));
}

Neighbourhoods related_nodes(const std::vector<Relation>& relations, std::int64_t nodes) {
  Neighbourhoods all(nodes);
  for (const Relation& relation : relations) all.at(relation.from).push_back(relation.to);
  return all;
}

}  // namespace gyroseg
