#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "config_files.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg::seghiero_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The seed document's example, in our own layout; lines are counted in the messages below.
const std::string kDataset =
    "dataset:\n"
    "  root: /data/plants\n"
    "  train: {image_subdir: /a/images, mask_subdir: /a/masks}\n"
    "  val: {image_subdir: b/images}\n";
const std::string kFine =
    "  coarse_to_fine_map: [[0,3], [4,6], [7], [8]]\n"
    "  coarse_names: {0: Flower, 1: Tree, 2: Grass, 3: Mushroom}\n"
    "  fine_names: {0: Sunflower, 1: Lily, 2: Rose, 3: Tulip, 4: Juniper, 5: Oak, 6: Palm,\n"
    "               7: Bermuda, 8: Lions Mane}\n";
const std::string kSuper =
    "  super_coarse_to_coarse_map: [[0, 2], [3]]\n"
    "  super_coarse_names: {0: Plant, 1: Fungus}\n";
const std::string kRest =
    "model: {pretrained_model: resnet-50}\n"
    "training: {epochs: 5, batch_size: 4, lr: 0.001, device: cpu, num_workers: 1, gpus: [0],\n"
    "           fine_weight: 1.0, coarse_weight: 3.0, super_weight: 5.0}\n"
    "transform: {resize: [150, 160], hflip_prob: 0.5}\n"
    "output: {checkpoint_dir: ./checkpoints, project_name: fun}\n";

std::vector<std::string> names_at(const Hierarchy& tree, int k) {
  std::vector<std::string> names;
  for (const int node : tree.level(k)) {
    names.push_back(tree.name(node));
  }
  return names;
}

class SegHiero : public ::testing::Test {
 protected:
  SegHiero() {
    ConfigFiles::write("weights/resnet50.safetensors", "");
    ConfigFiles::write("weights/resnet101.safetensors", "");
  }

  static std::string error(const std::string& text,
                           const std::vector<std::string>& overrides = {}) {
    return ConfigFiles::error(text, overrides);
  }

  ConfigFiles files_;
};

