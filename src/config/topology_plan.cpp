#include "gyroseg/config/topology_plan.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "gyroseg/config/read.h"
#include "section.h"

namespace gyroseg {
namespace {

const std::vector<std::string> kSpaces = {"euclidean", "sphere", "poincare", "lorentz"};
constexpr const char* kLearned = "learned";

bool has_curvature(const std::string& space) { return space == "poincare" || space == "lorentz"; }

// Part of a folder's name.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '_' || letter == '-' || letter == '.';
         });
}

void read_overrides(Section& s, const std::string& key, std::vector<std::string>& out) {
  s.read(key, out,
         [](const std::vector<std::string>& all) {
           return std::all_of(all.begin(), all.end(), [](const std::string& one) {
             return one.find('=') != std::string::npos;
           });
         },
         "a list of overrides such as [training.epochs=5]");
}

// "learned", or a number > 0 in its shortest form, so that 1 and 1.0 are one cell.
void read_curvatures(Section& s, std::vector<std::string>& out) {
  const Value* value = s.find("curvatures");
  if (value == nullptr) {
    return;
  }
  std::vector<std::string> read;
  bool fits = value->is_list() && !value->items.empty();
  for (const Value& item : value->items) {
    double c = 0;
    if (parse(item, c) && c > 0) {
      read.push_back(number_text(c));
    } else if (item.is_scalar() && item.scalar == kLearned) {
      read.emplace_back(kLearned);
    } else {
      fits = false;
    }
  }
  fits = fits && std::set<std::string>(read.begin(), read.end()).size() == read.size();
  if (fits) {
    out = read;
  } else {
    s.fail("curvatures", "expected a list of different numbers > 0 or learned, got " + describe(*value));
  }
}

template <class T>
bool all_different(const std::vector<T>& values) {
  return !values.empty() && std::set<T>(values.begin(), values.end()).size() == values.size();
}

// `spaces`: a list of names, or a map from names to their settings.
void read_spaces(Section& top, const std::vector<std::string>& curvatures, TopologyPlan& plan) {
  const Value* value = top.find("spaces");
  const auto add = [&](const std::string& name, const Place& place) {
    if (std::find(kSpaces.begin(), kSpaces.end(), name) == kSpaces.end()) {
      top.fail("spaces", "expected " + join(kSpaces, " | ") + ", got " + name);
    }
    plan.spaces.push_back({name, {}, {}, place.text});
    if (has_curvature(name)) {
      plan.spaces.back().curvatures = curvatures;
    }
  };
  if (value == nullptr) {
    return;
  }
  if (value->is_list()) {
    for (const Value& item : value->items) {
      add(item.scalar, item.place);
    }
    return;
  }
  Section spaces = top.section("spaces");
  for (const Entry& entry : spaces.entries()) {
    add(entry.key, entry.value.place);
    Section s = spaces.section(entry.key);
    if (has_curvature(entry.key)) {
      read_curvatures(s, plan.spaces.back().curvatures);
    }
    read_overrides(s, "set", plan.spaces.back().overrides);
    s.reject_unknown();
  }
}

// A map from names to lists of overrides.
void read_plan_losses(Section losses, std::vector<PlanChoice>& out) {
  for (const Entry& entry : losses.entries()) {
    out.push_back({entry.key, {}, entry.value.place.text});
    if (!is_plain_name(entry.key)) {
      losses.fail(entry.key, "expected a name of letters, digits, '_', '-' and '.'");
    }
    read_overrides(losses, entry.key, out.back().overrides);
  }
}

void read_arms(Section arms, std::vector<PlanChoice>& out) {
  for (const Entry& entry : arms.entries()) {
    out.push_back({entry.key, {}, entry.value.place.text});
    if (!is_plain_name(entry.key)) {
      arms.fail(entry.key, "expected a name of letters, digits, '_', '-' and '.'");
    }
    Section s = arms.section(entry.key);
    read_overrides(s, "set", out.back().overrides);
    s.read("twin", out.back().twin, [](const std::string&) { return true; }, "the name of an arm");
    s.reject_unknown();
  }
}

