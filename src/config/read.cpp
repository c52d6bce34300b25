#include "gyroseg/config/read.h"

#include "gyroseg/config/keys.h"
#include "readers.h"
#include "seghiero.h"

namespace gyroseg {
namespace {

Config read_all(ReadContext& context) {
  Config config;
  Section top(context);
  read_top(top, config);
  read_hierarchy(top, config.hierarchy);
  read(top.section("data"), config.data);
  read(top.section("model"), config.model);
  read(top.section("embedding"), config.embedding);
  read(top.section("classifier"), config.classifier, config.hierarchy);
  read_losses(top, config.loss);
  read(top.section("optimizer"), config.optimizer);
  read(top.section("schedule"), config.schedule);
  read(top.section("training"), config.training);
  read(top.section("inference"), config.inference);
  read_decode(top, config.decode);
  read(top.section("metrics"), config.metrics);
  top.reject_unknown();
  return config;
}

Config read_root(Value root, const std::vector<std::string>& overrides, ReadContext& context) {
  if (!root.is_map() && !root.is_null()) {
    context.problems.add(root.place, "expected a map of keys, got " + describe(root));
    context.problems.throw_if_any();
  }
  root.kind = Value::Kind::kMap;
  if (is_seghiero(root)) {
    root = map_seghiero(root, context);
  }
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    apply_override(root, overrides[i], static_cast<int>(i), context.problems);
  }
  context.root = &root;
  Config config = read_all(context);
  const std::optional<Hierarchy> tree =
      context.tree_refused ? std::nullopt : make_hierarchy(config.hierarchy, context);
  check(config, tree ? &*tree : nullptr, context);
  context.problems.throw_if_any();
  resolve(config, *tree);
  return config;
}

}  // namespace

Config read_config(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  ReadContext context;
  context.directory = file.parent_path();
  return read_root(load_yaml(file, 0, context.problems), overrides, context);
}

Config read_config_text(const std::string& text, const std::string& name,
                        const std::vector<std::string>& overrides) {
  ReadContext context;
  return read_root(parse_yaml(text, name, 0, context.problems), overrides, context);
}

std::vector<std::string> config_keys() {
  ReadContext context;
  const Value root = parse_yaml(
      "{data: {color_map: [{color: [0, 0, 0], value: 0}]},"
      " loss: [{name: cross_entropy}, {name: tree_min}, {name: tree_triplet}, {name: rmi}]}",
      "keys", 0, context.problems);
  context.root = &root;
  (void)read_all(context);
  return {context.known.begin(), context.known.end()};
}

}  // namespace gyroseg
