#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <string>

#include "gyroseg/models/decoder.h"
#include "gyroseg/models/encoder.h"

namespace gyroseg::registry_test {

template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const c10::ValueError& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

TEST(Registry, ListsEncodersAndDecoders) {
  EXPECT_THAT(encoder_names(),
              ::testing::ElementsAre("resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
                                     "convnet", "pointwise"));
  EXPECT_THAT(decoder_names(),
              ::testing::ElementsAre("deeplabv3plus", "unet", "segnet", "pointwise"));
}

TEST(Registry, AnUnknownNameListsTheKnownOnes) {
  ModelConfig config;
  config.encoder = "resnet19";
  EXPECT_EQ(message_of([&] { (void)make_encoder(config); }),
            "model.encoder: expected one of resnet18, resnet34, resnet50, resnet101, resnet152, "
            "convnet, pointwise, got resnet19");
  config.encoder = "pointwise";
  const auto encoder = make_encoder(config);
  config.decoder = "fcn";
  EXPECT_EQ(message_of([&] { (void)make_decoder(config, *encoder); }),
            "model.decoder: expected one of deeplabv3plus, unet, segnet, pointwise, got fcn");
}

TEST(Registry, EveryPairRuns) {
  const torch::NoGradGuard no_grad;
  for (const char* encoder_name : {"resnet18", "convnet", "pointwise"}) {
    for (const std::string& decoder_name : decoder_names()) {
      ModelConfig config;
      config.encoder = encoder_name;
      config.decoder = decoder_name;
      const auto encoder = make_encoder(config);
      const auto decoder = make_decoder(config, *encoder);
      const torch::Tensor features =
          decoder->forward(encoder->forward(torch::rand({2, 3, 32, 32})));
      EXPECT_EQ(features.size(1), decoder->channels()) << encoder_name << " " << decoder_name;
    }
  }
}

}  // namespace gyroseg::registry_test
