#pragma once

#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "section.h"

namespace gyroseg {

/// Values of model.encoder and model.decoder, in the order of src/models/registry.cpp, which makes them.
[[nodiscard]] std::vector<std::string> known_encoders();
[[nodiscard]] std::vector<std::string> known_decoders();

/// model.aspp_dilations where the config leaves them open: the same reach in pixels at every stride.
[[nodiscard]] std::vector<int> default_dilations(int output_stride);

/// An option that neither the encoder nor the decoder reads is a problem, unless it has its default (a
/// resolved config names every key) or was written before the two were chosen (a config's options of
/// its own decoder stay there under --set model.decoder=unet).
void reject_unread(Section& s, const ModelConfig& model);

/// The same network; the options that it does not read have their defaults.
[[nodiscard]] ModelConfig without_unread(ModelConfig model);

}  // namespace gyroseg
