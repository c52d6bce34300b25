#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_files.h"
#include "gyroseg/config/keys.h"

namespace gyroseg::write_test {

using ::testing::ElementsAre;

/// A row of the tables of configs/README.md.
struct DocumentedKey {
  std::string key;
  std::string default_value;
};

std::vector<DocumentedKey> documented_keys() {
  std::istringstream lines(text_of_file(GYROSEG_SOURCE_DIR "/configs/README.md"));
  std::vector<DocumentedKey> keys;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## SegHiero")) {
      break;
    }
    if (!line.starts_with("| `")) {
      continue;
    }
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) {
      cell.erase(0, cell.find_first_not_of(" `"));
      cell.erase(cell.find_last_not_of(" `") + 1);
      cells.push_back(cell);
    }
    keys.push_back({cells.at(1), cells.at(3)});
  }
  return keys;
}

// A config in which every loss stands, so that every key of a loss can be set.
const std::string kAllLosses =
    kMinimal + "classifier: {nodes: all}\n"
               "loss: [{name: cross_entropy}, {name: tree_min}, {name: tree_triplet},"
               " {name: focal}, {name: rmi}]\n";

// "loss[].gamma" -> "loss.1.gamma" of kAllLosses.
std::string addressed(std::string key) {
  const std::map<std::string, std::string> loss_of = {
      {"gamma", "1"},        {"margin", "2"},    {"fixed_margin", "2"},
      {"max_triplets", "2"}, {"positives", "2"}, {"label", "0"},
        {"levels", "3"},       {"level_weights", "3"}, {"radius", "4"},
        {"pool_size", "4"},    {"pool_stride", "4"}, {"pool_way", "4"},
        {"reduction", "4"}};
  if (key.starts_with("loss[].")) {
    const std::string option = key.substr(7);
    const auto found = loss_of.find(option);
    key = "loss." + (found == loss_of.end() ? "0" : found->second) + "." + option;
  }
  return key;
}

TEST(Keys, AreAllDocumentedAndNoOthers) {
  std::vector<std::string> documented;
  for (const DocumentedKey& row : documented_keys()) {
    documented.push_back(row.key);
  }
  EXPECT_THAT(documented, ::testing::UnorderedElementsAreArray(config_keys()));
}

TEST(Keys, DocumentedDefaultsAreTheDefaults) {
  const ConfigFiles files;
  const std::string written = write_config(ConfigFiles::read(kAllLosses));
  int compared = 0;
  for (const auto& [key, value] : documented_keys()) {
    // kAllLosses sets the last two itself.
    if (value == "required" || value == "unset" || value == "see meaning" || key == "loss" ||
        key == "classifier.nodes") {
      continue;
    }
    EXPECT_EQ(write_config(ConfigFiles::read(kAllLosses, {addressed(key) + "=" + value})), written)
        << key << "=" << value;
    ++compared;
  }
  EXPECT_GT(compared, 60);
}

TEST(Losses, DefaultsAndLabelsOfLevels) {
  const ConfigFiles files;
  const Config config = ConfigFiles::read(
      kMinimal +
      "classifier: {nodes: all}\n"
      "loss: [{name: focal, level: all, level_weights: [2, 0.5]}, {name: focal, gamma: 0},"
      " {name: dice, levels: [1, 2]}, {name: total_variation, level: 2}, {name: boundary},"
      " {name: bce}, {name: hierarchical_softmax}]\n");
  const std::vector<std::string> labels = {"focal@all", "focal@leaf", "dice@1+2",
                                           "total_variation@2", "boundary@leaf", "bce",
                                           "hierarchical_softmax"};
  ASSERT_EQ(config.loss.size(), labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    EXPECT_EQ(config.loss[i].label, labels[i]);
  }
  EXPECT_EQ(config.loss[0].level, kAllLevels);
  EXPECT_EQ(config.loss[0].gamma, 2);
  EXPECT_EQ(config.loss[1].gamma, 0);
  EXPECT_THAT(config.loss[0].level_weights, ElementsAre(2, 0.5));
  EXPECT_THAT(config.loss[2].levels, ElementsAre(1, 2));
  const std::string written = write_config(config);
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
}

