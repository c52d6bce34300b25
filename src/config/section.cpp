#include "section.h"

#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {
namespace {

template <class T>
bool parse_number(const Value& value, T& out) {
  if (!value.is_scalar() || value.quoted) {
    return false;
  }
  const std::string& text = value.scalar;
  const char* first = text.data() + (text.starts_with("+") && !text.starts_with("+-") ? 1 : 0);
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, out);
  return error == std::errc() && end == last;
}

}  // namespace

bool parse(const Value& value, bool& out) {
  if (!value.is_scalar() || value.quoted) {
    return false;
  }
  out = value.scalar == "true" || value.scalar == "True" || value.scalar == "TRUE";
  return out || value.scalar == "false" || value.scalar == "False" || value.scalar == "FALSE";
}

bool parse(const Value& value, int& out) { return parse_number(value, out); }

bool parse(const Value& value, std::uint64_t& out) { return parse_number(value, out); }

bool parse(const Value& value, double& out) {
  return parse_number(value, out) && std::isfinite(out);
}

bool parse(const Value& value, std::string& out) {
  out = value.scalar;
  return value.is_scalar();
}

std::string number_text(double number) {
  char buffer[32];  // the longest is "-2.2250738585072014e-308"
  const char* end = std::to_chars(buffer, buffer + sizeof(buffer), number).ptr;
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

std::string join(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : between) + word;
  }
  return text;
}

Section::Section(ReadContext& context, const Value* map, std::string path, std::string pattern)
    : context_(&context), map_(map), path_(std::move(path)), pattern_(std::move(pattern)) {}

std::string Section::path_of(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

const Value* Section::find(const std::string& key) {
  asked_.push_back(key);
  context_->known.insert(pattern_.empty() ? key : pattern_ + "." + key);
  const Value* value = map_->find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Section Section::section(const std::string& key) {
  static const Value kEmpty = [] {
    Value empty;
    empty.kind = Value::Kind::kMap;
    return empty;
  }();
  const std::string pattern = pattern_.empty() ? key : pattern_ + "." + key;
  const Value* value = find(key);
  context_->known.erase(pattern);  // its keys are what can be set
  if (value != nullptr && !value->is_map()) {
    fail(key, "expected a map of keys, got " + describe(*value));
    value = nullptr;
  }
  return {*context_, value == nullptr ? &kEmpty : value, path_of(key), pattern};
}

std::optional<Section> Section::item(const std::string& key, const Value& list,
                                     std::size_t index) {
  const std::string path = key + "." + std::to_string(index);
  if (!list.items[index].is_map()) {
    fail(path, "expected a map of keys, got " + describe(list.items[index]));
    return std::nullopt;
  }
  return Section(*context_, &list.items[index], path_of(path), path_of(key) + "[]");
}

void Section::fail(const std::string& key, const std::string& message) {
  const std::string path = path_of(key);
  context_->problems.add(place_of(*context_->root, path), written_key(*context_->root, path),
                         message);
}

void Section::reject_unknown() {
  for (const Entry& entry : map_->entries) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) {
      continue;
    }
    std::string near = nearest_name(entry.key, asked_);
    for (const std::string& known : context_->known) {
      if (near.empty() && known.ends_with("." + entry.key)) {
        near = known;  // right key, wrong section
      }
    }
    context_->problems.add(entry.value.place, path_of(entry.key),
                           "unknown key" + (near.empty() ? "" : ", did you mean " + near + "?"));
  }
}

void Section::read(const std::string& key, bool& out) {
  read(key, out, [](bool) { return true; }, "true or false");
}

void Section::choose(const std::string& key, std::string& out,
                     const std::vector<std::string>& choices) {
  const auto accept = [&](const std::string& text) {
    return std::find(choices.begin(), choices.end(), text) != choices.end();
  };
  read(key, out, accept, join(choices, " | "));
}

void Section::at_least(const std::string& key, int& out, int lowest) {
  read(key, out, [&](int n) { return n >= lowest; },
       "an integer >= " + std::to_string(lowest));
}

void Section::at_least(const std::string& key, double& out, double lowest) {
  read(key, out, [&](double x) { return x >= lowest; }, "a number >= " + number_text(lowest));
}

void Section::above_zero(const std::string& key, double& out) {
  read(key, out, [](double x) { return x > 0; }, "a number > 0");
}

void Section::from_zero_to_one(const std::string& key, double& out) {
  read(key, out, [](double x) { return x >= 0 && x <= 1; }, "a number from 0 to 1");
}

}  // namespace gyroseg
