#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "document.h"

namespace gyroseg {

/// What one reading of a config collects.
struct ReadContext {
  Problems problems;
  std::set<std::string> known;      ///< every key asked for, items of lists as "[]"
  std::filesystem::path directory;  ///< of the config: files that it names are relative to it
  const Value* root = nullptr;
  bool tree_refused = false;        ///< the tree is wrong and reported: no follow-up errors
  std::map<std::string, Place> tree_places;  ///< by text: Hierarchy starts its messages with one
};

/// True and `out` set where the value has the type: numbers are finite and unquoted, integers have
/// no fraction, lists have the length of the array.
bool parse(const Value& value, bool& out);
bool parse(const Value& value, int& out);
bool parse(const Value& value, std::uint64_t& out);
bool parse(const Value& value, double& out);
bool parse(const Value& value, std::string& out);

template <class T>
bool parse(const Value& value, std::vector<T>& out) {
  out.clear();
  for (const Value& item : value.items) {
    T element{};
    if (!parse(item, element)) {
      return false;
    }
    out.push_back(element);
  }
  return value.is_list();
}

template <class T, std::size_t N>
bool parse(const Value& value, std::array<T, N>& out) {
  std::vector<T> elements;
  if (!parse(value, elements) || elements.size() != N) {
    return false;
  }
  std::copy(elements.begin(), elements.end(), out.begin());
  return true;
}

/// One map of the config, read key by key. A key that is missing or null keeps its default;
/// whatever is wrong goes to the context's problems with file, line, key, expectation and value.
class Section {
 public:
  /// The top of the config.
  explicit Section(ReadContext& context) : Section(context, context.root, "", "") {}

  /// Reads `key` into `out` where it has the type and `accept(value)` holds; `expected` says both.
  template <class T, class Accept>
  void read(const std::string& key, T& out, Accept accept, const std::string& expected) {
    const Value* value = find(key);
    if (value == nullptr) {
      return;
    }
    T candidate{};
    if (parse(*value, candidate) && accept(candidate)) {
      out = candidate;
    } else {
      fail(key, "expected " + expected + ", got " + describe(*value));
    }
  }

  void read(const std::string& key, bool& out);
  /// A string out of a fixed list.
  void choose(const std::string& key, std::string& out, const std::vector<std::string>& choices);
  void at_least(const std::string& key, int& out, int lowest);
  void at_least(const std::string& key, double& out, double lowest);
  void above_zero(const std::string& key, double& out);
  void from_zero_to_one(const std::string& key, double& out);  ///< both ends included

  /// The value of a key, or null pointer where it is missing or null. Makes the key a known one.
  const Value* find(const std::string& key);
  /// The map below a key; empty where it is missing, null, or (a problem) no map.
  [[nodiscard]] Section section(const std::string& key);
  /// The map at an index of the list below a key; `list` is its value. Nothing and a problem where
  /// the item is no map.
  [[nodiscard]] std::optional<Section> item(const std::string& key, const Value& list,
                                            std::size_t index);

  /// Adds a problem at `key`, or at the section where the key is missing.
  void fail(const std::string& key, const std::string& message);
  /// Every key that was not asked for is a problem, with the nearest one that was.
  void reject_unknown();
  void allow(const std::string& key) { asked_.push_back(key); }

  [[nodiscard]] const std::vector<Entry>& entries() const { return map_->entries; }
  [[nodiscard]] ReadContext& context() const { return *context_; }
  /// "a.b" for the key b of section a.
  [[nodiscard]] std::string path_of(const std::string& key) const;

 private:
  Section(ReadContext& context, const Value* map, std::string path, std::string pattern);

  ReadContext* context_;
  const Value* map_;
  std::string path_;     ///< "loss.0"
  std::string pattern_;  ///< "loss[]"
  std::vector<std::string> asked_;
};

/// The shortest decimal that reads back as the same double; "1" and "0.5" rather than "1.000000".
[[nodiscard]] std::string number_text(double number);

[[nodiscard]] std::string join(const std::vector<std::string>& words, const std::string& between);

}  // namespace gyroseg