// Each key set to something else must reach the written config, and survive being read back.
const std::map<std::string, std::string> kOtherValues = {
    {"name", "other"},
    {"seed", "18446744073709551615"},
    {"output_dir", "\"a b: #c\""},
    {"data.root", "\"~\""},
    {"data.layout", "pascal_part"},
    {"data.splits.train.list", "train.txt"},
    {"data.splits.val.list", "val.txt"},
    {"data.splits.test.list", "\"null\""},
    {"data.classes", "names.txt"},
    {"data.splits.train.images", "a"},
    {"data.splits.train.masks", "b"},
    {"data.splits.val.images", "c"},
    {"data.splits.val.masks", "\"yes\""},
    {"data.splits.test.images", "\"1\""},
    {"data.splits.test.masks", "\"tab\\t, quote \\\" and \\\\\""},
    {"data.image_size", "[64, 96]"},
    {"data.resample", "lanczos"},
    {"data.ignore_index", "254"},
    {"data.label_map", "{7: ignore, 8: 0, -1: ignore}"},
    {"data.color_map", "{\"#00fF7a\": 1, \"#000000\": ignore}"},
    {"data.threads", "0"},
    {"data.cache_mb", "0"},
    {"data.mean", "[0.1, 0.2, 0.30000000000000004]"},
    {"data.std", "[1, 2, 3]"},
    {"data.augment.flip", "0.5"},
    {"data.augment.scale", "[0.8, 1.5]"},
    {"data.augment.brightness", "0.1"},
    {"data.augment.contrast", "0.2"},
    {"data.augment.saturation", "0.3"},
    {"data.augment.flip_vertical", "0.5"},
    {"data.augment.crop", "0.25"},
    {"data.augment.crop_size", "[0.25, 0.75]"},
    {"data.augment.rotation", "15"},
    {"data.augment.clahe", "0.5"},
    {"data.augment.clahe_clip", "[2, 2]"},
    {"data.augment.gamma", "[0.8, 1.2]"},
    {"data.augment.scale_p", "0.1"},
    {"data.augment.brightness_p", "0.2"},
    {"data.augment.contrast_p", "0.3"},
    {"data.augment.saturation_p", "0.4"},
    {"data.augment.rotation_p", "0.5"},
    {"data.augment.gamma_p", "0.6"},
    {"model.encoder", "resnet50"},
    {"model.output_stride", "8"},
    {"model.decoder", "unet"},
    {"model.aspp_dilations", "[1, 2]"},
    {"model.aspp_channels", "64"},
    {"model.low_level_channels", "32"},
    {"model.decoder_channels", "128"},
    {"model.encoder_channels", "[8, 16]"},
    {"model.pool_kernel", "3"},
    {"model.unet_channels", "[32, 16, 8]"},
    {"model.upsample", "transposed"},
    {"model.block_depth", "3"},
    {"model.conv_kernel", "5"},
    {"model.batch_norm", "false"},
    {"model.activation", "silu"},
    {"model.branches", "per_level"},
    {"model.projection", "linear"},
    {"model.projection_input", "decoder"},
    {"model.auxiliary_weight", "0"},
    {"model.auxiliary_head", "conv_relu"},
    {"model.pretrained", "weights.safetensors"},
    {"embedding.space", "poincare"},
    {"embedding.dim", "2"},
    {"embedding.curvature", "1e-06"},
    {"embedding.learn_curvature", "true"},
    {"classifier.input", "embedding"},
    {"classifier.kind", "prototypes"},
    {"classifier.temperature", "0.3"},
    {"classifier.learn_temperature", "true"},
    {"classifier.prototypes", "weights.safetensors"},
    {"classifier.learn_prototypes", "false"},
    {"classifier.repeat_shallow_leaves", "true"},
    {"loss[].label", "main"},
    {"loss[].weight", "0.3333333333333333"},
    {"loss[].schedule", "cosine"},
    {"loss[].level", "1"},
    {"loss[].levels", "[2]"},
    {"loss[].level_weights", "[0.5]"},
    {"loss[].class_weights", "median_frequency"},
    {"loss[].gamma", "2"},
    {"loss[].margin", "0.2"},
    {"loss[].fixed_margin", "0.6"},
    {"loss[].max_triplets", "50"},
    {"loss[].positives", "include_own_class"},
    {"loss[].radius", "2"},
    {"loss[].pool_size", "5"},
    {"loss[].pool_stride", "2"},
    {"loss[].pool_way", "avg"},
    {"loss[].reduction", "level_mean"},
    {"optimizer.name", "adamw"},
    {"optimizer.lr", "2.2250738585072014e-308"},
    {"optimizer.momentum", "0.5"},
    {"optimizer.betas", "[0.5, 0.99]"},
    {"optimizer.weight_decay", "1.0e-05"},
    {"optimizer.clip_norm", "1"},
    {"schedule.name", "cosine"},
    {"schedule.power", "2"},
    {"schedule.warmup_steps", "50"},
    {"schedule.min_lr", "1e-5"},
    {"training.epochs", "3"},
    {"training.batch_size", "1"},
    {"training.max_steps", "100"},
    {"training.validate_every", "10"},
    {"training.evaluate_train", "64"},
    {"training.drop_last", "false"},
    {"training.ema", "0.999"},
    {"training.early_stopping", "2"},
    {"training.best", "miou@leaf"},
    {"training.init_from", "weights.safetensors"},
    {"training.save_checkpoints", "false"},
    {"training.link_best", "true"},
    {"training.max_nonfinite", "1"},
    {"training.channels_last", "false"},
    {"training.precision", "bfloat16"},
    {"training.sync_batch_norm", "false"},
    {"training.tensorboard", "true"},
    {"training.embedding_snapshots", "500"},
    {"training.threads", "2"},
    {"inference.window", "[64, 96]"},
    {"inference.stride", "[64, 1]"},
    {"inference.scales", "[0.5, 1, 1.75]"},
    {"inference.flip", "true"},
    {"inference.backoff_threshold", "0.75"},
    {"decode", "[path_sum, level_head]"},
    {"metrics.resolution", "original"},
    {"metrics.background", "body/head"},
};

