// Which options of `model` which encoder and which decoder reads.
#include "model_options.h"

#include <algorithm>

namespace gyroseg {
namespace {

using Names = std::vector<std::string>;

const Names kResNets = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"};
const Names kOtherEncoders = {"convnet", "pointwise"};
const Names kDecoders = {"deeplabv3plus", "unet", "segnet", "pointwise"};

struct ModelOption {
  std::string name;
  Names encoders;  ///< that read it
  Names decoders;
  bool (*has_default)(const ModelConfig& model);
  void (*reset)(ModelConfig& model);
};

template <auto member>
ModelOption model_option(const std::string& name, const Names& encoders, const Names& decoders) {
  return {name, encoders, decoders,
          [](const ModelConfig& model) { return model.*member == ModelConfig().*member; },
          [](ModelConfig& model) { model.*member = ModelConfig().*member; }};
}

// An option that stands in no row is read by every network.
const std::vector<ModelOption> kModelOptions = {
    // deeplabv3plus: it chooses the dilations
    model_option<&ModelConfig::output_stride>("output_stride", kResNets, {"deeplabv3plus"}),
    {"aspp_dilations", {}, {"deeplabv3plus"},
     [](const ModelConfig& model) {
       const auto is_of = [&](int stride) { return model.aspp_dilations == default_dilations(stride); };
       return model.aspp_dilations.empty() || is_of(8) || is_of(16) || is_of(32);
     },
     [](ModelConfig& model) { model.aspp_dilations = default_dilations(model.output_stride); }},
    model_option<&ModelConfig::aspp_channels>("aspp_channels", {}, {"deeplabv3plus"}),
    model_option<&ModelConfig::low_level_channels>("low_level_channels", {}, {"deeplabv3plus"}),
    model_option<&ModelConfig::decoder_channels>("decoder_channels", {},
                                                 {"deeplabv3plus", "segnet", "pointwise"}),
    model_option<&ModelConfig::encoder_channels>("encoder_channels", {"convnet"}, {}),
    model_option<&ModelConfig::pool_kernel>("pool_kernel", {"convnet"}, {"segnet"}),
    model_option<&ModelConfig::unet_channels>("unet_channels", {}, {"unet"}),
    model_option<&ModelConfig::upsample>("upsample", {}, {"unet"}),
    model_option<&ModelConfig::block_depth>("block_depth", {"convnet"}, {"unet", "segnet"}),
    model_option<&ModelConfig::conv_kernel>("conv_kernel", {"convnet"}, {"unet", "segnet"}),
    model_option<&ModelConfig::batch_norm>("batch_norm", {"convnet"}, {"unet", "segnet"}),
    model_option<&ModelConfig::activation>("activation", {"convnet"}, {"unet", "segnet"}),
};

Names concatenated(Names first, const Names& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

bool is_read(const ModelOption& option, const ModelConfig& model) {
  const auto holds = [](const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return holds(option.encoders, model.encoder) || holds(option.decoders, model.decoder);
}

}  // namespace

std::vector<std::string> known_encoders() { return concatenated(kResNets, kOtherEncoders); }

std::vector<std::string> known_decoders() { return kDecoders; }

std::vector<int> default_dilations(int output_stride) {
  const int step = output_stride == 8 ? 12 : output_stride == 16 ? 6 : 3;
  return {step, 2 * step, 3 * step};
}

void reject_unread(Section& s, const ModelConfig& model) {
  int choice = 0;  // the later one of the two
  for (const Entry& entry : s.entries()) {
    const bool encoder = entry.key == "encoder";
    if (encoder || entry.key == "decoder") {
      choice = std::max(choice, entry.value.place.source);
      if (!entry.value.is_null() && entry.value.scalar != (encoder ? model.encoder : model.decoder)) {
        return;  // a name that was refused: nobody knows what it would read
      }
    }
  }
  for (const ModelOption& option : kModelOptions) {
    const Value* value = s.find(option.name);
    if (value != nullptr && value->place.source >= choice && !option.has_default(model) &&
        !is_read(option, model)) {
      s.fail(option.name, "encoder " + model.encoder + " and decoder " + model.decoder +
                              " do not read this option of " +
                              join(concatenated(option.encoders, option.decoders), ", "));
    }
  }
}

ModelConfig without_unread(ModelConfig model) {
  for (const ModelOption& option : kModelOptions) {
    if (!is_read(option, model)) {
      option.reset(model);
    }
  }
  return model;
}

}  // namespace gyroseg