void read_tuning(Section s, const std::vector<std::uint64_t>& seeds, PlanTuning& tuning) {
  s.read("lr", tuning.lr,
         [](const std::vector<double>& rates) {
           return all_different(rates) &&
                  std::all_of(rates.begin(), rates.end(), [](double rate) { return rate > 0; });
         },
         "a list of different numbers > 0");
  s.read("seed", tuning.seed,
         [&](std::uint64_t seed) {
           return std::find(seeds.begin(), seeds.end(), seed) == seeds.end();
         },
         "an integer that is none of seeds");
  std::string split = "val";
  s.choose("split", split, {"val"});
  read_overrides(s, "set", tuning.overrides);
  if (tuning.lr.empty() != s.entries().empty()) {
    s.fail("lr", "expected a list of learning rates");
  }
  if (!tuning.lr.empty() && s.find("seed") == nullptr) {
    s.fail("seed", "expected an integer that is none of seeds, found none");
  }
  s.reject_unknown();
}

void read_corruptions(Section& top, const std::vector<std::string>& known,
                      std::vector<std::string>& out) {
  const Value* value = top.find("corruptions");
  if (value != nullptr && value->is_scalar() && value->scalar == "all") {
    out = known;
    return;
  }
  top.read("corruptions", out,
           [&](const std::vector<std::string>& names) {
             return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
               return std::find(known.begin(), known.end(), name) != known.end();
             });
           },
           "all, or a list of " + join(known, " | "));
}

void check_plan(Section& top, const TopologyPlan& plan) {
  const auto need = [&](const std::string& key, const std::string& expected) {
    if (top.find(key) == nullptr) {
      top.fail(key, "expected " + expected + ", found none");
    }
  };
  need("base", "the config of all runs");
  need("seeds", "a list of different integers >= 0");
  if (plan.spaces.empty() != plan.dimensions.empty()) {
    top.fail(plan.spaces.empty() ? "spaces" : "dimensions", "spaces and dimensions belong together");
  }
  const bool referred = std::any_of(plan.spaces.begin(), plan.spaces.end(), [&](const PlanSpace& space) {
    return space.name == plan.reference;
  });
  if (plan.spaces.size() > 1 && !referred) {
    top.fail("spaces", "expected " + plan.reference + " among them, which the others are compared with (reference)");
  }
  if (plan.spaces.empty() && plan.arms.empty()) {
    top.fail("spaces", "expected spaces and dimensions, or arms, found none");
  }
}

}  // namespace

TopologyPlan read_topology_plan(const std::filesystem::path& file,
                                const std::vector<std::string>& corruptions) {
  ReadContext context;
  context.directory = file.parent_path();
  Value root = load_yaml(file, 0, context.problems);
  if (!root.is_map()) {
    context.problems.add(root.place, "expected a map of keys, got " + describe(root));
    context.problems.throw_if_any();
  }
  context.root = &root;
  Section top(context);
  TopologyPlan plan;
  plan.file = file;
  plan.name = file.stem().string();
  const auto any = [](const std::string& text) { return !text.empty(); };
  top.read("name", plan.name, is_plain_name, "a name of letters, digits, '_', '-' and '.'");
  plan.title = plan.name;
  top.read("title", plan.title, any, "a text");
  std::string base;
  top.read("base", base, any, "the config of all runs");
  plan.base = context.directory / base;
  read_overrides(top, "set", plan.overrides);
  std::vector<std::string> curvatures = {"1"};
  read_curvatures(top, curvatures);
  read_spaces(top, curvatures, plan);
  top.read("dimensions", plan.dimensions,
           [](const std::vector<int>& all) {
             return all_different(all) && *std::min_element(all.begin(), all.end()) >= 2;
           },
           "a list of different integers >= 2");
  read_plan_losses(top.section("losses"), plan.losses);
  if (plan.losses.empty()) {
    plan.losses.push_back({"", {}, root.place.text});
  }
  top.read("seeds", plan.seeds, all_different<std::uint64_t>, "a list of different integers >= 0");
  top.choose("reference", plan.reference, kSpaces);
  read_arms(top.section("arms"), plan.arms);
  read_tuning(top.section("tune"), plan.seeds, plan.tuning);
  read_corruptions(top, corruptions, plan.corruptions);
  check_plan(top, plan);
  top.reject_unknown();
  context.problems.throw_if_any();
  return plan;
}

