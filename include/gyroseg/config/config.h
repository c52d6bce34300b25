#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gyroseg/hierarchy/tree_spec.h"

namespace gyroseg {

/// Folders of one split below data.root.
struct SplitFolders {
  std::string images;
  std::string masks;
  std::string list = {};  ///< text file of the split's names, one a line; "" = every file
};

/// Every kind has a probability: KIND_p, or for those that are on or off (the flips) or have a range
/// under another name (crop_size, clahe_clip) the kind's own name.
struct AugmentConfig {
  double flip = 0.0;                     ///< probability of a horizontal flip, [0, 1]
  std::array<double, 2> scale = {1, 1};  ///< random scale, then crop or pad back; 0 < low <= high
  double brightness = 0.0;               ///< factor drawn from 1 +- this, [0, 1]
  double contrast = 0.0;                 ///< likewise, about the image's mean grey
  double saturation = 0.0;               ///< likewise, about the pixel's grey
  double flip_vertical = 0.0;            ///< probability of an upside-down image, [0, 1]
  double crop = 0.0;                     ///< probability of a crop that is resized back, [0, 1]
  std::array<double, 2> crop_size = {0.5, 1};  ///< its share of height and width, 0 < low <= high <= 1
  double rotation = 0.0;                       ///< largest angle to either side, degrees, [0, 180]
  double clahe = 0.0;                          ///< probability of CLAHE, [0, 1]
  std::array<double, 2> clahe_clip = {1, 4};   ///< its clip limit, 0 < low <= high
  std::array<double, 2> gamma = {1, 1};        ///< exponent of the colour, 0 < low <= high
  double scale_p = 1.0;  ///< probability of a random scale, [0, 1]; so of those below
  double brightness_p = 1.0;
  double contrast_p = 1.0;
  double saturation_p = 1.0;
  double rotation_p = 1.0;
  double gamma_p = 1.0;
};

struct DataConfig {
  std::string layout = "folders";  ///< folders | pascal_part | voc: what `splits` and `classes` default to
  std::string root;
  std::map<std::string, SplitFolders> splits = {{"train", {"train/images", "train/masks"}},
                                                {"val", {"val/images", "val/masks"}},
                                                {"test", {"test/images", "test/masks"}}};
  std::string classes;                         ///< text file of class names and values, "" = none
  std::array<int, 2> image_size = {128, 128};  ///< height, width in pixels
  std::string resample = "area";  ///< of images: area | bilinear | bicubic | lanczos | gaussian
  int ignore_index = 255;                      ///< mask value that nothing counts
  std::map<int, std::optional<int>> label_map;  ///< raw mask value -> mask value, nothing = ignored
  std::vector<std::pair<std::array<std::uint8_t, 3>, int>> color_map;  ///< RGB masks: colour -> value
  int threads = 2;      ///< prefetching threads, 0 = load in the calling thread
  int cache_mb = 1024;  ///< memory for decoded and resized samples, MiB
  std::array<double, 3> mean = {0.485, 0.456, 0.406};  ///< of RGB in [0, 1]
  std::array<double, 3> std = {0.229, 0.224, 0.225};
  AugmentConfig augment;
};

struct ModelConfig {
  std::string encoder = "resnet18";       ///< a name of the encoder registry
  int output_stride = 16;                 ///< 8, 16 or 32
  std::string decoder = "deeplabv3plus";  ///< a name of the decoder registry
  std::vector<int> aspp_dilations;        ///< empty: 12/24/36, 6/12/18 or 3/6/9 by output stride
  int aspp_channels = 256;
  int low_level_channels = 48;
  int decoder_channels = 256;
  std::vector<int> encoder_channels = {64, 128, 256, 512};  ///< convnet: a stage each, fine first
  int pool_kernel = 2;               ///< convnet, segnet: the pooling between stages
  std::vector<int> unet_channels;    ///< unet: one a step, coarse to fine; empty: those of the maps
  std::string upsample = "nearest";  ///< unet: nearest | bilinear | transposed
  int block_depth = 2;               ///< convnet, unet, segnet: convolutions of a block
  int conv_kernel = 3;               ///< of those, odd
  bool batch_norm = true;            ///< after each of those
  std::string activation = "relu";   ///< likewise: relu | leaky_relu | elu | gelu | silu | tanh
  std::string branches = "shared";   ///< shared | per_level: a decoder and a classifier a level
  std::string projection = "convmlp";     ///< linear | convmlp
  std::string projection_input = "auto";  ///< auto | encoder | decoder
  double auxiliary_weight = 0.4;          ///< of leaf cross entropy on the third stage; 0 = no head
  std::string auxiliary_head = "fcn";     ///< fcn | conv_relu
  std::string pretrained;                 ///< file of the encoder's weights, "" = random
};

struct EmbeddingConfig {
  std::string space = "euclidean";  ///< euclidean | sphere | poincare | lorentz
  int dim = 256;                    ///< D >= 2, network outputs
  double curvature = 1.0;           ///< c > 0, sectional curvature -c; poincare and lorentz
  bool learn_curvature = false;     ///< c is a parameter that starts at `curvature`
};

struct ClassifierConfig {
  std::string input = "features";  ///< features: linear beside the embedding | embedding
  std::string nodes = "leaves";    ///< leaves: C channels | all: V channels
  // The rest only with input = embedding.
  std::string kind = "hyperplanes";   ///< hyperplanes | ganea | prototypes | cosine
  std::optional<double> temperature = std::nullopt;  ///< > 0, of prototypes and cosine; nothing: 1 and 0.1
  bool learn_temperature = false;
  std::string prototypes = {};        ///< CSV of points (models/prototype_file.h), "" = random
  bool learn_prototypes = true;       ///< false: constants
};

/// LossConfig::level of a loss that is applied at every level.
inline constexpr int kAllLevels = -1;

/// One named, weighted term. Options that a loss does not read are errors in its config.
struct LossConfig {
  std::string name;               ///< a name of configs/README.md: cross_entropy, tree_min, ...
  std::string label;              ///< key in logs; "" = default_label
  double weight = 1.0;
  std::string schedule = "constant";  ///< constant | cosine (0 at the first step, `weight` at the last)
  int level = 0;            ///< of losses that have one: 1..L, 0 = leaf, kAllLevels
  std::vector<int> levels;  ///< several levels, each 1..L, in place of `level`
  std::vector<double> level_weights;   ///< of those levels, in their order; empty: 1 each
  std::string class_weights = "none";  ///< none | inverse_frequency | median_frequency | sqrt_median_frequency
  double gamma = 0.0;                  ///< tree_min, focal: focusing exponent, 2 = focal tree-min
  double margin = 0.1;                 ///< tree_triplet: m_eps
  std::optional<double> fixed_margin;  ///< tree_triplet: the same margin for every triplet
  int max_triplets = 200;              ///< tree_triplet: per class
  std::string positives = "siblings";  ///< siblings | include_own_class
  int radius = 3;                      ///< rmi: patches of radius x radius
  int pool_size = 3;                   ///< rmi: window
  int pool_stride = 3;                 ///< rmi: of the windows
  std::string pool_way = "max";        ///< rmi: max | avg | stride
  std::string reduction = "sum";       ///< rmi: sum | level_mean
};

/// The name, with its levels where the loss has any: "dice@leaf", "dice@1", "dice@1+3", "dice@all".
[[nodiscard]] std::string default_label(const LossConfig& loss);

/// Whether the loss is one of the classes of a level: it reads level, levels and level_weights.
[[nodiscard]] bool has_levels(const std::string& loss);
/// Whether the loss reads one channel a node.
[[nodiscard]] bool needs_all_nodes(const std::string& loss);

struct OptimizerConfig {
  std::string name = "sgd";  ///< sgd | adamw
  double lr = 0.03;
  double momentum = 0.9;                      ///< sgd
  std::array<double, 2> betas = {0.9, 0.999};  ///< adamw
  double weight_decay = 1e-4;
  double clip_norm = 0.0;  ///< 2-norm of all gradients; 0 = no clipping
};

struct ScheduleConfig {
  std::string name = "poly";  ///< poly | cosine | constant
  double power = 0.9;         ///< poly
  int warmup_steps = 0;       ///< linear warm-up
  double min_lr = 0.0;
};

struct TrainingConfig {
  int epochs = 10;
  int batch_size = 8;
  int max_steps = 0;        ///< > 0: length in steps, in place of epochs
  int validate_every = 0;   ///< steps between validations, 0 = at the end of an epoch
  int evaluate_train = 0;   ///< training samples measured like the validation data, beside them; 0 = none
  bool drop_last = true;    ///< leave out the last, shorter batch of an epoch
  double ema = 0.0;         ///< decay of the averaged weights used for validation, 0 = off
  int early_stopping = 0;   ///< validations without improvement before the end, 0 = off
  std::string best = "val_loss";  ///< val_loss | miou@LEVEL (miou@leaf, miou@1, ...)
  std::string init_from;    ///< run folder or file of the first weights as far as they fit, "" = none
  bool save_checkpoints = true;  ///< false: no weights are kept, a run cannot be resumed
  bool link_best = false;   ///< output_dir/<name>_best.safetensors leads to the best weights
  int max_nonfinite = 5;    ///< non-finite losses or gradients in a row before the run stops
  bool channels_last = true;
  std::string precision = "float32";  ///< float32 | bfloat16: of the network's convolutions
  bool sync_batch_norm = true;  ///< with several processes: statistics of the whole batch
  bool tensorboard = false;     ///< event files in the run folder
  int embedding_snapshots = 0;  ///< pixels whose embeddings every validation keeps, 0 = none
  int threads = 0;          ///< threads of tensor operations, 0 = all cores
};

/// How trained networks see images. Sizes are in pixels of the image as the network gets it, at
/// data.image_size.
struct InferenceConfig {
  std::optional<std::array<int, 2>> window;  ///< height, width; nothing: the whole image
  std::optional<std::array<int, 2>> stride;  ///< <= window; nothing: 2/3 of it
  std::vector<double> scales = {1.0};        ///< logits are averaged over these, each > 0
  bool flip = false;                         ///< and over each one's mirror image
  double backoff_threshold = 0.5;            ///< decode backoff: least confidence of a node, [0, 1]
};

struct MetricsConfig {
  std::string resolution = "resized";  ///< resized | original
  std::string background = "auto";     ///< node left out "without background"; auto | none | a node
};

/// A whole run. Keys, ranges and defaults: configs/README.md.
struct Config {
  std::string name = "run";
  std::uint64_t seed = 0;
  std::string device = "cpu";          ///< cpu | cuda | cuda:N
  std::string output_dir = "runs";     ///< folder that holds the run folders
  TreeSpec hierarchy;
  DataConfig data;
  ModelConfig model;
  EmbeddingConfig embedding;
  ClassifierConfig classifier;
  std::vector<LossConfig> loss;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  TrainingConfig training;
  InferenceConfig inference;
  std::vector<std::string> decode = {"level_sum"};
  MetricsConfig metrics;
};

}  // namespace gyroseg