TEST_F(SegHiero, TwoLevels) {
  const Config config = ConfigFiles::read(kDataset + "classes:\n" + kFine + kRest);
  EXPECT_EQ(config.name, "fun");
  EXPECT_EQ(config.output_dir, "./checkpoints");
  EXPECT_EQ(config.device, "cpu");
  EXPECT_EQ(config.data.root, "/data/plants");
  EXPECT_EQ(config.data.splits.at("train").images, "a/images");
  EXPECT_EQ(config.data.splits.at("train").masks, "a/masks");
  EXPECT_EQ(config.data.splits.at("val").images, "b/images");
  EXPECT_EQ(config.data.splits.at("val").masks, "val/masks");
  EXPECT_EQ(config.data.splits.at("test").images, "b/images");
  EXPECT_EQ(config.data.splits.at("test").masks, "val/masks");
  EXPECT_EQ(config.data.image_size, (std::array<int, 2>{150, 160}));
  EXPECT_EQ(config.data.augment.flip, 0.5);
  EXPECT_EQ(config.data.threads, 1);
  EXPECT_EQ(config.model.encoder, "resnet50");
  EXPECT_EQ(config.model.pretrained, "weights/resnet50.safetensors");
  EXPECT_EQ(config.model.auxiliary_weight, 0.4);
  EXPECT_EQ(config.model.auxiliary_head, "conv_relu");
  EXPECT_EQ(config.model.projection_input, "encoder");
  EXPECT_THAT(config.model.aspp_dilations, ElementsAre(12, 24, 36));
  EXPECT_EQ(config.embedding.space, "sphere");  // its cosine distance
  EXPECT_EQ(config.embedding.dim, 256);
  EXPECT_EQ(config.classifier.nodes, "all");
  EXPECT_EQ(config.training.epochs, 5);
  EXPECT_EQ(config.training.batch_size, 4);
  EXPECT_EQ(config.training.best, "val_loss");
  EXPECT_TRUE(config.training.link_best);  // checkpoint_dir/<project_name>_best
  EXPECT_EQ(config.optimizer.lr, 0.001);
  EXPECT_EQ(config.optimizer.momentum, 0.9);
  EXPECT_EQ(config.optimizer.weight_decay, 1e-4);
  EXPECT_EQ(config.schedule.name, "constant");

  const Hierarchy tree(config.hierarchy);
  EXPECT_EQ(tree.num_levels(), 2);
  EXPECT_THAT(names_at(tree, 1), ElementsAre("Flower", "Tree", "Grass", "Mushroom"));
  EXPECT_THAT(names_at(tree, 2), ElementsAre("Sunflower", "Lily", "Rose", "Tulip", "Juniper", "Oak",
                                             "Palm", "Bermuda", "Lions Mane"));
  EXPECT_EQ(tree.label(tree.find("Lions Mane")), 8);

  ASSERT_EQ(config.loss.size(), 4U);
  EXPECT_EQ(config.loss[0].name, "tree_min");
  EXPECT_EQ(config.loss[0].gamma, 0);
  EXPECT_EQ(config.loss[0].weight, 10);  // 5 times the mean of 3 and 1
  EXPECT_EQ(config.loss[1].label, "cross_entropy@1");
  EXPECT_EQ(config.loss[1].weight, 3);
  EXPECT_EQ(config.loss[2].label, "cross_entropy@leaf");
  EXPECT_EQ(config.loss[2].weight, 1);
  EXPECT_EQ(config.loss[3].name, "tree_triplet");
  EXPECT_EQ(config.loss[3].schedule, "cosine");
  EXPECT_EQ(config.loss[3].weight, 0.5);
  EXPECT_EQ(config.loss[3].fixed_margin, 0.6);
  EXPECT_EQ(config.loss[3].max_triplets, 200);
}

TEST_F(SegHiero, ThreeLevelsWithTheSuperMapInCoarseIndices) {
  const Config config = ConfigFiles::read(kDataset + "classes:\n" + kSuper + kFine + kRest);
  const Hierarchy tree(config.hierarchy);
  EXPECT_EQ(tree.num_levels(), 3);
  EXPECT_THAT(names_at(tree, 1), ElementsAre("Plant", "Fungus"));
  EXPECT_EQ(tree.path(tree.find("Bermuda")), "Plant/Grass/Bermuda");
  EXPECT_EQ(tree.path(tree.find("Lions Mane")), "Fungus/Mushroom/Lions Mane");
  ASSERT_EQ(config.loss.size(), 6U);
  EXPECT_EQ(config.loss[4].name, "rmi");
  EXPECT_EQ(config.loss[4].weight, 1);  // fine_weight
  EXPECT_EQ(config.loss[0].gamma, 0);
  EXPECT_DOUBLE_EQ(config.loss[0].weight, 7.5);  // 2.5 times the mean of 5, 3 and 1
  EXPECT_EQ(config.loss[1].weight, 5);
  EXPECT_EQ(config.loss[2].label, "cross_entropy@2");
  const std::string written = write_config(config);
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
}

