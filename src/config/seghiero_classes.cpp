#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "gyroseg/hierarchy/hierarchy.h"
#include "section.h"
#include "seghiero.h"

namespace gyroseg {
namespace {

const std::vector<std::string> kKeys = {"coarse_to_fine_map", "coarse_names", "fine_names",
                                        "super_coarse_to_coarse_map", "super_coarse_names"};

struct Name {
  std::string text;
  Place place;
};

/// Group -> its indices, in the order of the file.
using Groups = std::vector<std::vector<int>>;

class ClassesMapper {
 public:
  ClassesMapper(const Value& classes, Problems& problems)
      : classes_(classes), problems_(problems) {}

  SegHieroTree map() {
    SegHieroTree tree;
    for (const Entry& entry : classes_.entries) {
      if (std::find(kKeys.begin(), kKeys.end(), entry.key) == kKeys.end()) {
        const std::string near = nearest_name(entry.key, kKeys);
        fail(entry.value.place, entry.key,
             "unknown key of SegHiero" + (near.empty() ? "" : ", did you mean " + near + "?"));
      }
    }
    const std::string super_map = "super_coarse_to_coarse_map";
    tree.levels = find(super_map) == nullptr ? 2 : 3;
    const Groups fine_groups = read_groups("coarse_to_fine_map", "fine_names", "fine");
    const int num_coarse = static_cast<int>(fine_groups.size());
    const std::vector<Name> coarse = read_names("coarse_names", num_coarse, "coarse");
    const std::vector<Name> fine = read_names("fine_names", count_, "fine");
    Groups coarse_groups;
    std::vector<Name> super_names;
    if (tree.levels == 3) {
      count_limit_ = num_coarse;
      coarse_groups = read_groups(super_map, "", "coarse");
      super_names = read_names("super_coarse_names",
                               static_cast<int>(coarse_groups.size()), "super_coarse");
    } else if (find("super_coarse_names") != nullptr) {
      fail(find("super_coarse_names")->place, "super_coarse_names",
           "needs super_coarse_to_coarse_map");
    }
    if (failed_) {
      return tree;
    }
    std::vector<Entry> nodes;
    for (int g = 0; g < num_coarse; ++g) {
      nodes.push_back(inner(coarse[g], leaves(fine_groups[g], fine)));
    }
    if (tree.levels == 3) {
      nodes = group(nodes, coarse_groups, super_names);
    }
    tree.hierarchy = inner({"", classes_.place}, std::move(nodes)).value;
    return tree;
  }

 private:
  static Entry inner(const Name& name, std::vector<Entry> children) {
    Entry entry{name.text, {}};
    entry.value.kind = Value::Kind::kMap;
    entry.value.entries = std::move(children);
    entry.value.place = name.place;
    return entry;
  }

