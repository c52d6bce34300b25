#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_files.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg::tree_forms_test {

using ::testing::HasSubstr;

const std::string kData = "data: {root: x}\n";

class TreeForms : public ::testing::Test {
 protected:
  static Hierarchy tree(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return Hierarchy(ConfigFiles::read(kData + text, overrides).hierarchy);
  }
  static std::string error(const std::string& text) { return ConfigFiles::error(kData + text); }

  ConfigFiles files_;
};

// "path=value" of every labelled node, by value.
std::string labelled(const Hierarchy& tree) {
  std::string text;
  for (const auto& [label, v] : tree.nodes_by_label()) {
    text += (text.empty() ? "" : " ") + tree.path(v) + "=" + std::to_string(label);
  }
  return text;
}

// Seed 004 and hierarchy.md section 1.
const std::string kPascal =
    "background=0 body/upper_body/low_hand=1 body/upper_body/torso=2 body/lower_body/low_leg=3 "
    "body/upper_body/head=4 body/lower_body/up_leg=5 body/upper_body/up_hand=6";

TEST_F(TreeForms, NestedNamesWithALabelTable) {
  EXPECT_EQ(labelled(tree("hierarchy: {background: {}, body: {upper_body: {low_hand: {}, torso: , "
                          "head: {}, up_hand: ~}, lower_body: {low_leg: null, up_leg: {}}}}\n"
                          "labels: {background: 0, low_hand: 1, torso: 2, low_leg: 3, head: 4, "
                          "up_leg: 5, up_hand: 6}\n")),
            kPascal);
}

TEST_F(TreeForms, LeavesThatAreTheirIds) {
  const Hierarchy pascal = tree(
      "hierarchy:\n  background: 0\n  body:\n    lower_body:\n      low_leg: 3\n      up_leg: 5\n"
      "    upper_body:\n      head: 4\n      low_hand: 1\n      torso: 2\n      up_hand: 6\n");
  EXPECT_EQ(labelled(pascal), kPascal);
  EXPECT_EQ(pascal.num_levels(), 3);
}

TEST_F(TreeForms, WithoutValuesLeavesCountInTheOrderOfTheFile) {
  EXPECT_EQ(labelled(tree("hierarchy: {b: {z: {}, y: {}}, a: {}}\n")), "b/z=0 b/y=1 a=2");
}

TEST_F(TreeForms, RepeatedShallowLeavesAreWrittenAsTheUserWroteThem) {
  const std::string text =
      kData +
      "hierarchy: {sky: 0, body: {sky: 4, limbs: {arm: 1, leg: 2}}}\n"
      "classifier: {nodes: all, repeat_shallow_leaves: true}\n";
  const Config config = ConfigFiles::read(text);
  EXPECT_EQ(Hierarchy(config.hierarchy).num_nodes(), 2 + 3 + 4);
  const std::string written = write_config(config);
  EXPECT_EQ(written.find("sky@"), std::string::npos);
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
  EXPECT_EQ(labelled(Hierarchy(ConfigFiles::read(written).hierarchy)),
            "sky=0 body/limbs/arm=1 body/limbs/leg=2 body/sky=4");
  EXPECT_EQ(ConfigFiles::error(text, {"classifier.nodes=leaves"}),
            "train.yaml:3: classifier.repeat_shallow_leaves: needs classifier.nodes: all, got "
            "leaves");
}

TEST_F(TreeForms, LabelsOfInnerNodes) {
  EXPECT_EQ(labelled(tree("hierarchy: {bg: {}, body: {head: {}, torso: {}}}\n"
                          "labels: {bg: 0, head: 1, torso: 2, body: 7}\n")),
            "bg=0 body/head=1 body/torso=2 body=7");
}

TEST_F(TreeForms, AJsonConfigWithTabsAndEscapes) {
  EXPECT_EQ(labelled(tree("hierarchy: {\n\t\"b\\u00e4r\":{},\n\t\"c\":{\"d\":null,\"e\":{}}}\n")),
            "b\u00e4r=0 c/d=1 c/e=2");
  ConfigFiles::write("c.json",
                     "{\n\t\"data\": {\"root\": \"x\\/y\"},\n\t\"hierarchy\": {\"a\": 1, \"b\": "
                     "{\"c\": 0}},\n\t\"seed\": 5,\n\t\"decode\":[\"level_sum\"],\n\t\"loss\":"
                     "[{\"name\":\"cross_entropy\",\"weight\":1E-1}]\n}\n");
  const Config config = read_config("c.json");
  EXPECT_EQ(config.data.root, "x/y");
  EXPECT_EQ(config.seed, 5U);
  EXPECT_EQ(config.loss[0].weight, 0.1);
  ConfigFiles::write("d.json", "{\"data\": {\"root\": \"x\"},\n\t\"hierarchy\": {\"a\": 1},\n"
                               "\t\"hierarchy\": {\"b\": 1}}\n");
  try {
    (void)read_config("d.json");
    FAIL();
  } catch (const ConfigError& problem) {
    EXPECT_STREQ(problem.what(), "d.json:3: hierarchy: duplicate key, first at d.json:2");
  }
}

