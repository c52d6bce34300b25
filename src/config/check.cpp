#include <charconv>
#include <filesystem>

#include <torch/cuda.h>

#include "readers.h"

namespace gyroseg {
namespace {

class Checker {
 public:
  Checker(const Config& config, ReadContext& context) : config_(config), context_(context) {}

  void check_world() {
    if (find_value(*context_.root, "data.root") == nullptr) {
      fail("data.root", "missing, expected the folder of the data set");
    }
    std::error_code error;
    const std::string& pretrained = config_.model.pretrained;
    if (!pretrained.empty() && !std::filesystem::is_regular_file(pretrained, error)) {
      fail("model.pretrained", "expected a file of weights, found none at " + pretrained +
                                   "; scripts/fetch_weights says where those of the ResNets are, "
                                   "--set model.pretrained=FILE.pth reads one, "
                                   "--set model.pretrained=\"\" runs without it");
    }
    const std::string& init_from = config_.training.init_from;
    if (!init_from.empty() && !std::filesystem::exists(init_from, error)) {
      fail("training.init_from", "expected a run folder or a file of weights, found none at " +
                                     init_from + "; --set training.init_from=\"\" runs without it");
    }
    const std::string& prototypes = config_.classifier.prototypes;
    if (!prototypes.empty() && !std::filesystem::is_regular_file(prototypes, error)) {
      fail("classifier.prototypes", "expected a CSV file of points, found none at " + prototypes +
                                        "; --set classifier.prototypes=\"\" draws them at random");
    }
    check_device();
  }

  void check_contradictions() {
    const bool all_nodes = config_.classifier.nodes == "all";
    for (std::size_t i = 0; i < config_.loss.size(); ++i) {
      const std::string& name = config_.loss[i].name;
      if (needs_all_nodes(name) && !all_nodes) {
        fail("loss." + std::to_string(i) + ".name",
             name + " needs classifier.nodes: all, got " + config_.classifier.nodes);
      }
    }
    for (std::size_t i = 0; i < config_.decode.size(); ++i) {
      const std::string& mode = config_.decode[i];
      if ((mode == "level_head" || mode == "path_sum" || mode == "path_product") && !all_nodes) {
        const bool list = config_.decode.size() > 1;
        fail(list ? "decode." + std::to_string(i) : "decode",
             mode + " needs classifier.nodes: all, got " + config_.classifier.nodes);
      }
    }
    if (config_.hierarchy.repeat_shallow_leaves && !all_nodes) {
      fail("classifier.repeat_shallow_leaves",
           "needs classifier.nodes: all, got " + config_.classifier.nodes);
    }
    if (config_.schedule.min_lr > config_.optimizer.lr) {
      fail("schedule.min_lr", "expected a number <= optimizer.lr");
    }
    check_branches();
    check_window();
    check_curvature();
    check_classifier();
  }

  void check_against(const Hierarchy& tree) {
    const int levels = tree.num_levels();
    for (std::size_t i = 0; i < config_.loss.size(); ++i) {
      check_levels(config_.loss[i], "loss." + std::to_string(i), levels);
    }
    check_best(levels);
    check_background(tree);
    check_values(tree);
  }

 private:
  void fail(const std::string& key, const std::string& message) {
    context_.problems.add(place_of(*context_.root, key), written_key(*context_.root, key), message);
  }

  void check_device() {
    const std::string& device = config_.device;
    if (device == "cpu") {
      return;
    }
    const int index = device == "cuda" ? 0 : std::stoi(device.substr(device.find(':') + 1));
    const int count =
        torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    if (index >= count) {
      fail("device", "asks for " + device + ", but this machine has " +
                         (count == 0 ? "no usable CUDA device"
                                     : std::to_string(count) + " CUDA device(s)") +
                         "; --set device=cpu runs without it");
    }
  }

  void check_classifier() {
    const ClassifierConfig& classifier = config_.classifier;
    const std::string& kind = classifier.kind;
    const std::string& space = config_.embedding.space;
    const bool prototypes = kind == "prototypes";
    const std::string needs = "needs classifier.kind: prototypes";
    if (classifier.input != "embedding" && kind != "hyperplanes") {
      fail("classifier.kind", kind + " needs classifier.input: embedding, got " + classifier.input);
    } else if (kind == "ganea" && space != "poincare") {
      fail("classifier.kind", "ganea needs embedding.space: poincare, got " + space +
                                  "; hyperplanes and prototypes are for every space");
    } else if (kind == "cosine" && space != "sphere") {
      fail("classifier.kind", "cosine needs embedding.space: sphere, got " + space +
                                  "; prototypes scores by the distance of every space");
    }
    if (classifier.temperature && !prototypes && kind != "cosine") {
      fail("classifier.temperature", needs + " | cosine, got " + kind);
    }
    if (classifier.learn_temperature && !prototypes && kind != "cosine") {
      fail("classifier.learn_temperature", needs + " | cosine, got " + kind);
    }
    if (!classifier.prototypes.empty() && !prototypes) {
      fail("classifier.prototypes", needs + ", got " + kind);
    }
    if (!classifier.learn_prototypes && !prototypes) {
      fail("classifier.learn_prototypes", needs + ", got " + kind);
    }
  }

