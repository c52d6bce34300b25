#include "document.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "gyroseg/config/read.h"

namespace gyroseg {
namespace {

constexpr int kDeepest = 100;         // an alias inside its own anchor never ends
constexpr int kMostValues = 1000000;  // nested aliases grow exponentially

// Copies a yaml-cpp tree into Values.
class Converter {
 public:
  Converter(const std::string& name, int source, bool json, Problems& problems)
      : name_(name), source_(source), json_(json), problems_(problems) {}

  Value convert(const YAML::Node& node, const Place& place, const std::string& path, int depth) {
    Value value;
    value.place = place;
    if (depth > kDeepest || ++count_ > kMostValues) {
      if (!overflow_) {
        problems_.add(place, path.substr(0, path.find('.')),
                      "nested too deeply, or an alias that contains itself");
        overflow_ = true;
      }
      return value;
    }
    if (node.IsScalar()) {
      value.kind = Value::Kind::kScalar;
      value.scalar = node.Scalar();
      value.quoted = node.Tag() == "!";
    } else if (node.IsSequence()) {
      value.kind = Value::Kind::kList;
      for (const YAML::Node& item : node) {
        const std::string item_path = join(path, std::to_string(value.items.size()));
        value.items.push_back(convert(item, place_at(item), item_path, depth + 1));
      }
    } else if (node.IsMap()) {
      value.kind = Value::Kind::kMap;
      for (const auto& pair : node) {
        add_entry(value, pair.first, pair.second, path, depth);
      }
    }
    return value;
  }

  Place place_at(const YAML::Node& node) const {
    if (source_ >= kFirstOverride) {
      return {source_, 0, name_};
    }
    const int line = node.Mark().line + 1;  // yaml-cpp counts from 0
    return {source_, line, name_ + ":" + std::to_string(line)};
  }

 private:
  static std::string join(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }

  void add_entry(Value& map, const YAML::Node& key, const YAML::Node& node,
                 const std::string& path, int depth) {
    const Place place = place_at(key);
    if (!key.IsScalar()) {
      problems_.add(place, path,
                    json_ ? "expected a name in quotes as key; is there a comma too many?"
                          : "expected a name as key; quote it where YAML reads it otherwise");
      return;
    }
    const std::string key_path = join(path, key.Scalar());
    if (const Value* first = map.find(key.Scalar())) {
      problems_.add(place, key_path, "duplicate key, first at " + first->place.text);
      return;
    }
    map.entries.push_back({key.Scalar(), convert(node, place, key_path, depth + 1)});
  }