  static std::vector<Entry> leaves(const std::vector<int>& indices,
                                   const std::vector<Name>& names) {
    std::vector<Entry> entries;
    for (const int index : indices) {
      Entry entry{names[index].text, {}};
      entry.value.kind = Value::Kind::kScalar;
      entry.value.scalar = std::to_string(index);
      entry.value.place = names[index].place;
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  static std::vector<Entry> group(const std::vector<Entry>& nodes, const Groups& groups,
                                  const std::vector<Name>& names) {
    std::vector<Entry> tops;
    for (std::size_t s = 0; s < groups.size(); ++s) {
      std::vector<Entry> children;
      for (const int member : groups[s]) {
        children.push_back(nodes[member]);
      }
      tops.push_back(inner(names[s], std::move(children)));
    }
    return tops;
  }

  const Value* find(const std::string& key) const {
    const Value* value = classes_.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  void fail(const Place& place, const std::string& key, const std::string& message) {
    failed_ = true;
    problems_.add(place, key.empty() ? "classes" : "classes." + key, message);
  }

  // [a] or [a, b], both ends included; nothing and a problem otherwise.
  std::optional<std::pair<int, int>> read_range(const Value& item, const std::string& key) {
    constexpr int kLargest = 65535;  // of a 16-bit mask
    std::vector<int> ends;
    if (parse(item, ends) && (ends.size() == 1 || ends.size() == 2) && ends.front() >= 0 &&
        ends.front() <= ends.back() && ends.back() <= kLargest) {
      return std::pair(ends.front(), ends.back());
    }
    fail(item.place, key, "expected [a], or [first, last] with first <= last, got " +
                              describe(item));
    return std::nullopt;
  }

  // Every index below the count in exactly one group. Sets count_: of the names where there are
  // any, of the groups below where these are what is grouped, else the largest index + 1.
  Groups read_groups(const std::string& key, const std::string& names_key,
                     const std::string& noun) {
    const Value* list = find(key);
    if (list == nullptr || !list->is_list() || list->items.empty()) {
      fail(list == nullptr ? classes_.place : list->place, key,
           "expected a list of ranges such as [[0, 3], [4]], got " +
               (list == nullptr ? "nothing" : describe(*list)));
      return {};
    }
    std::vector<std::optional<std::pair<int, int>>> ranges;
    int largest = -1;
    bool all_valid = true;
    for (std::size_t g = 0; g < list->items.size(); ++g) {
      ranges.push_back(read_range(list->items[g], key + "." + std::to_string(g)));
      largest = std::max(largest, ranges.back() ? ranges.back()->second : -1);
      all_valid = all_valid && ranges.back().has_value();
    }
    const Value* names = names_key.empty() ? nullptr : find(names_key);
    count_ = count_limit_.value_or(largest + 1);
    if (names != nullptr) {
      count_ = static_cast<int>(names->is_list() ? names->items.size() : names->entries.size());
    }
    Groups groups;
    const bool failed_before = std::exchange(failed_, false);
    std::map<int, std::size_t> owner;
    for (std::size_t g = 0; g < ranges.size(); ++g) {
      groups.emplace_back();
      if (ranges[g]) {
        fill_group(groups.back(), *ranges[g], g, list->items[g].place, key, noun, owner);
      }
    }
    if (all_valid && !failed_) {  // an overlap explains the gap beside it
      report_gaps(*list, key, noun, owner);
    }
    failed_ |= failed_before;
    return groups;
  }

  void fill_group(std::vector<int>& members, const std::pair<int, int>& range, std::size_t g,
                  const Place& place, const std::string& key, const std::string& noun,
                  std::map<int, std::size_t>& owner) {
    const std::string item_key = key + "." + std::to_string(g);
    for (int i = range.first; i <= range.second; ++i) {
      if (i >= count_) {
        fail(place, item_key, out_of_range(count_, noun, std::to_string(i)));
        return;
      }
      const auto [first, fresh] = owner.emplace(i, g);
      if (!fresh) {
        fail(place, item_key, noun + " class " + std::to_string(i) + " is in group " +
                                  std::to_string(first->second) + " already");
        return;
      }
      members.push_back(i);
    }
  }

  static std::string out_of_range(int count, const std::string& noun, const std::string& index) {
    return "there are " + std::to_string(count) + " " + noun + " classes, 0 to " +
           std::to_string(count - 1) + "; got index " + index;
  }

  void report_gaps(const Value& list, const std::string& key, const std::string& noun,
                   const std::map<int, std::size_t>& owner) {
    std::vector<std::string> gaps;
    for (int i = 0; i < count_; ++i) {
      if (!owner.contains(i)) {
        gaps.push_back(std::to_string(i));
      }
    }
    if (!gaps.empty()) {
      fail(list.place, key, "no group holds " + noun + " class " + join(gaps, ", "));
    }
  }

  // A map from index to name, or a list of names; "fine_0", "fine_1", ... where it is missing.
  std::vector<Name> read_names(const std::string& key, int count, const std::string& noun) {
    std::vector<Name> names(count);
    const Value* table = find(key);
    for (int i = 0; i < count && table == nullptr; ++i) {
      names[i] = {noun + "_" + std::to_string(i), classes_.place};
    }
    if (table == nullptr) {
      return names;
    }
    if (!table->is_map() && !table->is_list()) {
      fail(table->place, key, "expected a map of indices to names, got " + describe(*table));
      return names;
    }
    for (std::size_t i = 0; i < table->items.size(); ++i) {
      read_name(names, table->items[i], key, std::to_string(i), noun);
    }
    for (const Entry& entry : table->entries) {
      read_name(names, entry.value, key, entry.key, noun);
    }
    for (int i = 0; i < count; ++i) {
      if (names[i].text.empty()) {
        fail(table->place, key, "no name for " + noun + " class " + std::to_string(i));
      }
    }
    return names;
  }

  void read_name(std::vector<Name>& names, const Value& value, const std::string& key,
                 const std::string& index_text, const std::string& noun) {
    Value index_value;
    index_value.kind = Value::Kind::kScalar;
    index_value.scalar = index_text;
    int index = -1;
    const int count = static_cast<int>(names.size());
    if (!parse(index_value, index) || index < 0 || index >= count) {
      fail(value.place, key + "." + index_text, out_of_range(count, noun, index_text));
    } else if (!value.is_scalar() || value.scalar.empty()) {
      fail(value.place, key + "." + index_text, "expected a name, got " + describe(value));
    } else {
      names[index] = {value.scalar, value.place};
    }
  }

  const Value& classes_;
  Problems& problems_;
  bool failed_ = false;
  int count_ = 0;                    ///< classes of the level below the groups read last
  std::optional<int> count_limit_;  ///< coarse classes, once known
};

}  // namespace

SegHieroTree map_classes(const Value& classes, Problems& problems) {
  return ClassesMapper(classes, problems).map();
}

}  // namespace gyroseg