TEST_F(TreeForms, AFileBesideTheConfig) {
  ConfigFiles::write("sets/tree.json", "{\"root\": {\"a\": {}, \"b\": {\"c\": {}}}}");
  ConfigFiles::write("sets/c.yaml", kData + "hierarchy: {file: tree.json}\nlabels: {a: 4, c: 2}\n");
  EXPECT_EQ(labelled(Hierarchy(read_config("sets/c.yaml").hierarchy)), "b/c=2 a=4");
  // From the command line: relative to the working directory.
  EXPECT_EQ(labelled(tree("hierarchy: {x: {}}\n", {"hierarchy={file: sets/tree.json}"})),
            "a=0 b/c=1");
}

TEST_F(TreeForms, TheVirtualRootAndATopNodeOfThatName) {
  EXPECT_EQ(labelled(tree("hierarchy: {root: {a: {}, b: {}}}\n")), "a=0 b=1");
  EXPECT_EQ(labelled(tree("hierarchy: {root: {}, b: {}}\n")), "root=0 b=1");
  EXPECT_EQ(labelled(tree("hierarchy: {root: {root: {a: {}, b: {}}}}\n")), "root/a=0 root/b=1");
}

TEST_F(TreeForms, RepeatedNames) {
  const std::string text =
      "hierarchy: {car: {car: {}, bus: {}}, fence: {}, field: {fence: {}}}\n"
      "labels: {car: 0, bus: 1, /fence: 2, field/fence: 3, /car: 9}\n";
  EXPECT_EQ(labelled(tree(text)), "car/car=0 car/bus=1 fence=2 field/fence=3 car=9");
  const std::string written = write_config(ConfigFiles::read(kData + text));
  EXPECT_EQ(labelled(Hierarchy(ConfigFiles::read(written).hierarchy)), labelled(tree(text)));
}

TEST_F(TreeForms, Errors) {
  EXPECT_EQ(error("hierarchy: {a: {}, b: cat}\n"),
            "train.yaml:2: hierarchy.b: expected {} (a leaf), an integer (a leaf with its mask "
            "value) or a map of children, got cat");
  EXPECT_EQ(error("hierarchy: [a, b]\n"),
            "train.yaml:2: hierarchy: expected nested maps of names, or {file: tree.json}, got [a, "
            "b]");
  EXPECT_EQ(error("hierarchy: {a: {}, b: {}}\nlabels: {a: 0,\n  b: one}\n"),
            "train.yaml:4: labels.b: expected a mask value from 0 to 65535, got one");
  EXPECT_EQ(error("hierarchy: {a: {}, b: {}}\nlabels: {a: 0, b: 0}\n"),
            "train.yaml:3: hierarchy: node \"b\": mask value 0 belongs to node \"a\" already");
  EXPECT_EQ(error("hierarchy:\n  a: {}\n  b: {}\nlabels: {a: 0}\n"),
            "train.yaml:4: hierarchy: node \"b\": this leaf has no mask value; add it to labels");
  EXPECT_EQ(error("hierarchy:\n  a: {}\n  b:\n    c/d: {}\n"),
            "train.yaml:5: hierarchy: node \"b/c/d\": a name must not contain '/', which separates "
            "names in a path");
  EXPECT_EQ(error("hierarchy: {file: none.json}\n"),
            "train.yaml:2: hierarchy.file: none.json: expected a YAML or JSON file, found none");
  ConfigFiles::write("list.json", "[1]");
  EXPECT_EQ(error("hierarchy: {file: list.json}\n"),
            "list.json:1: expected nested maps of names, got [1]");
  ConfigFiles::write("bad.json", "{\n\"a\": 1,\n\"b\": {\"c\": 0, \"d\": 0}}");
  EXPECT_THAT(error("hierarchy: {file: bad.json}\n"), HasSubstr("bad.json:3: hierarchy: node"));
}

struct SharedTree {
  std::string file;
  int leaves;
  int depth;
};

void PrintTo(const SharedTree& tree, std::ostream* out) { *out << tree.file; }

class SharedTrees : public ::testing::TestWithParam<SharedTree> {};

// Counts of ../shared/trees/README.md.
TEST_P(SharedTrees, Parse) {
  const std::filesystem::path file =
      std::filesystem::path(GYROSEG_SOURCE_DIR) / "../shared/trees" / GetParam().file;
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << file << " is not there";
  }
  const ConfigFiles files;
  const Config config = ConfigFiles::read(
      kData + "hierarchy: {file: " + std::filesystem::canonical(file).string() + "}\n");
  const Hierarchy tree(config.hierarchy);
  EXPECT_EQ(tree.num_leaves(), GetParam().leaves);
  EXPECT_EQ(tree.num_levels(), GetParam().depth);
  const std::string written = write_config(config);
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
}

INSTANTIATE_TEST_SUITE_P(All, SharedTrees,
                         ::testing::Values(SharedTree{"PASCAL_hierarchy.json", 21, 6},
                                           SharedTree{"COCO10K_hierarchy.json", 171, 8},
                                           SharedTree{"ADE20K_hierarchy_v3.json", 150, 5}));

}  // namespace gyroseg::tree_forms_test