// The defaults of its train.py: 3, 0, 3 and 3.
TEST_F(SegHiero, OptionsOfItsRmi) {
  const std::string three = "dataset: {root: x}\nclasses:\n" + kSuper + kFine;  // 8 lines
  const Config usual = ConfigFiles::read(three);
  EXPECT_EQ(usual.loss[4].radius, 3);
  EXPECT_EQ(usual.loss[4].pool_way, "max");
  EXPECT_EQ(usual.loss[4].pool_size, 3);
  EXPECT_EQ(usual.loss[4].pool_stride, 3);
  const Config config = ConfigFiles::read(
      three + "training: {rmi_radius: 2, rmi_pool_way: 1, rmi_pool_size: 5, rmi_pool_stride: 4}\n");
  ASSERT_EQ(config.loss[4].name, "rmi");
  EXPECT_EQ(config.loss[4].radius, 2);
  EXPECT_EQ(config.loss[4].pool_way, "avg");
  EXPECT_EQ(config.loss[4].pool_size, 5);
  EXPECT_EQ(config.loss[4].pool_stride, 4);
  EXPECT_EQ(ConfigFiles::read(three + "training: {rmi_pool_way: 0}\n").loss[4].pool_way, "max");
  EXPECT_EQ(ConfigFiles::read(three + "training: {rmi_pool_way: 2}\n").loss[4].pool_way, "stride");
  EXPECT_EQ(error(three + "training:\n  rmi_radius: 0\n  rmi_pool_way: 3\n  rmi_pool_size: big\n"
                          "  rmi_pool_strides: 2\n"),
            "train.yaml:10: training.rmi_radius: expected an integer >= 1, got 0\n"
            "train.yaml:11: training.rmi_pool_way: expected 0 (max) | 1 (avg) | 2 (stride), got 3\n"
            "train.yaml:12: training.rmi_pool_size: expected an integer >= 1, got big\n"
            "train.yaml:13: training.rmi_pool_strides: unknown key of SegHiero, did you mean "
            "rmi_pool_stride?");
  // With two levels it has no RMI and does not read them.
  const Config two = ConfigFiles::read("dataset: {root: x}\nclasses:\n" + kFine +
                                       "training: {rmi_radius: 2, rmi_pool_way: 1}\n");
  EXPECT_EQ(two.loss.size(), 4U);
}

TEST_F(SegHiero, AWrongWeightIsOneProblem) {
  EXPECT_EQ(error("dataset: {root: x}\nclasses:\n" + kSuper + kFine +
                  "training: {super_weight: -1, fine_weight: .inf}\n"),
            "train.yaml:9: training.fine_weight: expected a number >= 0, got .inf\n"
            "train.yaml:9: training.super_weight: expected a number >= 0, got -1");
}

TEST_F(SegHiero, ADownloadedFileOfWeightsStandsInForTheUsualOne) {
  const auto pretrained = [] {
    return ConfigFiles::read(kDataset + "classes:\n" + kFine + kRest).model.pretrained;
  };
  ConfigFiles::write("weights/resnet50-0676ba61.pth", "");
  EXPECT_EQ(pretrained(), "weights/resnet50.safetensors");
  std::filesystem::remove("weights/resnet50.safetensors");
  ConfigFiles::write("weights/resnet101-63fe2227.pth", "");
  EXPECT_EQ(pretrained(), "weights/resnet50-0676ba61.pth");
  ConfigFiles::write("weights/resnet50-11ad3fa6.pth", "");  // which of the two?
  EXPECT_THAT(error(kDataset + "classes:\n" + kFine + kRest),
              HasSubstr("found none at weights/resnet50.safetensors"));
}

// Its mapping names options of deeplabv3plus.
TEST_F(SegHiero, AnotherDecoderOnTop) {
  const Config config =
      ConfigFiles::read(kDataset + "classes:\n" + kFine + kRest, {"model.decoder=unet"});
  EXPECT_EQ(config.model.decoder, "unet");
  const std::string written = write_config(config);
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
}

// Its groups of one class are the chain that classifier.repeat_shallow_leaves makes of our tree.
TEST_F(SegHiero, PascalPartHasTwelveChannels) {
  const Config config = ConfigFiles::read(
      kDataset +
      "classes:\n  super_coarse_to_coarse_map: [[0], [1, 2]]\n"
      "  coarse_to_fine_map: [[0], [1, 4], [5, 6]]\n");
  EXPECT_EQ(config.classifier.nodes, "all");
  EXPECT_EQ(Hierarchy(config.hierarchy).num_nodes(), 2 + 3 + 7);
}