// Options that the encoder and decoder of kAllLosses do not read -> one that does.
const std::map<std::string, std::string> kReaders = {
    {"model.encoder_channels", "model.encoder=convnet"}, {"model.pool_kernel", "model.decoder=segnet"},
    {"model.unet_channels", "model.decoder=unet"},       {"model.upsample", "model.decoder=unet"},
    {"model.block_depth", "model.decoder=unet"},         {"model.conv_kernel", "model.decoder=unet"},
    {"model.batch_norm", "model.decoder=unet"},          {"model.activation", "model.decoder=unet"},
};

TEST(Write, EveryKeyRoundTrips) {
  const ConfigFiles files;
  ConfigFiles::write("weights.safetensors", "");
  for (const std::string& key : config_keys()) {
    if (key == "device" || key == "hierarchy" || key == "labels" || key == "hierarchy.file" ||
        key == "loss" || key == "loss[].name" || key == "classifier.nodes" ||
        key == "inference.stride" || key == "embedding.learn_curvature" ||
        key.starts_with("data.color_map[]") ||
        (key.starts_with("classifier.") && key != "classifier.input" &&
         key != "classifier.repeat_shallow_leaves")) {
      continue;  // the machine decides about devices; a stride needs a window, a learned c a space
                 // that has one, prototypes their kind (next test); others have own tests
    }
    ASSERT_TRUE(kOtherValues.contains(key)) << key;
    std::vector<std::string> overrides;
    if (const auto reader = kReaders.find(key); reader != kReaders.end()) {
      overrides.push_back(reader->second);
    }
    const std::string written = write_config(ConfigFiles::read(kAllLosses, overrides));
    overrides.push_back(addressed(key) + "=" + kOtherValues.at(key));
    const std::string text = write_config(ConfigFiles::read(kAllLosses, overrides));
    EXPECT_NE(text, written) << key;
    EXPECT_EQ(write_config(ConfigFiles::read(text)), text) << key;
  }
}