std::vector<StudyArm> arms_of(const TopologyPlan& plan) {
  std::vector<StudyArm> arms;
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  const auto name_of = [&](const std::string& space, const std::string& c, int dim,
                           const std::string& loss) {
    return space + (c.empty() ? "" : "_c" + c) + "_d" + std::to_string(dim) +
           (plan.losses.size() > 1 ? "_" + loss : "");
  };
  const auto reference = std::find_if(plan.spaces.begin(), plan.spaces.end(), [&](const PlanSpace& s) {
    return s.name == plan.reference;
  });
  for (const PlanChoice& loss : plan.losses) {
    for (const int dim : plan.dimensions) {
      for (const PlanSpace& space : plan.spaces) {
        const std::vector<std::string> none = {""};
        for (const std::string& c : space.curvatures.empty() ? none : space.curvatures) {
          StudyArm arm{name_of(space.name, c, dim, loss.name), space.name, c, dim, loss.name, "", {}};
          if (reference != plan.spaces.end() && space.name != plan.reference) {
            arm.twin = name_of(plan.reference,
                               reference->curvatures.empty() ? "" : reference->curvatures.front(),
                               dim, loss.name);
          }
          append(arm.overrides, plan.overrides);
          append(arm.overrides, loss.overrides);
          append(arm.overrides,
                 {"embedding.space=" + space.name, "embedding.dim=" + std::to_string(dim)});
          if (!c.empty()) {
            append(arm.overrides, {"embedding.learn_curvature=" +
                                       std::string(c == kLearned ? "true" : "false"),
                                   c == kLearned ? "embedding.curvature=1" : "embedding.curvature=" + c});
          }
          append(arm.overrides, space.overrides);
          arms.push_back(std::move(arm));
        }
      }
    }
  }
  for (const PlanChoice& choice : plan.arms) {
    StudyArm arm{choice.name, "", "", 0, "", choice.twin, plan.overrides};
    append(arm.overrides, choice.overrides);
    arms.push_back(std::move(arm));
  }
  std::set<std::string> names;
  for (const StudyArm& arm : arms) {
    if (!names.insert(arm.name).second) {
      throw ConfigError(plan.file.string() + ": two arms are called " + arm.name);
    }
  }
  for (const StudyArm& arm : arms) {
    if (!arm.twin.empty() && (!names.contains(arm.twin) || arm.twin == arm.name)) {
      throw ConfigError(plan.file.string() + ": arms." + arm.name + ".twin: expected another arm of the plan, got " +
                        arm.twin + "; --list prints them");
    }
  }
  return arms;
}

void refuse_axis_keys(const TopologyPlan& plan) {
  const auto key_of = [](const std::string& override) { return override.substr(0, override.find('=')); };
  std::set<std::string> keys = {"seed", "name"};
  const auto add_keys = [&](const std::vector<std::string>& varied) {
    for (const std::string& override : varied) {
      keys.insert(key_of(override));
    }
  };
  if (!plan.spaces.empty()) {
    keys.insert({"embedding.space", "embedding.dim", "embedding.curvature", "embedding.learn_curvature"});
  }
  if (!plan.tuning.lr.empty()) {
    keys.insert("optimizer.lr");
  }
  for (const PlanSpace& space : plan.spaces) {
    add_keys(space.overrides);
  }
  for (const std::vector<PlanChoice>& choices : {plan.losses, plan.arms}) {
    for (const PlanChoice& choice : choices) {
      add_keys(choice.overrides);
    }
  }
  for (const std::string& override : plan.on_top) {
    if (keys.contains(key_of(override))) {
      throw ConfigError(key_of(override) + " is not the same in all runs: change " + plan.file.string() +
                        " (seeds, spaces, dimensions, curvatures, losses, arms, tune.lr), or a copy of it");
    }
  }
}

Config config_of(const TopologyPlan& plan, const StudyArm& arm, const std::vector<std::string>& more) {
  std::vector<std::string> overrides = arm.overrides;
  overrides.insert(overrides.end(), more.begin(), more.end());
  try {
    return read_config(plan.base, overrides);
  } catch (const ConfigError& error) {
    throw ConfigError(plan.file.string() + ": arm " + arm.name + ": " + error.what());
  }
}

}  // namespace gyroseg