TEST_F(SegHiero, UnindentedDatasetBlock) {
  const Config config = ConfigFiles::read(
      "dataset:\nroot: '/path'\ntrain:\n  image_subdir: '/x'\n  mask_subdir: '/y'\n"
      "val:\n  image_subdir: '/'\n  mask_subdir: '/y'\nclasses:\n" + kFine + kRest);
  EXPECT_EQ(config.data.root, "/path");
  EXPECT_EQ(config.data.splits.at("train").images, "x");
  EXPECT_EQ(config.data.splits.at("val").images, ".");
}

TEST_F(SegHiero, MissingNamesBlocksAndModel) {
  const Config config = ConfigFiles::read(
      "dataset: {root: x}\nclasses: {super_coarse_to_coarse_map: [[1], [0]], coarse_to_fine_map: "
      "[[2], [0,1]]}\n");
  const Hierarchy tree(config.hierarchy);
  EXPECT_EQ(tree.path(tree.find("fine_2")), "super_coarse_1/coarse_0/fine_2");
  EXPECT_EQ(config.model.encoder, "resnet101");
  EXPECT_EQ(config.device, "cpu");
  EXPECT_EQ(config.data.image_size, DataConfig().image_size);
  EXPECT_EQ(config.data.augment.flip, 0);
}

TEST_F(SegHiero, RepeatedNamesOnACoarseClassOfOneFineClass) {
  const Config config = ConfigFiles::read(
      "dataset: {root: x}\nclasses: {coarse_to_fine_map: [[0], [1,2]], coarse_names: [sky, car], "
      "fine_names: [sky, car, bus]}\n");
  EXPECT_EQ(Hierarchy(config.hierarchy).num_leaves(), 3);
  const std::string written = write_config(config);
  EXPECT_THAT(written, HasSubstr("\n  sky/sky: 0\n  car/car: 1\n  bus: 2\n"));
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
}

TEST_F(SegHiero, OverridesUseOurKeysAfterTheMapping) {
  const Config config = ConfigFiles::read(
      kDataset + "classes:\n" + kFine + kRest,
      {"training.epochs=1", "model.pretrained=", "embedding.space=poincare", "loss.0.weight=7"});
  EXPECT_EQ(config.training.epochs, 1);
  EXPECT_EQ(config.model.pretrained, "");
  EXPECT_EQ(config.embedding.space, "poincare");
  EXPECT_EQ(config.loss[0].weight, 7);
}

TEST_F(SegHiero, DevicesThatAreNotThere) {
  if (torch::cuda::is_available()) {
    GTEST_SKIP() << "this machine has a CUDA device";
  }
  std::filesystem::remove("weights/resnet101.safetensors");
  const std::string head = "dataset: {root: x}\nclasses: {coarse_to_fine_map: [[0], [1]]}\n";
  const std::string full =
      head + "model:\n  pretrained_model: resnet-101\ntraining:\n  device: cuda\n  gpus: [1, 0]\n";
  EXPECT_EQ(error(full),
            "train.yaml:4: model.pretrained_model: expected a file of weights, found none at "
            "weights/resnet101.safetensors; scripts/fetch_weights says where those of the ResNets are, "
            "--set model.pretrained=FILE.pth reads one, --set model.pretrained=\"\" runs without it\n"
            "train.yaml:6: training.device: asks for cuda:1, but this machine has no usable CUDA "
            "device; --set device=cpu runs without it");
  EXPECT_EQ(error(full, {"model.pretrained=\"\"", "device=cpu"}), "");
  const std::vector<std::string> untrained = {"model.pretrained="};
  EXPECT_EQ(error(head + "training: {device: cuda, gpus: []}\n", untrained), "");
  EXPECT_THAT(error(head + "training: {device: cuda}\n", untrained), HasSubstr("asks for cuda,"));
  EXPECT_THAT(error(head + "training: {device: \"cuda:1\", gpus: [3, 5]}\n", untrained),
              HasSubstr("asks for cuda:5,"));
  EXPECT_THAT(error(head + "training: {gpus: [2]}\n", untrained),
              HasSubstr("training.gpus: asks for cuda:2,"));
  EXPECT_EQ(error(head + "training: {device: \"cuda:2\", gpus: [3]}\n", untrained),
            "train.yaml:3: training.device: cuda:2 counts within training.gpus, which lists 1");
}

