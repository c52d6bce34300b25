#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// The user's config is wrong. what() is every problem, one a line, sorted by line:
/// "train.yaml:4: embedding.curvature: expected a number > 0, got -1".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads a YAML or JSON config, applies the overrides ("a.b=c", the value in YAML) in order and checks
/// every key. SegHiero's own YAML is recognised by its `classes` and `dataset` blocks and mapped.
/// Values the user left to the program ("auto", dilations by output stride) come back resolved.
/// Throws ConfigError: unreadable file, syntax, unknown key (with the nearest known one), wrong type,
/// value out of range, keys that contradict each other, a tree that Hierarchy refuses.
[[nodiscard]] Config read_config(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides = {});

/// The same from YAML or JSON text. name: what messages call it; files that the text names are relative to
/// the working directory.
[[nodiscard]] Config read_config_text(const std::string& text, const std::string& name,
                                      const std::vector<std::string>& overrides = {});

/// Reads a class tree alone from a YAML or JSON file of nested names, in every form that `hierarchy`
/// takes; a single top key `root` is the virtual root. Throws ConfigError. What only Hierarchy sees is
/// left to it: its messages name file and line.
[[nodiscard]] TreeSpec read_tree(const std::filesystem::path& file);

/// The config as YAML that read_config takes back to an equal Config; options of `model` that its
/// encoder and decoder do not read are written with their defaults. Throws HierarchyError where the
/// tree is one that Hierarchy refuses.
[[nodiscard]] std::string write_config(const Config& config);

}  // namespace gyroseg