  void check_branches() {
    const ClassifierConfig& classifier = config_.classifier;
    if (config_.model.branches != "per_level") {
      return;
    }
    if (classifier.nodes != "all") {
      fail("model.branches", "per_level needs classifier.nodes: all, got " + classifier.nodes);
    }
    if (classifier.input != "features") {
      fail("model.branches", "per_level needs classifier.input: features, got " + classifier.input);
    }
  }

  void check_levels(const LossConfig& loss, const std::string& key, int levels) {
    const std::string range = "a level from 1 to " + std::to_string(levels) + ", got ";
    if (loss.level > levels) {
      fail(key + ".level", "expected leaf, all or " + range + std::to_string(loss.level));
    }
    for (std::size_t j = 0; j < loss.levels.size(); ++j) {
      if (loss.levels[j] > levels) {
        fail(key + ".levels." + std::to_string(j),
             "expected " + range + std::to_string(loss.levels[j]));
      }
    }
    const std::size_t listed = std::max<std::size_t>(1, loss.levels.size());
    const std::size_t count =
        loss.level == kAllLevels ? static_cast<std::size_t>(levels) : listed;
    if (!loss.level_weights.empty() && loss.level_weights.size() != count) {
      fail(key + ".level_weights", "expected one weight a level, " + std::to_string(count) +
                                       ", got " + std::to_string(loss.level_weights.size()));
    }
  }

  void check_curvature() {
    const EmbeddingConfig& embedding = config_.embedding;
    if (!embedding.learn_curvature) {
      return;
    }
    if (embedding.space != "poincare" && embedding.space != "lorentz") {
      fail("embedding.learn_curvature",
           "needs embedding.space: poincare | lorentz, got " + embedding.space);
    }
    const bool triplet =
        std::any_of(config_.loss.begin(), config_.loss.end(),
                    [](const LossConfig& loss) { return loss.name == "tree_triplet"; });
    if (config_.classifier.input != "embedding" && !triplet) {
      fail("embedding.learn_curvature",
           "needs something that reads the embedding: classifier.input: embedding, or a tree_triplet "
           "loss");
    }
  }

  // A stride wider than the window would leave pixels that no window sees.
  void check_window() {
    const std::optional<std::array<int, 2>>& window = config_.inference.window;
    const std::optional<std::array<int, 2>>& stride = config_.inference.stride;
    const auto text = [](const std::array<int, 2>& size) {
      return "[" + std::to_string(size[0]) + ", " + std::to_string(size[1]) + "]";
    };
    // A window that is there but was refused has its message already.
    if (stride && find_value(*context_.root, "inference.window") == nullptr) {
      fail("inference.stride", "needs inference.window, which is null; set it, or "
                               "--set inference.stride=null");
    } else if (stride && window && ((*stride)[0] > (*window)[0] || (*stride)[1] > (*window)[1])) {
      fail("inference.stride", "expected at most inference.window " + text(*window) + ", got " +
                                   text(*stride));
    }
  }

  void check_best(int levels) {
    const std::string& best = config_.training.best;
    const std::string level = best.substr(best.find('@') + 1);
    if (best != "val_loss" && level != "leaf" && std::stoi(level) > levels) {
      fail("training.best", "expected val_loss, miou@leaf or miou@LEVEL with LEVEL from 1 to " +
                                std::to_string(levels) + ", got " + best);
    }
  }

  void check_background(const Hierarchy& tree) {
    const std::string& background = config_.metrics.background;
    if (background == "auto" || background == "none") {
      return;
    }
    try {
      (void)tree.find(background);
    } catch (const HierarchyError& error) {
      fail("metrics.background", error.what());
    }
  }

  void check_values(const Hierarchy& tree) {
    const DataConfig& data = config_.data;
    const auto owner = tree.nodes_by_label().find(data.ignore_index);
    if (owner != tree.nodes_by_label().end()) {
      fail("data.ignore_index", std::to_string(data.ignore_index) +
                                    " is the mask value of node \"" + tree.path(owner->second) +
                                    "\"; choose another");
    }
    const auto known = [&](int value) {
      return value == data.ignore_index || tree.nodes_by_label().contains(value);
    };
    for (const auto& [from, to] : data.label_map) {
      if (to && !known(*to)) {
        fail("data.label_map." + std::to_string(from),
             "expected ignore or the mask value of a node, got " + std::to_string(*to));
      }
    }
    for (const auto& [colour, value] : data.color_map) {
      // A label_map may come between: its keys are fine too.
      if (!known(value) && !data.label_map.contains(value)) {
        fail("data.color_map", "expected ignore or the mask value of a node, got " +
                                   std::to_string(value));
      }
    }
  }

  const Config& config_;
  ReadContext& context_;
};

}  // namespace

void check(const Config& config, const Hierarchy* tree, ReadContext& context) {
  Checker checker(config, context);
  checker.check_world();
  checker.check_contradictions();
  if (tree != nullptr) {
    checker.check_against(*tree);
  }
}

}  // namespace gyroseg