TEST_F(SegHiero, MistakesOfTheMaps) {
  const auto classes = [](const std::string& text) {
    return ConfigFiles::error("dataset: {root: x}\nclasses:\n" + text);
  };
  EXPECT_EQ(classes("  coarse_to_fine_map: [[0,1], [3]]\n"),
            "train.yaml:3: classes.coarse_to_fine_map: no group holds fine class 2");
  EXPECT_EQ(classes("  coarse_to_fine_map: [[0,2], [2,3]]\n"),
            "train.yaml:3: classes.coarse_to_fine_map.1: fine class 2 is in group 0 already");
  EXPECT_EQ(classes("  coarse_to_fine_map: [[0,2]]\n  fine_names: {0: a, 1: b}\n"),
            "train.yaml:3: classes.coarse_to_fine_map.0: there are 2 fine classes, 0 to 1; got "
            "index 2");
  EXPECT_EQ(classes("  coarse_to_fine_map: [[2,1], [0,1,2], 3]\n"),
            "train.yaml:3: classes.coarse_to_fine_map.0: expected [a], or [first, last] with first "
            "<= last, got [2, 1]\n"
            "train.yaml:3: classes.coarse_to_fine_map.1: expected [a], or [first, last] with first "
            "<= last, got [0, 1, 2]\n"
            "train.yaml:3: classes.coarse_to_fine_map.2: expected [a], or [first, last] with first "
            "<= last, got 3");
  EXPECT_EQ(classes("  coarse_to_fine_map: [[0], [1]]\n  coarse_names: {0: a, 2: b}\n"),
            "train.yaml:4: classes.coarse_names.2: there are 2 coarse classes, 0 to 1; got index "
            "2\n"
            "train.yaml:4: classes.coarse_names: no name for coarse class 1");
  // SegHiero's own code took these for fine indices: 0 to 3 would have passed.
  EXPECT_EQ(classes("  coarse_to_fine_map: [[0, 1], [2, 3]]\n"
                    "  super_coarse_to_coarse_map: [[0, 1], [2, 3]]\n"),
            "train.yaml:4: classes.super_coarse_to_coarse_map.1: there are 2 coarse classes, 0 to "
            "1; got index 2");
  EXPECT_EQ(classes("  coarse_to_fine_map: [[0], [1]]\n  super_coarse_names: {0: a}\n"),
            "train.yaml:4: classes.super_coarse_names: needs super_coarse_to_coarse_map");
  EXPECT_EQ(classes("  coarse_to_fin_map: [[0], [1]]\n"),
            "train.yaml:2: classes.coarse_to_fine_map: expected a list of ranges such as [[0, 3], "
            "[4]], got nothing\n"
            "train.yaml:3: classes.coarse_to_fin_map: unknown key of SegHiero, did you mean "
            "coarse_to_fine_map?");
  EXPECT_EQ(classes("  coarse_to_fine_map: [[0], [1]]\n  coarse_names: [a, a]\n"),
            "train.yaml:4: hierarchy: node \"a\": stands twice under the same parent");
}

