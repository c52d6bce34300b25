#include <string>
#include <vector>

#include "section.h"
#include "seghiero.h"

namespace gyroseg {
namespace {

const std::vector<std::string> kPoolWays = {"max", "avg", "stride"};  // its 0, 1 and 2

// 1 where the key is missing or (a problem) wrong.
double weight_of_level(const Value& training, const std::string& key, Problems& problems) {
  const Value* value = training.find(key);
  if (value == nullptr || value->is_null()) {
    return 1;
  }
  double weight = 0;
  if (parse(*value, weight) && weight >= 0) {
    return weight;
  }
  problems.add(value->place, "training." + key, "expected a number >= 0, got " + describe(*value));
  return 1;
}

// Its rmi_radius as our radius, and so on; the way of pooling is a number there.
void add_rmi_options(Value& rmi, const Value& training, Problems& problems) {
  for (const std::string option : {"radius", "pool_way", "pool_size", "pool_stride"}) {
    const Value* value = training.find("rmi_" + option);
    if (value == nullptr || value->is_null()) {
      continue;
    }
    Value moved = *value;
    moved.origin = "training.rmi_" + option;
    if (option == "pool_way") {
      std::uint64_t way = 0;
      if (!parse(*value, way) || way >= kPoolWays.size()) {
        problems.add(value->place, moved.origin,
                     "expected 0 (max) | 1 (avg) | 2 (stride), got " + describe(*value));
        continue;
      }
      moved.scalar = kPoolWays[way];
    }
    rmi.entries.push_back({option, moved});
  }
}

}  // namespace

Value map_losses(const Value& training, int levels, const Place& place, Problems& problems) {
  std::vector<double> weights = {weight_of_level(training, "coarse_weight", problems),
                                 weight_of_level(training, "fine_weight", problems)};
  const double super_weight = weight_of_level(training, "super_weight", problems);
  if (levels == 3) {
    weights.insert(weights.begin(), super_weight);
  }
  double mean = 0;
  for (const double weight : weights) {
    mean += weight / levels;
  }
  std::string text =
      "[{name: tree_min, weight: " + number_text((levels == 3 ? 2.5 : 5) * mean) + "}";
  for (int k = 1; k <= levels; ++k) {
    text += ", {name: cross_entropy, level: " + (k == levels ? "leaf" : std::to_string(k)) +
            ", weight: " + number_text(weights[k - 1]) + "}";
  }
  if (levels == 3) {
    text += ", {name: rmi, weight: " + number_text(weights.back()) + "}";
  }
  text += ", {name: tree_triplet, schedule: cosine, weight: 0.5, fixed_margin: 0.6}]";
  Value losses = parse_yaml(text, place.text, place.source, problems);
  set_place(losses, place);
  for (Value& loss : losses.items) {
    if (loss.find("name")->scalar == "rmi") {
      add_rmi_options(loss, training, problems);
    }
  }
  return losses;
}

}  // namespace gyroseg
