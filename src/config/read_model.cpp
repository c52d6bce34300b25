#include "model_options.h"
#include "readers.h"

namespace gyroseg {
namespace {

bool all_positive(const std::vector<int>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](int n) { return n > 0; });
}

bool is_stages(const std::vector<int>& channels) {
  return channels.size() >= 2 && all_positive(channels);
}

bool is_odd(int n) { return n > 0 && n % 2 == 1; }

}  // namespace

void read(Section s, ModelConfig& model) {
  s.choose("encoder", model.encoder, known_encoders());
  s.read("output_stride", model.output_stride,
         [](int stride) { return stride == 8 || stride == 16 || stride == 32; }, "8 | 16 | 32");
  s.choose("decoder", model.decoder, known_decoders());
  s.read("aspp_dilations", model.aspp_dilations, all_positive, "a list of integers > 0");
  s.at_least("aspp_channels", model.aspp_channels, 1);
  s.at_least("low_level_channels", model.low_level_channels, 1);
  s.at_least("decoder_channels", model.decoder_channels, 1);
  s.read("encoder_channels", model.encoder_channels, is_stages, "two or more integers > 0");
  s.at_least("pool_kernel", model.pool_kernel, 2);
  s.read("unet_channels", model.unet_channels, all_positive, "a list of integers > 0");
  s.choose("upsample", model.upsample, {"nearest", "bilinear", "transposed"});
  s.at_least("block_depth", model.block_depth, 1);
  s.read("conv_kernel", model.conv_kernel, is_odd, "an odd integer > 0");
  s.read("batch_norm", model.batch_norm);
  s.choose("activation", model.activation,
           {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh"});
  s.choose("branches", model.branches, {"shared", "per_level"});
  s.choose("projection", model.projection, {"linear", "convmlp"});
  s.choose("projection_input", model.projection_input, {"auto", "encoder", "decoder"});
  s.at_least("auxiliary_weight", model.auxiliary_weight, 0.0);
  s.choose("auxiliary_head", model.auxiliary_head, {"fcn", "conv_relu"});
  s.read("pretrained", model.pretrained, [](const std::string&) { return true; },
         "a .safetensors or .pth file, or \"\" for random weights");
  reject_unread(s, model);
  s.reject_unknown();
}

void read(Section s, EmbeddingConfig& embedding) {
  s.choose("space", embedding.space, {"euclidean", "sphere", "poincare", "lorentz"});
  s.at_least("dim", embedding.dim, 2);
  s.above_zero("curvature", embedding.curvature);
  s.read("learn_curvature", embedding.learn_curvature);
  s.reject_unknown();
}

void read(Section s, ClassifierConfig& classifier, TreeSpec& tree) {
  s.choose("input", classifier.input, {"features", "embedding"});
  s.choose("nodes", classifier.nodes, {"leaves", "all"});
  s.choose("kind", classifier.kind, {"hyperplanes", "ganea", "prototypes", "cosine"});
  double temperature = 0;
  s.above_zero("temperature", temperature);
  if (temperature > 0) {
    classifier.temperature = temperature;
  }
  s.read("learn_temperature", classifier.learn_temperature);
  s.read("prototypes", classifier.prototypes, [](const std::string&) { return true; },
         "a CSV file, or \"\" for random points");
  s.read("learn_prototypes", classifier.learn_prototypes);
  s.read("repeat_shallow_leaves", tree.repeat_shallow_leaves);
  s.reject_unknown();
}

}  // namespace gyroseg
