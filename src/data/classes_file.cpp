#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <regex>

#include "gyroseg/data/check.h"
#include "gyroseg/data/image_io.h"
#include "text_lines.h"

namespace gyroseg {
namespace {

struct ClassLine {
  std::string place;
  int value = 0;
  std::string name;
};

/// "Upper hand" and "upper_hand" are one name.
std::string plain(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == ' ' || c == '-' ? '_' : static_cast<char>(std::tolower(c));
  });
  return name;
}

/// One line by a pattern whose groups are value and name in either order.
std::optional<ClassLine> parse_line(const TextLine& line, const std::regex& pattern, int value,
                                    int name) {
  std::smatch match;
  if (!std::regex_match(line.text, match, pattern)) {
    return std::nullopt;
  }
  return ClassLine{line.place, std::stoi(match[value]), match[name]};
}

/// Every line "0: background", every line "background 0", or names that count from 0.
std::vector<ClassLine> parse_lines(const std::vector<TextLine>& lines) {
  static const std::regex kValueFirst(R"((\d{1,5})[\s:=,;.)-]+(\S.*))");
  static const std::regex kNameFirst(R"((.*\S)[\s:=,;(]+(\d{1,5})\)?)");
  std::vector<ClassLine> value_first;
  std::vector<ClassLine> name_first;
  std::vector<ClassLine> counted;
  for (const TextLine& line : lines) {
    if (auto parsed = parse_line(line, kValueFirst, 1, 2)) {
      value_first.push_back(std::move(*parsed));
    }
    if (auto parsed = parse_line(line, kNameFirst, 2, 1)) {
      name_first.push_back(std::move(*parsed));
    }
    counted.push_back({line.place, static_cast<int>(counted.size()), line.text});
  }
  return value_first.size() == lines.size()  ? value_first
         : name_first.size() == lines.size() ? name_first
                                             : counted;
}

/// Empty where the tree agrees with the line.
std::string disagreement(const ClassLine& line, const DataConfig& config, const Hierarchy& tree) {
  int value = line.value;
  const auto mapped = config.label_map.find(value);
  if (mapped != config.label_map.end()) {
    if (!mapped->second) {
      return "";
    }
    value = *mapped->second;
  }
  if (value == config.ignore_index) {
    return "";
  }
  const std::string start = c10::str(line.place, ": ", line.value, " is ", line.name);
  const auto node = tree.nodes_by_label().find(value);
  if (node == tree.nodes_by_label().end()) {
    return start + ", and no node of the tree has this mask value; name it in labels, or map it in "
                   "data.label_map";
  }
  if (plain(tree.name(node->second)) == plain(line.name)) {
    return "";
  }
  for (const auto& [label, other] : tree.nodes_by_label()) {
    if (plain(tree.name(other)) == plain(line.name)) {
      return c10::str(start, ", but the tree has ", tree.path(node->second), " at ", value, " and ",
                      tree.path(other), " at ", label, "; correct labels");
    }
  }
  return "";  // the tree calls the class otherwise
}

}  // namespace

std::vector<std::string> check_classes(const DataConfig& config, const Hierarchy& tree) {
  std::vector<std::string> problems;
  if (config.classes.empty()) {
    return problems;
  }
  try {
    const auto file = std::filesystem::path(config.root) / config.classes;
    for (const ClassLine& line : parse_lines(read_lines(file))) {
      const std::string problem = disagreement(line, config, tree);
      if (!problem.empty()) {
        problems.push_back(problem);
      }
    }
  } catch (const DataError& error) {
    problems.push_back(std::string(error.what()) +
                       "; check data.classes, or --set data.classes=\"\"");
  }
  return problems;
}

}  // namespace gyroseg