// What no resnet50 with a unet reads.
const std::set<std::string> kOfOtherNetworks = {
    "model.aspp_channels",    "model.aspp_dilations",     "model.decoder_channels",
    "model.encoder_channels", "model.low_level_channels", "model.pool_kernel"};

TEST(Write, AllKeysAtOnceComeBackEqual) {
  const ConfigFiles files;
  ConfigFiles::write("weights.safetensors", "");
  std::vector<std::string> overrides;
  for (const auto& [key, value] : kOtherValues) {
    if (key == "model.branches") continue;  // contradicts classifier.input: embedding
    if (kOfOtherNetworks.contains(key)) continue;
    overrides.push_back(addressed(key) + "=" + (key == "optimizer.lr" ? "0.1" : value));
  }
  const Config config = ConfigFiles::read(kAllLosses, overrides);
  EXPECT_EQ(config.data.splits.at("test").masks, "tab\t, quote \" and \\");
  EXPECT_EQ(config.data.label_map, (std::map<int, std::optional<int>>{{-1, std::nullopt}, {7, std::nullopt}, {8, 0}}));
  ASSERT_EQ(config.data.color_map.size(), 2U);
  EXPECT_EQ(config.data.color_map[0].first, (std::array<std::uint8_t, 3>{0x00, 0xff, 0x7a}));
  EXPECT_EQ(config.data.color_map[1].second, 254);  // ignore_index, overridden in the same call
  const std::string text = write_config(config);
  const Config again = ConfigFiles::read(text);
  EXPECT_EQ(write_config(again), text);
  EXPECT_EQ(again.data.mean, config.data.mean);
  EXPECT_EQ(again.data.color_map, config.data.color_map);
  EXPECT_EQ(again.loss[0].weight, 0.3333333333333333);
  EXPECT_EQ(again.loss[2].fixed_margin, 0.6);
  EXPECT_EQ(again.seed, 18446744073709551615ULL);
  EXPECT_TRUE(again.embedding.learn_curvature);
  EXPECT_EQ(again.classifier.kind, "prototypes");
  EXPECT_EQ(again.classifier.temperature, 0.3);
  EXPECT_TRUE(again.classifier.learn_temperature);
  EXPECT_EQ(again.classifier.prototypes, "weights.safetensors");
  EXPECT_FALSE(again.classifier.learn_prototypes);
  EXPECT_EQ(again.inference.window, (std::array<int, 2>{64, 96}));
  EXPECT_EQ(again.inference.stride, (std::array<int, 2>{64, 1}));
  EXPECT_THAT(again.inference.scales, ElementsAre(0.5, 1, 1.75));
}

TEST(Write, HierarchyAsNestedNamesAndATable) {
  const ConfigFiles files;
  const std::string text =
      write_config(ConfigFiles::read("data: {root: x}\nhierarchy: {bg: 0, body: {\"no\": 4, x: {y: "
                                     "2}}}\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("hierarchy:\n"
                                         "  bg: {}\n"
                                         "  body:\n"
                                         "    \"no\": {}\n"
                                         "    x:\n"
                                         "      \"y\": {}\n"
                                         "labels:\n"
                                         "  bg: 0\n"
                                         "  \"y\": 2\n"
                                         "  \"no\": 4\n"));
}

