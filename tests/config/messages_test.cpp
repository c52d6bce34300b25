// Golden messages, written by hand after style.md section 6 and the issue.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "config_files.h"

namespace gyroseg::messages_test {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Messages : public ::testing::Test {
 protected:
  static std::string error(const std::string& text,
                           const std::vector<std::string>& overrides = {}) {
    return ConfigFiles::error(text, overrides);
  }
  // One more line after the two of the smallest config.
  static std::string error_of(const std::string& line) { return error(kMinimal + line + "\n"); }

  ConfigFiles files_;
};

TEST_F(Messages, TheExampleOfTheStyleGuide) {
  EXPECT_EQ(error("hierarchy: {background: {}, body: {head: {}, torso: {}}}\n"
                  "embedding:\n"
                  "  space: poincar\n"
                  "  curvature: -1\n"
                  "  dims: 16\n"
                  "data: {root: figures}\n"),
            "train.yaml:3: embedding.space: expected euclidean | sphere | poincare | lorentz, got poincar\n"
            "train.yaml:4: embedding.curvature: expected a number > 0, got -1\n"
            "train.yaml:5: embedding.dims: unknown key, did you mean dim?");
}

TEST_F(Messages, EveryProblemAtOnceSortedByLineOverridesLast) {
  EXPECT_EQ(
      error("seed: -3\n"
            "hierarchy: {background: {}, body: {head: {}, torso: {}}}\n"
            "labels: {background: 0, hed: 1}\n"
            "data:\n"
            "  image_size: [0, 128]\n"
            "  threads: two\n"
            "  threads: 3\n"
            "  root: \"\"\n"
            "model: {output_stride: 12, pretrained: none.safetensors}\n"
            "classifier: [all]\n"
            "loss:\n"
            "  - {name: cross_entropy, gamma: 2}\n"
            "  - {name: tree_min, wieght: 1}\n"
            "  - {weight: 1}\n"
            "training: {batch_size: 2.5, drop_last: yes}\n"
            "optimiser: {lr: 1}\n",
            {"embedding.curvature=-1", "nonsense"}),
      "train.yaml:1: seed: expected an integer >= 0, got -3\n"
      "train.yaml:3: labels: no node \"hed\" in the hierarchy, did you mean head?\n"
      "train.yaml:5: data.image_size: expected [height, width], integers > 0, got [0, 128]\n"
      "train.yaml:6: data.threads: expected an integer >= 0, got two\n"
      "train.yaml:7: data.threads: duplicate key, first at train.yaml:6\n"
      "train.yaml:8: data.root: expected the folder of the data set, got \"\"\n"
      "train.yaml:9: model.output_stride: expected 8 | 16 | 32, got 12\n"
      "train.yaml:9: model.pretrained: expected a file of weights, found none at none.safetensors; "
      "scripts/fetch_weights says where those of the ResNets are, --set model.pretrained=FILE.pth reads "
      "one, --set model.pretrained=\"\" runs without it\n"
      "train.yaml:10: classifier: expected a map of keys, got [all]\n"
      "train.yaml:12: loss.0.gamma: cross_entropy does not read this option of focal, tree_min\n"
      "train.yaml:13: loss.1.wieght: unknown key, did you mean weight?\n"
      "train.yaml:13: loss.1.name: tree_min needs classifier.nodes: all, got leaves\n"
      "train.yaml:14: loss.2.name: missing, expected bce | boundary | cross_entropy | dice | "
      "focal | hierarchical_softmax | rmi | total_variation | tree_min | tree_triplet\n"
      "train.yaml:15: training.batch_size: expected an integer >= 1, got 2.5\n"
      "train.yaml:15: training.drop_last: expected true or false, got yes\n"
      "train.yaml:16: optimiser: unknown key, did you mean optimizer?\n"
      "--set embedding.curvature=-1: embedding.curvature: expected a number > 0, got -1\n"
      "--set nonsense: expected key=value, such as training.epochs=5");
}

TEST_F(Messages, LearnedCurvatureNeedsASpaceThatHasOneAndAReader) {
  EXPECT_EQ(error_of("embedding: {space: sphere, learn_curvature: true}"),
            "train.yaml:3: embedding.learn_curvature: needs embedding.space: poincare | lorentz, got "
            "sphere\n"
            "train.yaml:3: embedding.learn_curvature: needs something that reads the embedding: "
            "classifier.input: embedding, or a tree_triplet loss");
}

TEST_F(Messages, ClassifiersAndWhatTheyNeed) {
  const auto error_in = [](const std::string& space, const std::string& options) {
    return error_of("embedding: {space: " + space + "}\nclassifier: {input: embedding, " + options +
                    "}");
  };
  EXPECT_EQ(error_of("classifier: {kind: nearest}"),
            "train.yaml:3: classifier.kind: expected hyperplanes | ganea | prototypes | cosine, got "
            "nearest");
  EXPECT_EQ(error_of("classifier: {kind: prototypes}"),
            "train.yaml:3: classifier.kind: prototypes needs classifier.input: embedding, got features");
  EXPECT_EQ(error_in("lorentz", "kind: ganea"),
            "train.yaml:4: classifier.kind: ganea needs embedding.space: poincare, got lorentz; "
            "hyperplanes and prototypes are for every space");
  EXPECT_EQ(error_in("euclidean", "kind: cosine"),
            "train.yaml:4: classifier.kind: cosine needs embedding.space: sphere, got euclidean; "
            "prototypes scores by the distance of every space");
  EXPECT_EQ(error_in("sphere", "temperature: 0.1"),
            "train.yaml:4: classifier.temperature: needs classifier.kind: prototypes | cosine, got "
            "hyperplanes");
  EXPECT_EQ(error_in("poincare", "kind: ganea, learn_temperature: true, learn_prototypes: false"),
            "train.yaml:4: classifier.learn_temperature: needs classifier.kind: prototypes | cosine, "
            "got ganea\n"
            "train.yaml:4: classifier.learn_prototypes: needs classifier.kind: prototypes, got ganea");
  EXPECT_EQ(error_in("sphere", "kind: cosine, temperature: 0"),
            "train.yaml:4: classifier.temperature: expected a number > 0, got 0");
  EXPECT_EQ(error_in("sphere", "kind: cosine, prototypes: none.csv"),
            "train.yaml:4: classifier.prototypes: expected a CSV file of points, found none at "
            "none.csv; --set classifier.prototypes=\"\" draws them at random\n"
            "train.yaml:4: classifier.prototypes: needs classifier.kind: prototypes, got cosine");
  EXPECT_EQ(error_in("lorentz", "kind: prototypes, temperature: 0.5, learn_prototypes: false"), "");
  EXPECT_EQ(error_in("sphere", "kind: cosine, learn_temperature: true"), "");
}

TEST_F(Messages, AStartThatIsNotThere) {
  EXPECT_EQ(error_of("training: {init_from: runs/none}"),
            "train.yaml:3: training.init_from: expected a run folder or a file of weights, found none "
            "at runs/none; --set training.init_from=\"\" runs without it");
}

TEST_F(Messages, KeyOfAnotherSection) {
  EXPECT_EQ(error_of("warmup_steps: 3"),
            "train.yaml:3: warmup_steps: unknown key, did you mean schedule.warmup_steps?");
}

TEST_F(Messages, TypesAreStrict) {
  EXPECT_EQ(error_of("seed: \"3\""), "train.yaml:3: seed: expected an integer >= 0, got \"3\"");
  EXPECT_EQ(error_of("embedding: {dim: 1.0e+1}"),
            "train.yaml:3: embedding.dim: expected an integer >= 2, got 1.0e+1");
  EXPECT_EQ(error_of("embedding: {curvature: .inf}"),
            "train.yaml:3: embedding.curvature: expected a number > 0, got .inf");
  EXPECT_EQ(error_of("embedding: {curvature: nan}"),
            "train.yaml:3: embedding.curvature: expected a number > 0, got nan");
  EXPECT_EQ(error_of("embedding: {dim: 99999999999}"),
            "train.yaml:3: embedding.dim: expected an integer >= 2, got 99999999999");
  EXPECT_EQ(error_of("model: {conv_kernel: 4}"),
            "train.yaml:3: model.conv_kernel: expected an odd integer > 0, got 4");
  EXPECT_EQ(error_of("model: {encoder_channels: [8]}"),
            "train.yaml:3: model.encoder_channels: expected two or more integers > 0, got [8]");
  EXPECT_EQ(error_of("data2: 3"), "train.yaml:3: data2: unknown key, did you mean data?");
  EXPECT_EQ(error_of("loss: {name: cross_entropy}"),
            "train.yaml:3: loss: expected a list such as [{name: cross_entropy}], got {name: "
            "cross_entropy}");
  EXPECT_EQ(error_of("loss: [cross_entropy]"),
            "train.yaml:3: loss.0: expected a map of keys, got cross_entropy");
}

TEST_F(Messages, KeysThatContradictEachOther) {
  EXPECT_EQ(error_of("decode: path_sum"),
            "train.yaml:3: decode: path_sum needs classifier.nodes: all, got leaves");
  EXPECT_EQ(error_of("decode: [leaf_argmax, level_head]"),
            "train.yaml:3: decode.1: level_head needs classifier.nodes: all, got leaves");
  EXPECT_EQ(error_of("decode: [backoff, path_product]"),
            "train.yaml:3: decode.1: path_product needs classifier.nodes: all, got leaves");
  EXPECT_EQ(error_of("inference: {backoff_threshold: 1.5}"),
            "train.yaml:3: inference.backoff_threshold: expected a number from 0 to 1, got 1.5");
  EXPECT_EQ(error_of("model: {branches: per_level}"),
            "train.yaml:3: model.branches: per_level needs classifier.nodes: all, got leaves");
  EXPECT_EQ(error_of("model: {branches: per_level}\nclassifier: {nodes: all, input: embedding}"),
            "train.yaml:3: model.branches: per_level needs classifier.input: features, got "
            "embedding");
  EXPECT_EQ(error_of("decode: [leaf_argmax, leaf_argmax]"),
            "train.yaml:3: decode.1: leaf_argmax stands twice");
  EXPECT_EQ(error_of("decode: argmax"),
            "train.yaml:3: decode: expected leaf_argmax | level_sum | level_head | path_sum | "
            "backoff | path_product, got argmax");
  EXPECT_EQ(error_of("loss: [{name: cross_entropy, level: 3}]"),
            "train.yaml:3: loss.0.level: expected leaf, all or a level from 1 to 2, got 3");
  EXPECT_EQ(error_of("loss: [{name: dice, levels: [1, 3]}]"),
            "train.yaml:3: loss.0.levels.1: expected a level from 1 to 2, got 3");
  EXPECT_EQ(error_of("loss: [{name: dice, levels: [1, 0]}]"),
            "train.yaml:3: loss.0.levels: expected a list of integers >= 1, got [1, 0]");
  EXPECT_EQ(error_of("loss: [{name: dice, levels: [1], level: 2}]"),
            "train.yaml:3: loss.0.level: stands beside levels; leave out one of the two");
  EXPECT_EQ(error_of("loss: [{name: focal, level: every}]"),
            "train.yaml:3: loss.0.level: expected leaf, all or an integer >= 1, got every");
  EXPECT_EQ(error_of("loss: [{name: focal, level: all, level_weights: [1]}]"),
            "train.yaml:3: loss.0.level_weights: expected one weight a level, 2, got 1");
  EXPECT_EQ(error_of("loss: [{name: bce}, {name: hierarchical_softmax}]"),
            "train.yaml:3: loss.0.name: bce needs classifier.nodes: all, got leaves\n"
            "train.yaml:3: loss.1.name: hierarchical_softmax needs classifier.nodes: all, got leaves");
  EXPECT_EQ(error_of("loss: [{name: cross_entropy}, {name: cross_entropy}]"),
            "train.yaml:3: loss.1.label: cross_entropy@leaf is the label of loss.0 too; give each "
            "its own label");
  EXPECT_EQ(error_of("training: {best: miou@3}"),
            "train.yaml:3: training.best: expected val_loss, miou@leaf or miou@LEVEL with LEVEL "
            "from 1 to 2, got miou@3");
  EXPECT_EQ(error_of("training: {precision: float16}"),
            "train.yaml:3: training.precision: expected float32 | bfloat16 (float16 would need loss "
            "scaling, which bfloat16 does without), got float16");
  EXPECT_EQ(error_of("training: {best: miou}"),
            "train.yaml:3: training.best: expected val_loss | miou@leaf | miou@1 | miou@2 ..., got "
            "miou");
  EXPECT_EQ(error_of("schedule: {min_lr: 1}"),
            "train.yaml:3: schedule.min_lr: expected a number <= optimizer.lr");
  EXPECT_EQ(error_of("metrics: {background: bakground}"),
            "train.yaml:3: metrics.background: no node \"bakground\" in the hierarchy, did you "
            "mean background?");
}

TEST_F(Messages, WindowsStridesAndScales) {
  EXPECT_EQ(error_of("inference: {window: [64, 0], scales: [], flip: 1}"),
            "train.yaml:3: inference.window: expected [height, width], integers > 0, got [64, 0]\n"
            "train.yaml:3: inference.scales: expected a list of numbers > 0 and <= 16, such as "
            "[0.5, 1, 2], got []\n"
            "train.yaml:3: inference.flip: expected true or false, got 1");
  for (const std::string scales : {"1", "[1, 0]", "[-0.5]", "[16.5]", "[one]"}) {
    EXPECT_EQ(error_of("inference: {scales: " + scales + "}"),
              "train.yaml:3: inference.scales: expected a list of numbers > 0 and <= 16, such as "
              "[0.5, 1, 2], got " + scales);
  }
  EXPECT_EQ(error_of("inference: {window: [64, 64], stride: [64, 65]}"),
            "train.yaml:3: inference.stride: expected at most inference.window [64, 64], got [64, "
            "65]");
  EXPECT_EQ(error_of("inference: {stride: [64, 64]}"),
            "train.yaml:3: inference.stride: needs inference.window, which is null; set it, or "
            "--set inference.stride=null");
  EXPECT_EQ(error(kMinimal + "inference: {window: [64, 64]}\n", {"inference.stride=[70, 1]"}),
            "--set inference.stride=[70, 1]: inference.stride: expected at most inference.window "
            "[64, 64], got [70, 1]");
  EXPECT_EQ(error_of("inference: {window: 64, stride: [64, 64]}"),
            "train.yaml:3: inference.window: expected [height, width], integers > 0, got 64");
  EXPECT_EQ(error_of("inference: {windows: [64, 64]}"),
            "train.yaml:3: inference.windows: unknown key, did you mean window?");
  EXPECT_EQ(error_of("scales: [1]"),
            "train.yaml:3: scales: unknown key, did you mean inference.scales?");
  EXPECT_EQ(error(kMinimal + "inference: {window: [64, 64], stride: [8, 8]}\n",
                  {"inference.window=null", "inference.stride="}),
            "");
}

TEST_F(Messages, MaskValues) {
  EXPECT_EQ(error("hierarchy: {a: 1, b: 255}\ndata: {root: x}\n"),
            "train.yaml:2: data.ignore_index: 255 is the mask value of node \"b\"; choose another");
  EXPECT_EQ(error("hierarchy: {a: 0, b: 1}\n"
                  "data:\n"
                  "  root: x\n"
                  "  label_map:\n"
                  "    0: 7\n"
                  "    1: nothing\n"
                  "    x: 0\n"
                  "  color_map:\n"
                  "    \"#00ff0\": 1\n"
                  "    \"#00ff00\": 70000\n"
                  "    \"#0000ff\": 9\n"),
            "train.yaml:5: data.label_map.0: expected ignore or the mask value of a node, got 7\n"
            "train.yaml:6: data.label_map.1: expected ignore or an integer from 0 to 65535, got "
            "nothing\n"
            "train.yaml:7: data.label_map.x: expected a mask value from -32768 to 65535 as key\n"
            "train.yaml:8: data.color_map: expected ignore or the mask value of a node, got 9\n"
            "train.yaml:9: data.color_map.#00ff0: expected a colour as key, \"#rrggbb\"\n"
            "train.yaml:10: data.color_map.#00ff00: expected ignore or an integer from 0 to 65535, "
            "got 70000");
  EXPECT_EQ(error("hierarchy: {a: 0, b: 1}\n"
                  "data: {root: x, color_map: [{color: [255, 0, 0], value: 1},\n"
                  "  {color: [255, 0, 0], value: 0}, {color: [256, 0, 0], value: 0}]}\n"),
            "train.yaml:3: data.color_map.2.color: expected [r, g, b], each an integer from 0 to "
            "255, got [256, 0, 0]\n"
            "train.yaml:3: data.color_map.1: this colour stands twice");
}

TEST_F(Messages, WhatIsMissing) {
  EXPECT_EQ(error("# nothing\n"),
            "train.yaml:1: hierarchy: missing, expected the class tree, such as {background: {}, "
            "body: {head: {}, torso: {}}}\n"
            "train.yaml:1: data.root: missing, expected the folder of the data set");
  EXPECT_EQ(error("hierarchy: {}\ndata: {}\n"),
            "train.yaml:1: hierarchy: the tree has no nodes; expected nested names such as "
            "{background: {}, body: {head: {}, torso: {}}}\n"
            "train.yaml:2: data.root: missing, expected the folder of the data set");
}

TEST_F(Messages, AMissingGpu) {
  if (torch::cuda::is_available()) {
    GTEST_SKIP() << "this machine has a CUDA device";
  }
  EXPECT_EQ(error_of("device: cuda:0"),
            "train.yaml:3: device: asks for cuda:0, but this machine has no usable CUDA device; "
            "--set device=cpu runs without it");
  EXPECT_EQ(error(kMinimal + "device: cuda\n", {"device=cpu"}), "");
  EXPECT_THAT(error_of("device: gpu"), HasSubstr("expected cpu | cuda | cuda:N, got gpu"));
}

TEST_F(Messages, FilesThatAreNoConfig) {
  EXPECT_THROW((void)read_config("missing.yaml"), ConfigError);
  EXPECT_EQ(error("a: [1,\nb\n"), "train.yaml:3: not YAML: expected ',' or ']'");
  EXPECT_THAT(error("data:\n\troot: x\n"), StartsWith("train.yaml:2: not YAML: "));
  EXPECT_THAT(error("data:\n\troot: x\n"), HasSubstr("this line holds a tab"));
  EXPECT_EQ(error("- a\n"), "train.yaml:1: expected a map of keys, got [a]");
  EXPECT_EQ(error("a: 1\n---\nb: 2\n"),
            "train.yaml:3: expected one YAML document, found a second one");
  EXPECT_THAT(error("data: &x {root: *x}\n"), HasSubstr("an alias that contains itself"));
  EXPECT_THAT(error(kMinimal + "[a]: 1\n"), HasSubstr("train.yaml:3: expected a name as key"));
  std::filesystem::create_directory("folder");
  try {
    (void)read_config("folder");
    FAIL();
  } catch (const ConfigError& problem) {
    EXPECT_STREQ(problem.what(), "folder: expected a YAML or JSON file, found a folder");
  }
}

TEST_F(Messages, FilesThatAreNoJson) {
  const auto error_in = [](const std::string& text) {
    ConfigFiles::write("train.json", text);
    try {
      (void)read_config("train.json");
    } catch (const ConfigError& problem) {
      return std::string(problem.what());
    }
    return std::string();
  };
  const std::string head = "{\"hierarchy\": {\"a\": 0, \"b\": 1},\n";
  const std::string data = "\"data\": {\"root\": \"x\"}";
  EXPECT_EQ(error_in(head + data + "\n}\n"), "");
  EXPECT_EQ(error_in(head + "\t" + data + "\n}\n"), "");  // json.dump(indent="\t")
  EXPECT_EQ(error_in(head + data + "\n"), "train.json:3: not JSON: expected ':', ',' or '}'");
  EXPECT_EQ(error_in(head + data + " \"seed\": 1}"),
            "train.json:2: not JSON: expected ':', ',' or '}'");
  EXPECT_EQ(error_in(head + data + ", \"decode\": [\"level_sum\"}"),
            "train.json:2: not JSON: illegal flow end");
  EXPECT_EQ(error_in(head + data + ",,\n\"seed\": 1}"),
            "train.json:2: expected a name in quotes as key; is there a comma too many?");
}

// As Python's json.dump writes them.
TEST_F(Messages, JsonMayEscapeLettersInTwoHalves) {
  ConfigFiles::write("tree.json",
                     R"({"\ud83d\ude00": 0, "\u00fc \uD834\uDD1E.": 1, "C:\\ud83d\\ude00": 2})");
  const TreeSpec tree = read_tree("tree.json");
  ASSERT_EQ(tree.roots.size(), 3U);
  EXPECT_EQ(tree.roots[0].name, "\xf0\x9f\x98\x80");                // U+1F600
  EXPECT_EQ(tree.roots[1].name, "\xc3\xbc \xf0\x9d\x84\x9e.");      // U+00FC, U+1D11E
  EXPECT_EQ(tree.roots[2].name, "C:\\ud83d\\ude00");  // backslashes of the name's own
  ConfigFiles::write("tree.json", R"({"\ud83d": 0, "b": 1})");
  EXPECT_THROW((void)read_tree("tree.json"), ConfigError);
}

}  // namespace gyroseg::messages_test