  const std::string& name_;
  int source_;
  bool json_;
  Problems& problems_;
  int count_ = 0;
  bool overflow_ = false;
};

// yaml-cpp names the part that has no end, not what would go on with it.
std::string syntax_problem(const YAML::Exception& error, const std::string& text, bool json) {
  std::string problem = json ? "not JSON: " : "not YAML: ";
  if (error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW) {
    problem += "expected ':', ',' or '}'";
  } else if (error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW) {
    problem += "expected ',' or ']'";
  } else {
    problem += error.msg;
  }
  std::istringstream lines(text);
  std::string content;
  for (int i = 0; i <= error.mark.line && std::getline(lines, content); ++i) {
  }
  const std::size_t first = content.find_first_not_of(" \t");
  const bool tab = content.substr(0, first).find('\t') != std::string::npos;
  if (tab && !json) {
    problem += "; YAML is indented by spaces, and this line holds a tab";
  }
  return problem;
}

// The number XXXX of "\uXXXX" at `at`, or -1.
int escaped_at(const std::string& text, std::size_t at) {
  if (at + 6 > text.size() || text.compare(at, 2, "\\u") != 0) {
    return -1;
  }
  int value = 0;
  const char* end = text.data() + at + 6;
  const auto [stop, error] = std::from_chars(end - 4, end, value, 16);
  return error == std::errc() && stop == end && value >= 0 ? value : -1;
}

// JSON may escape a letter beyond the first 65536 as two halves, "\ud83d\ude00", as Python's json.dump does.
// YAML has no halves: here they become the letter, in UTF-8.
std::string with_whole_letters(const std::string& json) {
  std::string text;
  for (std::size_t at = 0; at < json.size();) {
    const int high = escaped_at(json, at) - 0xd800;
    const int low = escaped_at(json, at + 6) - 0xdc00;
    if (high >= 0 && high < 0x400 && low >= 0 && low < 0x400) {
      const int letter = 0x10000 + (high << 10) + low;
      text += static_cast<char>(0xf0 | (letter >> 18));
      for (const int shift : {12, 6, 0}) {
        text += static_cast<char>(0x80 | ((letter >> shift) & 0x3f));
      }
      at += 12;
    } else {
      const std::size_t length = json[at] == '\\' ? 2 : 1;  // with what it escapes, which may be a backslash
      text += json.substr(at, length);
      at += length;
    }
  }
  return text;
}

std::string flow_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "nothing";
    case Value::Kind::kScalar:
      return value.quoted ? "\"" + value.scalar + "\"" : value.scalar;
    case Value::Kind::kList: {
      std::string text = "[";
      for (const Value& item : value.items) {
        text += (text.size() > 1 ? ", " : "") + flow_text(item);
      }
      return text + "]";
    }
    case Value::Kind::kMap:
      break;
  }
  std::string text = "{";
  for (const Entry& entry : value.entries) {
    text += (text.size() > 1 ? ", " : "") + entry.key + ": " + flow_text(entry.value);
  }
  return text + "}";
}

}  // namespace

const Value* Value::find(const std::string& key) const {
  const auto entry = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& candidate) { return candidate.key == key; });
  return entry == entries.end() ? nullptr : &entry->value;
}

Value* Value::find(const std::string& key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

std::string describe(const Value& value) {
  constexpr std::size_t kLongest = 60;
  const std::string text = flow_text(value);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

void Problems::add(const Place& place, const std::string& key, const std::string& message) {
  add(place, key.empty() ? message : key + ": " + message);
}

void Problems::add(const Place& place, const std::string& message) {
  const std::string text = place.text + ": " + message;
  if (std::none_of(problems_.begin(), problems_.end(),
                   [&](const Problem& problem) { return problem.text == text; })) {
    problems_.push_back({place.source, place.line, text});
  }
}

void Problems::throw_if_any() const {
  if (problems_.empty()) {
    return;
  }
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.source, a.line) < std::pair(b.source, b.line);
  });
  std::string text;
  for (const Problem& problem : sorted) {
    text += (text.empty() ? "" : "\n") + problem.text;
  }
  throw ConfigError(text);
}

Value parse_yaml(const std::string& text, const std::string& name, int source, Problems& problems,
                 const std::string& key) {
  const bool json = source < kFirstOverride && name.ends_with(".json");
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(json ? with_whole_letters(text) : text);
    Converter converter(name, source, json, problems);
    const Place top = {source, 1, name + ":1"};
    if (documents.empty()) {
      Value nothing;
      nothing.place = top;
      return nothing;
    }
    if (documents.size() > 1) {
      throw ConfigError(converter.place_at(documents[1]).text +
                        ": expected one YAML document, found a second one");
    }
    return converter.convert(documents[0], top, key, 0);
  } catch (const YAML::Exception& error) {
    const int line = std::max(error.mark.line, 0);
    throw ConfigError(name + ":" + std::to_string(line + 1) + ": " +
                      syntax_problem(error, text, json));
  }
}

Value load_yaml(const std::filesystem::path& file, int source, Problems& problems) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw ConfigError(file.string() + ": expected a YAML or JSON file, found " +
                      (std::filesystem::is_directory(file, error) ? "a folder" : "none"));
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) {
    throw ConfigError(file.string() + ": cannot be read");
  }
  return parse_yaml(text, file.string(), source, problems);
}

}  // namespace gyroseg
