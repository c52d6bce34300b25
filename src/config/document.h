#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gyroseg {

/// Where a value stands. `source` orders the lists of problems: 0 the config, 1.. files that it
/// names, kFirstOverride + i the i-th override.
struct Place {
  int source = 0;
  int line = 0;
  std::string text;  ///< "train.yaml:4", or "--set embedding.curvature=-1"
};

inline constexpr int kFirstOverride = 1000;

struct Entry;

/// A YAML value with its place, apart from yaml-cpp so that overrides and mappings keep places too.
struct Value {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string scalar;
  bool quoted = false;         ///< a scalar in quotes is a string, never a number
  std::vector<Value> items;    ///< of a list
  std::vector<Entry> entries;  ///< of a map, in the order of the file, keys unique
  Place place;                 ///< of the key, for a value in a map
  std::string origin;          ///< key that the user wrote, where it is not ours (SegHiero's)

  [[nodiscard]] bool is_null() const { return kind == Kind::kNull; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::kScalar; }
  [[nodiscard]] bool is_list() const { return kind == Kind::kList; }
  [[nodiscard]] bool is_map() const { return kind == Kind::kMap; }
  /// The entry's value, or null pointer.
  [[nodiscard]] const Value* find(const std::string& key) const;
  [[nodiscard]] Value* find(const std::string& key);
};

struct Entry {
  std::string key;
  Value value;
};

/// One line of text for messages, in YAML's flow form, cut after 60 characters; null is "nothing".
[[nodiscard]] std::string describe(const Value& value);

/// Everything that is wrong, in the order found.
class Problems {
 public:
  /// "place: key: message"; the same line twice counts once.
  void add(const Place& place, const std::string& key, const std::string& message);
  /// "place: message"
  void add(const Place& place, const std::string& message);
  [[nodiscard]] std::size_t size() const { return problems_.size(); }
  /// Throws ConfigError with all problems sorted by source and line.
  void throw_if_any() const;

 private:
  struct Problem {
    int source = 0;
    int line = 0;
    std::string text;
  };
  std::vector<Problem> problems_;
};

/// Reads a YAML or JSON text. Syntax errors throw ConfigError; duplicate keys and keys that are not
/// names go to `problems`. `name` is what messages call the text, `key` where it will stand.
[[nodiscard]] Value parse_yaml(const std::string& text, const std::string& name, int source,
                               Problems& problems, const std::string& key = "");

/// The same from a file. Throws ConfigError where it cannot be read.
[[nodiscard]] Value load_yaml(const std::filesystem::path& file, int source, Problems& problems);

/// Applies "a.b=c": c is YAML; a part of the key may be an index of a list or stand in double
/// quotes; missing maps are created. What does not fit goes to `problems`. `index` is that of the
/// override.
void apply_override(Value& root, const std::string& text, int index, Problems& problems);

/// Splits "a.\"b.c\".d" at its dots; empty where a part is empty or a quote stays open.
[[nodiscard]] std::vector<std::string> split_key(const std::string& key);

/// Gives a value and all below it one place.
void set_place(Value& value, const Place& place);

/// The value at a dotted key, or null pointer where it is missing or null.
[[nodiscard]] const Value* find_value(const Value& root, const std::string& key);

/// Place of the value at a dotted key, or of the deepest value on the way that exists.
[[nodiscard]] Place place_of(const Value& root, const std::string& key);

/// The key as the user wrote it: SegHiero's where the value came from there.
[[nodiscard]] std::string written_key(const Value& root, const std::string& key);

}  // namespace gyroseg
