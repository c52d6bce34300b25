// Every encoder and decoder that a config can name: one line each.

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gyroseg/models/convnet.h"
#include "gyroseg/models/decoder.h"
#include "gyroseg/models/deeplabv3plus.h"
#include "gyroseg/models/encoder.h"
#include "gyroseg/models/pointwise.h"
#include "gyroseg/models/resnet.h"
#include "gyroseg/models/segnet.h"
#include "gyroseg/models/unet.h"

namespace gyroseg {
namespace {

using EncoderPtr = std::shared_ptr<Encoder>;
using DecoderPtr = std::shared_ptr<Decoder>;

struct EncoderEntry {
  std::string_view name;
  EncoderPtr (*make)(const ModelConfig& config);
};

struct DecoderEntry {
  std::string_view name;
  DecoderPtr (*make)(const ModelConfig& config, const Encoder& encoder);
  bool reads_stem = false;  ///< it wants the map before a ResNet's layers too, at stride 2
};

template <typename T>
DecoderPtr decoder(const ModelConfig& config, const Encoder& encoder) {
  return std::make_shared<T>(config, encoder);
}

constexpr std::array kDecoders = {
    DecoderEntry{"deeplabv3plus", decoder<DeepLabV3Plus>},
    DecoderEntry{"unet", decoder<UNet>, /*reads_stem=*/true},
    DecoderEntry{"segnet", decoder<SegNet>},
    DecoderEntry{"pointwise", decoder<PointwiseDecoder>},
};

bool stem_is_read(const ModelConfig& config) {
  return std::any_of(kDecoders.begin(), kDecoders.end(), [&](const DecoderEntry& entry) {
    return entry.name == config.decoder && entry.reads_stem;
  });
}

template <int depth>
EncoderPtr resnet(const ModelConfig& config) {
  return make_resnet(depth, config.output_stride, stem_is_read(config));
}

EncoderPtr convnet(const ModelConfig& config) { return std::make_shared<ConvNet>(config); }

EncoderPtr pointwise(const ModelConfig&) { return std::make_shared<PointwiseEncoder>(); }

constexpr std::array kEncoders = {
    EncoderEntry{"resnet18", resnet<18>},   EncoderEntry{"resnet34", resnet<34>},
    EncoderEntry{"resnet50", resnet<50>},   EncoderEntry{"resnet101", resnet<101>},
    EncoderEntry{"resnet152", resnet<152>}, EncoderEntry{"convnet", convnet},
    EncoderEntry{"pointwise", pointwise},
};

template <typename Entries>
std::vector<std::string> names_of(const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.emplace_back(entry.name);
  return names;
}

template <typename Entries>
const auto& find(const Entries& entries, const std::string& name, std::string_view key) {
  std::string known;
  for (const auto& entry : entries) {
    if (entry.name == name) return entry;
    if (!known.empty()) known += ", ";
    known += entry.name;
  }
  C10_THROW_ERROR(ValueError, c10::str(key, ": expected one of ", known, ", got ", name));
}

}  // namespace

EncoderPtr make_encoder(const ModelConfig& config) {
  return find(kEncoders, config.encoder, "model.encoder").make(config);
}

DecoderPtr make_decoder(const ModelConfig& config, const Encoder& encoder) {
  return find(kDecoders, config.decoder, "model.decoder").make(config, encoder);
}

std::vector<std::string> encoder_names() { return names_of(kEncoders); }

std::vector<std::string> decoder_names() { return names_of(kDecoders); }

}  // namespace gyroseg
