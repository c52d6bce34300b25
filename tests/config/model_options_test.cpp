// Names and options of encoders and decoders: what is refused where.
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_files.h"

namespace gyroseg::model_options_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ModelOptions : public ::testing::Test {
 protected:
  // `model` after the two lines of the smallest config: its first key stands in line 4.
  static std::string text_with(const std::string& model) { return kMinimal + "model:\n" + model; }
  static std::string error(const std::string& model, const std::vector<std::string>& overrides = {}) {
    return ConfigFiles::error(text_with(model), overrides);
  }

  ConfigFiles files_;
};

TEST_F(ModelOptions, UnknownNamesStandAmongTheOtherProblems) {
  EXPECT_EQ(error("  encoder: resnet99\n  unet_channels: [8]\n  decoder: fcn\n  block_depth: 0\n"),
            "train.yaml:4: model.encoder: expected resnet18 | resnet34 | resnet50 | resnet101 | "
            "resnet152 | convnet | pointwise, got resnet99\n"
            "train.yaml:6: model.decoder: expected deeplabv3plus | unet | segnet | pointwise, got fcn\n"
            "train.yaml:7: model.block_depth: expected an integer >= 1, got 0");
}

// The config sees no models, so it has names of its own.
TEST_F(ModelOptions, NamesAreThoseOfTheRegistry) {
  const std::string registry = text_of_file(GYROSEG_SOURCE_DIR "/src/models/registry.cpp");
  for (const std::string part : {"encoder", "decoder"}) {
    const std::regex row((part == "encoder" ? "EncoderEntry" : "DecoderEntry") +
                         std::string("\\{\"([a-z0-9]+)\""));
    std::string names;
    for (std::sregex_iterator at(registry.begin(), registry.end(), row), end; at != end; ++at) {
      names += (names.empty() ? "" : " | ") + (*at)[1].str();
    }
    EXPECT_EQ(error("  " + part + ": none\n"),
              "train.yaml:4: model." + part + ": expected " + names + ", got none");
  }
}

TEST_F(ModelOptions, OptionsThatNeitherEncoderNorDecoderReads) {
  EXPECT_EQ(error("  encoder: convnet\n"
                  "  decoder: segnet\n"
                  "  unet_channels: [6, 4]\n"
                  "  upsample: bilinear\n"
                  "  output_stride: 8\n"
                  "  pool_kernel: 3\n"),
            "train.yaml:6: model.unet_channels: encoder convnet and decoder segnet do not read this "
            "option of unet\n"
            "train.yaml:7: model.upsample: encoder convnet and decoder segnet do not read this option "
            "of unet\n"
            "train.yaml:8: model.output_stride: encoder convnet and decoder segnet do not read this "
            "option of resnet18, resnet34, resnet50, resnet101, resnet152, deeplabv3plus");
  EXPECT_EQ(error("  pool_kernel: 3\n"),
            "train.yaml:4: model.pool_kernel: encoder resnet18 and decoder deeplabv3plus do not read "
            "this option of convnet, segnet");
  EXPECT_EQ(error("  decoder: unet\n  aspp_dilations: [1, 2]\n"),
            "train.yaml:5: model.aspp_dilations: encoder resnet18 and decoder unet do not read this "
            "option of deeplabv3plus");
  // A pointwise encoder has no option, a pointwise decoder has one.
  EXPECT_EQ(error("  decoder: pointwise\n  decoder_channels: 8\n"), "");
  EXPECT_THAT(error("  encoder: pointwise\n  decoder: unet\n  decoder_channels: 8\n"),
              HasSubstr("train.yaml:6: model.decoder_channels: "));
}

TEST_F(ModelOptions, OnesOfBothOrEitherAreRead) {
  EXPECT_EQ(error("  encoder: convnet\n  encoder_channels: [8, 16]\n  block_depth: 3\n"
                  "  output_stride: 8\n  aspp_channels: 64\n"), "");
  EXPECT_EQ(error("  decoder: unet\n  output_stride: 32\n  unet_channels: [8]\n  activation: elu\n"), "");
  EXPECT_EQ(error("  decoder: segnet\n  decoder_channels: 8\n  pool_kernel: 3\n  conv_kernel: 5\n"), "");
}

// As in a resolved config, which names every key and has the dilations filled in.
TEST_F(ModelOptions, DefaultsAreTaken) {
  const std::string model =
      "  decoder: unet\n  output_stride: 32\n  aspp_dilations: [3, 6, 9]\n  aspp_channels: 256\n"
      "  encoder_channels: [64, 128, 256, 512]\n  pool_kernel: 2\n";
  EXPECT_EQ(error(model), "");
  EXPECT_EQ(error("  decoder: unet\n  aspp_dilations: []\n"), "");
  const std::string written = write_config(ConfigFiles::read(text_with(model)));
  EXPECT_THAT(written, HasSubstr("  aspp_dilations: [3, 6, 9]\n"));
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
}

TEST_F(ModelOptions, AnotherChoiceOnTopLeavesTheOptionsOfTheFirst) {
  const std::string deeplab = "  aspp_channels: 64\n  aspp_dilations: [1, 2]\n  output_stride: 8\n";
  const Config config = ConfigFiles::read(text_with(deeplab), {"model.decoder=unet"});
  const std::string written = write_config(config);
  EXPECT_THAT(written, HasSubstr("  aspp_dilations: [12, 24, 36]\n  aspp_channels: 256\n"));
  EXPECT_THAT(written, HasSubstr("  output_stride: 8\n"));
  EXPECT_EQ(write_config(ConfigFiles::read(written)), written);
  EXPECT_EQ(error(deeplab, {"model.encoder=pointwise", "model.decoder=pointwise"}), "");
  EXPECT_EQ(error("  encoder: convnet\n  decoder: unet\n  unet_channels: [8]\n", {"model.decoder="}), "");
  // What comes with the choice or after it is meant for it.
  const std::string refused =
      ": model.unet_channels: encoder convnet and decoder segnet do not read this option of unet";
  EXPECT_EQ(error("  encoder: convnet\n  decoder: segnet\n", {"model.unet_channels=[6]"}),
            "--set model.unet_channels=[6]" + refused);
  EXPECT_EQ(error("", {"model={encoder: convnet, decoder: segnet, unet_channels: [6]}"}),
            "--set model={encoder: convnet, decoder: segnet, unet_channels: [6]}" + refused);
}

// A Config made in code may hold anything: its file is read back all the same.
TEST_F(ModelOptions, WrittenConfigsNameNoOptionOfAnotherNetwork) {
  Config config = ConfigFiles::read(kMinimal);
  config.model.encoder = config.model.decoder = "pointwise";
  config.model.output_stride = 8;
  config.model.aspp_dilations = {1, 2, 3};
  config.model.low_level_channels = 16;
  config.model.decoder_channels = 32;
  config.model.activation = "elu";
  const Config again = ConfigFiles::read(write_config(config));
  EXPECT_EQ(again.model.decoder_channels, 32);
  EXPECT_EQ(again.model.output_stride, 16);
  EXPECT_THAT(again.model.aspp_dilations, ElementsAre(6, 12, 18));
  EXPECT_EQ(again.model.low_level_channels, 48);
  EXPECT_EQ(again.model.activation, "relu");
}

}  // namespace gyroseg::model_options_test