TEST_F(SegHiero, MessagesKeepItsKeys) {
  EXPECT_EQ(error("dataset:\n"
                  "  roots: x\n"
                  "  train: {image_subdirs: a}\n"
                  "classes: {coarse_to_fine_map: [[0], [1]]}\n"
                  "model: {pretrained_model: vgg}\n"
                  "training:\n"
                  "  lr: -1\n"
                  "  batch_size: 0\n"
                  "  fine_weight: heavy\n"
                  "  epoch: 3\n"
                  "transform: {hflip_prob: 2, resize: 150}\n"
                  "output: {project_name: a/b}\n"
                  "outputs: {}\n"),
            "train.yaml:1: data.root: missing, expected the folder of the data set\n"
            "train.yaml:2: dataset.roots: unknown key of SegHiero, did you mean root?\n"
            "train.yaml:3: dataset.train.image_subdirs: unknown key of SegHiero, did you mean "
            "image_subdir?\n"
            "train.yaml:5: model.pretrained_model: expected resnet-18 | resnet-34 | resnet-50 | "
            "resnet-101 | resnet-152, got vgg\n"
            "train.yaml:7: training.lr: expected a number > 0, got -1\n"
            "train.yaml:8: training.batch_size: expected an integer >= 1, got 0\n"
            "train.yaml:9: training.fine_weight: expected a number >= 0, got heavy\n"
            "train.yaml:10: training.epoch: unknown key of SegHiero, did you mean epochs?\n"
            "train.yaml:11: transform.resize: expected [height, width], integers > 0, got 150\n"
            "train.yaml:11: transform.hflip_prob: expected a number from 0 to 1, got 2\n"
            "train.yaml:12: output.project_name: expected a name without slashes, got a/b\n"
            "train.yaml:13: outputs: unknown key of SegHiero, did you mean output?");
}

std::string without_common_indentation(const std::vector<std::string>& lines) {
  std::size_t indent = std::string::npos;
  for (const std::string& line : lines) {
    indent = std::min(indent, line.find_first_not_of(' '));
  }
  std::string text;
  for (const std::string& line : lines) {
    text += line.substr(std::min(indent, line.size())) + "\n";
  }
  return text;
}

// The YAML blocks of the seed document, as it prints them.
std::vector<std::string> seed_blocks() {
  std::istringstream stream(
      text_of_file(GYROSEG_SOURCE_DIR "/../shared/seeds/000_5b585d412080f9a2.txt"));
  std::vector<std::string> blocks;
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(stream, line);) {
    if (inside && line.find("```") != std::string::npos) {
      blocks.push_back(without_common_indentation(lines));
      inside = false;
    } else if (inside) {
      lines.push_back(line);
    } else if (line.find("```yaml") != std::string::npos) {
      lines.clear();
      inside = true;
    }
  }
  return blocks;
}

TEST_F(SegHiero, TheSnippetsOfTheSeedDocument) {
  const std::vector<std::string> blocks = seed_blocks();
  if (blocks.empty()) {
    GTEST_SKIP() << "the seed document is not there";
  }
  // dataset, classes of two levels, classes of three, model, training, transform, output
  ASSERT_EQ(blocks.size(), 7U);
  for (const int levels : {2, 3}) {
    const std::string text = blocks[0] + (levels == 2 ? blocks[1] : blocks[2]) + blocks[3] +
                             blocks[4] + blocks[5] + blocks[6];
    const Config config = ConfigFiles::read(text, {"device=cpu", "model.pretrained="});
    EXPECT_EQ(config.data.root, "/path/to/your/dataset");
    EXPECT_EQ(config.data.splits.at("train").images, "subdir");
    EXPECT_EQ(config.name, "experiment_name");
    EXPECT_EQ(config.training.epochs, 50);
    EXPECT_EQ(config.data.image_size, (std::array<int, 2>{150, 150}));
    const Hierarchy tree(config.hierarchy);
    EXPECT_EQ(tree.num_levels(), levels);
    EXPECT_EQ(tree.num_leaves(), 9);
    EXPECT_EQ(config.loss.size(), levels == 2 ? 4U : 6U);
  }
}

}  // namespace gyroseg::seghiero_test
