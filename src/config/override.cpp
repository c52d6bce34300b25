#include <charconv>
#include <optional>
#include <utility>

#include "document.h"
#include "gyroseg/config/read.h"

namespace gyroseg {
namespace {

// Position of the '=' that ends the key, outside double quotes.
std::size_t end_of_key(const std::string& text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    quoted ^= text[i] == '"';
    if (text[i] == '=' && !quoted) {
      return i;
    }
  }
  return std::string::npos;
}

std::optional<std::size_t> index_of(const std::string& part) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error != std::errc() || end != part.data() + part.size()) {
    return std::nullopt;
  }
  return index;
}

// The child that `part` names, made where a map lacks it or a list ends; null where none fits.
Value* step(Value& parent, const std::string& part, const Place& place) {
  if (parent.is_list()) {
    const std::optional<std::size_t> index = index_of(part);
    if (!index || *index > parent.items.size()) {
      return nullptr;
    }
    if (*index == parent.items.size()) {
      parent.items.emplace_back().place = place;
    }
    return &parent.items[*index];
  }
  if (parent.is_scalar()) {
    return nullptr;
  }
  if (parent.is_null()) {
    parent.kind = Value::Kind::kMap;
  }
  if (Value* child = parent.find(part)) {
    return child;
  }
  parent.entries.push_back({part, {}});
  parent.entries.back().value.place = place;
  return &parent.entries.back().value;
}

struct Walk {
  const Value* value = nullptr;  ///< the deepest that exists
  bool whole = true;             ///< the key led to it to the end
};

Walk walk(const Value& root, const std::string& key) {
  Walk at{&root};
  for (const std::string& part : split_key(key)) {
    const std::optional<std::size_t> index = index_of(part);
    const Value* next = nullptr;
    if (at.value->is_map()) {
      next = at.value->find(part);
    } else if (at.value->is_list() && index && *index < at.value->items.size()) {
      next = &at.value->items[*index];
    }
    if (next == nullptr) {
      at.whole = false;
      break;
    }
    at.value = next;
  }
  return at;
}

}  // namespace

std::vector<std::string> split_key(const std::string& key) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char letter : key) {
    if (letter == '"') {
      quoted = !quoted;
    } else if (letter == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  for (const std::string& part : parts) {
    if (part.empty() || quoted) {
      return {};
    }
  }
  return parts;
}

void apply_override(Value& root, const std::string& text, int index, Problems& problems) {
  const Place place = {kFirstOverride + index, 0, "--set " + text};
  const std::size_t equals = end_of_key(text);
  const std::vector<std::string> parts = split_key(text.substr(0, equals));
  if (equals == std::string::npos || parts.empty()) {
    problems.add(place, "expected key=value, such as training.epochs=5");
    return;
  }
  Value replacement;
  try {
    replacement = parse_yaml(text.substr(equals + 1), place.text, place.source, problems,
                             text.substr(0, equals));
  } catch (const ConfigError&) {
    problems.add(place, "the value is not YAML; put a text with special characters in quotes");
    return;
  }
  set_place(replacement, place);
  Value* target = &root;
  std::string path;
  for (const std::string& part : parts) {
    Value* next = step(*target, part, place);
    if (next == nullptr) {
      problems.add(place, target->is_list()
                              ? path + " is a list of " + std::to_string(target->items.size()) +
                                    ": expected an index, got " + part
                              : path + " is a value, not a map: it has no " + part);
      return;
    }
    path += (path.empty() ? "" : ".") + part;
    target = next;
  }
  *target = std::move(replacement);
}

void set_place(Value& value, const Place& place) {
  value.place = place;
  for (Value& item : value.items) {
    set_place(item, place);
  }
  for (Entry& entry : value.entries) {
    set_place(entry.value, place);
  }
}

const Value* find_value(const Value& root, const std::string& key) {
  const Walk end = walk(root, key);
  return end.whole && !end.value->is_null() ? end.value : nullptr;
}

Place place_of(const Value& root, const std::string& key) { return walk(root, key).value->place; }

std::string written_key(const Value& root, const std::string& key) {
  const Walk end = walk(root, key);
  return end.whole && !end.value->origin.empty() ? end.value->origin : key;
}

}  // namespace gyroseg