TEST(Read, ALayoutSetsTheNamesThatTheConfigLeavesOut) {
  const ConfigFiles files;
  const DataConfig seed001 =
      ConfigFiles::read(kMinimal + "", {"data.layout=pascal_part", "data.splits.val.masks=other"})
          .data;
  EXPECT_EQ(seed001.splits.at("train").images, "JPEGImages");
  EXPECT_EQ(seed001.splits.at("train").masks, "gt_masks");
  EXPECT_EQ(seed001.splits.at("train").list, "train_id.txt");
  EXPECT_EQ(seed001.splits.at("val").masks, "other");
  EXPECT_EQ(seed001.splits.at("test").list, "test_id.txt");
  EXPECT_EQ(seed001.classes, "classes.txt");
  const DataConfig voc = ConfigFiles::read(kMinimal, {"data.layout=voc"}).data;
  EXPECT_EQ(voc.splits.at("val").masks, "SegmentationClass");
  EXPECT_EQ(voc.splits.at("val").list, "ImageSets/Segmentation/val.txt");
  EXPECT_EQ(voc.classes, "");
  const DataConfig folders = ConfigFiles::read(kMinimal).data;
  EXPECT_EQ(folders.splits.at("val").masks, "val/masks");
  EXPECT_EQ(folders.splits.at("val").list, "");
  EXPECT_EQ(ConfigFiles::error(kMinimal, {"data.layout=coco"}),
            "--set data.layout=coco: data.layout: expected folders | pascal_part | voc, got coco");
}

TEST(Read, ResolvesWhatIsLeftToTheProgram) {
  const ConfigFiles files;
  const auto model = [](const std::string& more) {
    return ConfigFiles::read(kMinimal + more).model;
  };
  EXPECT_EQ(model("").projection_input, "encoder");
  EXPECT_EQ(model("classifier: {input: embedding}\n").projection_input, "decoder");
  EXPECT_EQ(model("classifier: {input: embedding}\nmodel: {projection_input: encoder}\n")
                .projection_input,
            "encoder");
  EXPECT_THAT(model("model: {output_stride: 8}\n").aspp_dilations, ElementsAre(12, 24, 36));
  EXPECT_THAT(model("").aspp_dilations, ElementsAre(6, 12, 18));
  EXPECT_THAT(model("model: {output_stride: 32}\n").aspp_dilations, ElementsAre(3, 6, 9));
}

// architecture.md, "A config at a glance".
TEST(Read, TheConfigOfTheArchitecture) {
  const ConfigFiles files;
  const Config config = ConfigFiles::read(R"(
name: figures_poincare
seed: 0
device: cpu
hierarchy: {background: {}, body: {upper_body: {low_hand: {}, torso: {}, head: {}, up_hand: {}},
                                   lower_body: {low_leg: {}, up_leg: {}}}}
labels: {background: 0, low_hand: 1, torso: 2, low_leg: 3, head: 4, up_leg: 5, up_hand: 6}
data: {layout: folders, root: data/figures, image_size: [128, 128], ignore_index: 255,
       threads: 2, augment: {flip: 0.5, scale: [0.8, 1.5]}}
model: {encoder: resnet18, output_stride: 16, decoder: deeplabv3plus, projection: convmlp,
        auxiliary_weight: 0.4}
embedding: {space: poincare, dim: 16, curvature: 1.0}
classifier: {input: embedding, nodes: leaves}
loss:
  - {name: cross_entropy, level: leaf, weight: 1.0, class_weights: sqrt_median_frequency}
  - {name: tree_triplet, weight: 0.5, schedule: cosine}
optimizer: {name: sgd, lr: 0.03, momentum: 0.9, weight_decay: 1.0e-4, clip_norm: 1.0}
schedule: {name: poly, power: 0.9, warmup_steps: 50}
training: {epochs: 10, batch_size: 8}
decode: level_sum
)");
  EXPECT_EQ(config.name, "figures_poincare");
  EXPECT_EQ(config.data.augment.scale, (std::array<double, 2>{0.8, 1.5}));
  EXPECT_EQ(config.loss[0].class_weights, "sqrt_median_frequency");
  EXPECT_EQ(config.loss[0].label, "cross_entropy@leaf");
  EXPECT_EQ(config.loss[1].schedule, "cosine");
  EXPECT_EQ(config.optimizer.weight_decay, 1e-4);
  EXPECT_EQ(config.schedule.warmup_steps, 50);
  EXPECT_THAT(config.decode, ElementsAre("level_sum"));
  const std::string text = write_config(config);
  EXPECT_EQ(write_config(ConfigFiles::read(text)), text);
}

}  // namespace gyroseg::write_test
