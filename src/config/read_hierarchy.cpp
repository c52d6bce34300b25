#include <filesystem>
#include <functional>

#include "gyroseg/config/read.h"
#include "model_options.h"
#include "readers.h"

namespace gyroseg {
namespace {

// {file: tree.json}: a tree of one leaf called "file" has an integer or {} there.
const Value* file_form(const Value& hierarchy) {
  const Value* file = hierarchy.entries.size() == 1 ? hierarchy.find("file") : nullptr;
  int number = 0;
  return file != nullptr && file->is_scalar() && !parse(*file, number) ? file : nullptr;
}

class TreeReader {
 public:
  explicit TreeReader(ReadContext& context) : context_(context) {}

  std::vector<NodeSpec> roots(const Value& tree, const std::string& path) {
    const Value* top = &tree;
    const Value* root = tree.entries.size() == 1 ? tree.find("root") : nullptr;
    if (root != nullptr && root->is_map() && !root->entries.empty()) {
      top = root;  // the single top key "root" is the virtual root
    }
    return children(*top, path);
  }

 private:
  std::vector<NodeSpec> children(const Value& map, const std::string& path) {
    std::vector<NodeSpec> nodes;
    for (const Entry& entry : map.entries) {
      nodes.push_back(node(entry.key, entry.value, path + "." + entry.key));
    }
    return nodes;
  }

  NodeSpec node(const std::string& name, const Value& value, const std::string& path) {
    NodeSpec spec;
    spec.name = name;
    spec.place = value.place.text;
    context_.tree_places[spec.place] = value.place;
    int label = 0;
    if (value.is_map()) {
      spec.children = children(value, path);
    } else if (parse(value, label)) {
      spec.label = label;
    } else if (!value.is_null()) {
      context_.problems.add(value.place, path,
                            "expected {} (a leaf), an integer (a leaf with its mask value) or a "
                            "map of children, got " +
                                describe(value));
    }
    return spec;
  }

  ReadContext& context_;
};

// Relative to the config, or to the working directory where the command line names it.
void read_tree_file(Section& s, const Value& file, TreeSpec& tree) {
  const std::filesystem::path path = file.place.source >= kFirstOverride
                                         ? std::filesystem::path(file.scalar)
                                         : s.context().directory / file.scalar;
  try {
    const Value value = load_yaml(path, 1, s.context().problems);
    if (!value.is_map()) {
      s.context().problems.add(value.place, "expected nested maps of names, got " +
                                                describe(value));
      return;
    }
    tree.roots = TreeReader(s.context()).roots(value, "hierarchy");
  } catch (const ConfigError& error) {
    s.fail("hierarchy.file", error.what());
  }
}

void read_labels(Section& s, TreeSpec& tree) {
  const Value* labels = s.find("labels");
  if (labels == nullptr) {
    return;
  }
  if (!labels->is_map()) {
    s.fail("labels", "expected a map of names to mask values, got " + describe(*labels));
    return;
  }
  for (const Entry& entry : labels->entries) {
    LabelSpec row{entry.key, 0, entry.value.place.text};
    s.context().tree_places[row.place] = entry.value.place;
    if (!parse(entry.value, row.value)) {
      s.context().problems.add(entry.value.place, "labels." + entry.key,
                               "expected a mask value from 0 to 65535, got " +
                                   describe(entry.value));
      continue;
    }
    // "/name": the top node, where a bare name would mean a leaf below.
    const auto top = std::find_if(tree.roots.begin(), tree.roots.end(), [&](const NodeSpec& node) {
      return "/" + node.name == entry.key;
    });
    if (top != tree.roots.end() && !top->label) {
      top->label = row.value;
      top->place = row.place;
    } else {
      tree.labels.push_back(std::move(row));
    }
  }
}

int number_of(const Hierarchy& tree, const std::string& name) {
  int count = 0;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    count += tree.name(v) == name ? 1 : 0;
  }
  return count;
}

}  // namespace

std::string address(const Hierarchy& tree, int node) {
  if (number_of(tree, tree.name(node)) == 1) {
    return tree.name(node);
  }
  return tree.parent(tree.top_copy(node)) < 0 ? "/" + tree.name(node) : tree.path(node);
}

void read_hierarchy(Section& s, TreeSpec& tree) {
  const std::size_t problems_before = s.context().problems.size();
  const Value* hierarchy = s.find("hierarchy");
  s.context().known.insert("hierarchy.file");
  if (hierarchy == nullptr && s.context().tree_refused) {
    return;
  }
  if (hierarchy == nullptr) {
    s.fail("hierarchy", "missing, expected the class tree, such as {background: {}, body: {head: "
                        "{}, torso: {}}}");
  } else if (!hierarchy->is_map()) {
    s.fail("hierarchy", "expected nested maps of names, or {file: tree.json}, got " +
                            describe(*hierarchy));
  } else if (const Value* file = file_form(*hierarchy)) {
    read_tree_file(s, *file, tree);
  } else {
    tree.roots = TreeReader(s.context()).roots(*hierarchy, "hierarchy");
  }
  read_labels(s, tree);
  s.context().tree_refused |= s.context().problems.size() > problems_before;
}

TreeSpec read_tree(const std::filesystem::path& file) {
  ReadContext context;
  const Value value = load_yaml(file, 0, context.problems);
  TreeSpec tree;
  if (value.is_map()) {
    tree.roots = TreeReader(context).roots(value, "hierarchy");
  } else {
    context.problems.add(value.place, "expected nested maps of names, got " + describe(value));
  }
  context.problems.throw_if_any();
  return tree;
}

std::optional<Hierarchy> make_hierarchy(const TreeSpec& spec, ReadContext& context) {
  try {
    return Hierarchy(spec);
  } catch (const HierarchyError& error) {
    std::string message = error.what();
    Place place = place_of(*context.root, "hierarchy");
    for (const auto& [text, candidate] : context.tree_places) {
      if (message.starts_with(text + ": ")) {
        place = candidate;
        message.erase(0, text.size() + 2);
        break;
      }
    }
    context.problems.add(place, message);
    return std::nullopt;
  }
}

void resolve(Config& config, const Hierarchy& tree) {
  ModelConfig& model = config.model;
  if (model.projection_input == "auto") {
    model.projection_input = config.classifier.input == "embedding" ? "decoder" : "encoder";
  }
  if (model.aspp_dilations.empty()) {
    model.aspp_dilations = default_dilations(model.output_stride);
  }
  const std::function<void(NodeSpec&)> clear = [&](NodeSpec& node) {
    node.label.reset();
    node.place.clear();
    std::for_each(node.children.begin(), node.children.end(), clear);
  };
  std::for_each(config.hierarchy.roots.begin(), config.hierarchy.roots.end(), clear);
  config.hierarchy.labels.clear();
  for (const auto& [label, v] : tree.nodes_by_label()) {
    if (address(tree, v).starts_with("/")) {
      std::find_if(config.hierarchy.roots.begin(), config.hierarchy.roots.end(),
                   [&](const NodeSpec& node) { return node.name == tree.name(v); })
          ->label = label;
    } else {
      config.hierarchy.labels.push_back({address(tree, v), label, ""});
    }
  }
}

}  // namespace gyroseg
