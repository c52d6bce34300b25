#include <map>
#include <optional>

#include "readers.h"

namespace gyroseg {
namespace {

const std::map<std::string, std::vector<std::string>> kOptions = {
    {"cross_entropy", {"level", "class_weights"}},
    {"tree_min", {"gamma"}},
    {"tree_triplet", {"margin", "fixed_margin", "max_triplets", "positives"}},
};

std::string losses_text() {
  std::vector<std::string> names;
  for (const auto& [name, options] : kOptions) {
    names.push_back(name);
  }
  return join(names, " | ");
}

void read_level(Section& s, int& level) {
  const Value* value = s.find("level");
  int number = 0;
  if (value == nullptr || (value->is_scalar() && value->scalar == "leaf")) {
    return;
  }
  if (parse(*value, number) && number >= 1) {
    level = number;
  } else {
    s.fail("level", "expected leaf or an integer >= 1, got " + describe(*value));
  }
}

void read_options(Section& s, LossConfig& loss) {
  if (loss.name == "cross_entropy") {
    read_level(s, loss.level);
    s.choose("class_weights", loss.class_weights,
             {"none", "inverse_frequency", "median_frequency", "sqrt_median_frequency"});
  } else if (loss.name == "tree_min") {
    s.at_least("gamma", loss.gamma, 0.0);
  } else if (loss.name == "tree_triplet") {
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
  for (const auto& [other, options] : kOptions) {
    for (const std::string& option : options) {
      const bool present = std::any_of(s.entries().begin(), s.entries().end(),
                                       [&](const Entry& entry) { return entry.key == option; });
      if (other != name && present) {
        s.fail(option, name + " does not read this option of " + other);
        s.allow(option);
      }
    }
  }
}

std::string default_label(const LossConfig& loss) {
  if (loss.name != "cross_entropy") {
    return loss.name;
  }
  return loss.name + "@" + (loss.level == 0 ? "leaf" : std::to_string(loss.level));
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

const std::vector<std::string>* loss_options(const std::string& name) {
  const auto found = kOptions.find(name);
  return found == kOptions.end() ? nullptr : &found->second;
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
