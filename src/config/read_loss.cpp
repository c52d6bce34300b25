#include <map>
#include <optional>

#include "readers.h"

namespace gyroseg {
namespace {

const std::map<std::string, std::vector<std::string>> kOptions = {
    {"bce", {}},
    {"boundary", {"level", "levels", "level_weights"}},
    {"cross_entropy", {"level", "levels", "level_weights", "class_weights"}},
    {"dice", {"level", "levels", "level_weights", "class_weights"}},
    {"focal", {"level", "levels", "level_weights", "class_weights", "gamma"}},
    {"hierarchical_softmax", {}},
    {"rmi", {"radius", "pool_size", "pool_stride", "pool_way", "reduction"}},
    {"total_variation", {"level", "levels", "level_weights"}},
    {"tree_min", {"gamma"}},
    {"tree_triplet", {"margin", "fixed_margin", "max_triplets", "positives"}},
};

bool reads(const std::string& loss, const std::string& option) {
  const auto found = kOptions.find(loss);
  return found != kOptions.end() &&
         std::find(found->second.begin(), found->second.end(), option) != found->second.end();
}

std::string losses_text() {
  std::vector<std::string> names;
  for (const auto& [name, options] : kOptions) {
    names.push_back(name);
  }
  return join(names, " | ");
}

void read_level(Section& s, LossConfig& loss) {
  const auto is_weight = [](const std::vector<double>& weights) {
    return std::all_of(weights.begin(), weights.end(), [](double w) { return w >= 0; });
  };
  s.read("level_weights", loss.level_weights, is_weight, "a list of numbers >= 0");
  const auto is_level = [](const std::vector<int>& levels) {
    return std::all_of(levels.begin(), levels.end(), [](int k) { return k >= 1; });
  };
  s.read("levels", loss.levels, is_level, "a list of integers >= 1");
  const Value* value = s.find("level");
  int number = 0;
  if (value == nullptr) {
    return;
  }
  if (!loss.levels.empty()) {
    s.fail("level", "stands beside levels; leave out one of the two");
  } else if (value->is_scalar() && value->scalar == "all") {
    loss.level = kAllLevels;
  } else if (parse(*value, number) && number >= 1) {
    loss.level = number;
  } else if (!value->is_scalar() || value->scalar != "leaf") {
    s.fail("level", "expected leaf, all or an integer >= 1, got " + describe(*value));
  }
}

void read_options(Section& s, LossConfig& loss) {
  if (has_levels(loss.name)) {
    read_level(s, loss);
  }
  if (reads(loss.name, "class_weights")) {
    s.choose("class_weights", loss.class_weights,
             {"none", "inverse_frequency", "median_frequency", "sqrt_median_frequency"});
  }
  if (reads(loss.name, "gamma")) {
    loss.gamma = loss.name == "focal" ? 2.0 : 0.0;
    s.at_least("gamma", loss.gamma, 0.0);
  }
  if (loss.name == "rmi") {
    s.at_least("radius", loss.radius, 1);
    s.at_least("pool_size", loss.pool_size, 1);
    s.at_least("pool_stride", loss.pool_stride, 1);
    s.choose("pool_way", loss.pool_way, {"max", "avg", "stride"});
    s.choose("reduction", loss.reduction, {"sum", "level_mean"});
  }
  if (loss.name == "tree_triplet") {
    s.at_least("margin", loss.margin, 0.0);
    double fixed = -1;
    s.at_least("fixed_margin", fixed, 0.0);
    if (fixed >= 0) {
      loss.fixed_margin = fixed;
    }
    s.at_least("max_triplets", loss.max_triplets, 1);
    s.choose("positives", loss.positives, {"siblings", "include_own_class"});
  }
}

// Options of another loss deserve more than "unknown key".
void reject_foreign_options(Section& s, const std::string& name) {
  for (const Entry& entry : s.entries()) {
    std::vector<std::string> owners;
    for (const auto& [other, options] : kOptions) {
      if (reads(other, entry.key)) {
        owners.push_back(other);
      }
    }
    if (!owners.empty() && !reads(name, entry.key)) {
      s.fail(entry.key, name + " does not read this option of " + join(owners, ", "));
      s.allow(entry.key);
    }
  }
}

void read(Section s, LossConfig& loss) {
  if (s.find("name") == nullptr) {
    s.fail("name", "missing, expected " + losses_text());
    return;
  }
  s.read("name", loss.name, [](const std::string& name) { return kOptions.contains(name); },
         losses_text());
  if (loss.name.empty()) {
    return;
  }
  s.at_least("weight", loss.weight, 0.0);
  s.choose("schedule", loss.schedule, {"constant", "cosine"});
  read_options(s, loss);
  loss.label = default_label(loss);
  s.read("label", loss.label, [](const std::string& label) { return !label.empty(); }, "a text");
  reject_foreign_options(s, loss.name);
  s.reject_unknown();
}

}  // namespace

bool has_levels(const std::string& loss) { return reads(loss, "level"); }

bool needs_all_nodes(const std::string& loss) {
  return loss == "bce" || loss == "hierarchical_softmax" || loss == "rmi" || loss == "tree_min";
}

std::string default_label(const LossConfig& loss) {
  if (!has_levels(loss.name)) {
    return loss.name;
  }
  std::vector<std::string> levels;
  for (const int k : loss.levels) {
    levels.push_back(std::to_string(k));
  }
  if (levels.empty()) {
    levels.push_back(loss.level == 0            ? "leaf"
                     : loss.level == kAllLevels ? "all"
                                                : std::to_string(loss.level));
  }
  return loss.name + "@" + join(levels, "+");
}

void read_losses(Section& s, std::vector<LossConfig>& losses) {
  const Value* list = s.find("loss");
  if (list == nullptr) {
    losses.emplace_back();
    losses.back().name = "cross_entropy";
    losses.back().label = default_label(losses.back());
    return;
  }
  if (!list->is_list() || list->items.empty()) {
    s.fail("loss", "expected a list such as [{name: cross_entropy}], got " + describe(*list));
    return;
  }
  losses.resize(list->items.size());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (const std::optional<Section> item = s.item("loss", *list, i)) {
      read(*item, losses[i]);
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!losses[i].label.empty() && losses[j].label == losses[i].label) {
        s.fail("loss." + std::to_string(i) + ".label",
               losses[j].label + " is the label of loss." + std::to_string(j) +
                   " too; give each its own label");
      }
    }
  }
}

}  // namespace gyroseg
