#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "section.h"

namespace gyroseg {

/// One block each: types, ranges, unknown keys.
void read(Section s, DataConfig& data);
void read(Section s, ModelConfig& model);
void read(Section s, EmbeddingConfig& embedding);
/// Its key repeat_shallow_leaves is one of the tree.
void read(Section s, ClassifierConfig& classifier, TreeSpec& tree);
void read(Section s, OptimizerConfig& optimizer);
void read(Section s, ScheduleConfig& schedule);
void read(Section s, TrainingConfig& training);
void read(Section s, InferenceConfig& inference);
void read(Section s, MetricsConfig& metrics);

/// Keys that belong to the whole config: name, seed, device, output_dir.
void read_top(Section& s, Config& config);
/// `loss`: a list of named terms; missing, plain leaf cross entropy.
void read_losses(Section& s, std::vector<LossConfig>& losses);
/// `decode`: one mode or a list.
void read_decode(Section& s, std::vector<std::string>& modes);
/// `hierarchy` and `labels` in every form. Problems of its own set tree_refused.
void read_hierarchy(Section& s, TreeSpec& tree);

/// What no single key shows: keys that contradict each other or the tree (null: refused already),
/// and files and devices that are not there.
void check(const Config& config, const Hierarchy* tree, ReadContext& context);

/// The tree, or nothing and a problem.
[[nodiscard]] std::optional<Hierarchy> make_hierarchy(const TreeSpec& spec, ReadContext& context);

/// How the label table names a node: its name; its path where names repeat, "/name" at the top.
[[nodiscard]] std::string address(const Hierarchy& tree, int node);

/// Fills in what the user left to the program: dilations, projection input, every mask value.
void resolve(Config& config, const Hierarchy& tree);

}  // namespace gyroseg
