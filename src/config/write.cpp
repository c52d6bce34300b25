#include "gyroseg/config/read.h"
#include "model_options.h"
#include "readers.h"
#include "yaml_writer.h"

namespace gyroseg {
namespace {

void write_nodes(YamlWriter& out, const std::vector<NodeSpec>& nodes) {
  for (const NodeSpec& node : nodes) {
    if (node.children.empty()) {
      out.raw(text_of(node.name), "{}");
      continue;
    }
    out.open(text_of(node.name));
    write_nodes(out, node.children);
    out.close();
  }
}

void write_tree(YamlWriter& out, const TreeSpec& spec) {
  out.open("hierarchy");
  // A single top node called root would be taken for the virtual root.
  const bool wrap = spec.roots.size() == 1 && spec.roots[0].name == "root";
  if (wrap) {
    out.open("root");
  }
  write_nodes(out, spec.roots);
  if (wrap) {
    out.close();
  }
  out.close();
  const Hierarchy tree(spec);
  out.open("labels");
  for (const auto& [label, v] : tree.nodes_by_label()) {
    out.line(text_of(address(tree, v)), label);
  }
  out.close();
}

void write_colours(YamlWriter& out, const DataConfig& data) {
  if (data.color_map.empty()) {
    out.raw("color_map", "{}");
    return;
  }
  out.open("color_map");
  for (const auto& [colour, value] : data.color_map) {
    std::string key = "#";
    for (const std::uint8_t channel : colour) {
      key += hex_of(channel);
    }
    out.line(text_of(key), value);
  }
  out.close();
}

void write(YamlWriter& out, const DataConfig& data) {
  out.open("data");
  out.line("layout", data.layout);
  out.line("root", data.root);
  out.open("splits");
  for (const auto& [name, folders] : data.splits) {
    out.open(name);
    out.line("images", folders.images);
    out.line("masks", folders.masks);
    out.line("list", folders.list);
    out.close();
  }
  out.close();
  out.line("classes", data.classes);
  out.raw("image_size", list_of(data.image_size));
  out.line("resample", data.resample);
  out.line("ignore_index", data.ignore_index);
  std::vector<std::string> rows;
  for (const auto& [from, to] : data.label_map) {
    rows.push_back(std::to_string(from) + ": " + (to ? std::to_string(*to) : "ignore"));
  }
  out.raw("label_map", in_brackets('{', join(rows, ", "), '}'));
  write_colours(out, data);
  out.line("threads", data.threads);
  out.line("cache_mb", data.cache_mb);
  out.raw("mean", list_of(data.mean));
  out.raw("std", list_of(data.std));
  out.open("augment");
  out.line("flip", data.augment.flip);
  out.raw("scale", list_of(data.augment.scale));
  out.line("brightness", data.augment.brightness);
  out.line("contrast", data.augment.contrast);
  out.line("saturation", data.augment.saturation);
  out.line("flip_vertical", data.augment.flip_vertical);
  out.line("crop", data.augment.crop);
  out.raw("crop_size", list_of(data.augment.crop_size));
  out.line("rotation", data.augment.rotation);
  out.line("clahe", data.augment.clahe);
  out.raw("clahe_clip", list_of(data.augment.clahe_clip));
  out.raw("gamma", list_of(data.augment.gamma));
  out.line("scale_p", data.augment.scale_p);
  out.line("brightness_p", data.augment.brightness_p);
  out.line("contrast_p", data.augment.contrast_p);
  out.line("saturation_p", data.augment.saturation_p);
  out.line("rotation_p", data.augment.rotation_p);
  out.line("gamma_p", data.augment.gamma_p);
  out.close();
  out.close();
}

void write(YamlWriter& out, const ModelConfig& config) {
  const ModelConfig model = without_unread(config);  // others would be errors when the file is read back
  out.open("model");
  out.line("encoder", model.encoder);
  out.line("output_stride", model.output_stride);
  out.line("decoder", model.decoder);
  out.raw("aspp_dilations", list_of(model.aspp_dilations));
  out.line("aspp_channels", model.aspp_channels);
  out.line("low_level_channels", model.low_level_channels);
  out.line("decoder_channels", model.decoder_channels);
  out.raw("encoder_channels", list_of(model.encoder_channels));
  out.line("pool_kernel", model.pool_kernel);
  out.raw("unet_channels", list_of(model.unet_channels));
  out.line("upsample", model.upsample);
  out.line("block_depth", model.block_depth);
  out.line("conv_kernel", model.conv_kernel);
  out.line("batch_norm", model.batch_norm);
  out.line("activation", model.activation);
  out.line("branches", model.branches);
  out.line("projection", model.projection);
  out.line("projection_input", model.projection_input);
  out.line("auxiliary_weight", model.auxiliary_weight);
  out.line("auxiliary_head", model.auxiliary_head);
  out.line("pretrained", model.pretrained);
  out.close();
}

// Only the options that the loss reads: others would be errors when the file is read back.
void write(YamlWriter& out, const LossConfig& loss) {
  out.raw("- name", loss.name);
  out.line("  label", loss.label);
  out.line("  weight", loss.weight);
  out.line("  schedule", loss.schedule);
  if (has_levels(loss.name)) {
    if (loss.levels.empty()) {
      out.raw("  level", loss.level == 0            ? "leaf"
                         : loss.level == kAllLevels ? "all"
                                                    : std::to_string(loss.level));
    } else {
      out.raw("  levels", list_of(loss.levels));
    }
    out.raw("  level_weights", list_of(loss.level_weights));
  }
  if (loss.name == "cross_entropy" || loss.name == "focal" || loss.name == "dice") {
    out.line("  class_weights", loss.class_weights);
  }
  if (loss.name == "tree_min" || loss.name == "focal") {
    out.line("  gamma", loss.gamma);
  }
  if (loss.name == "rmi") {
    out.line("  radius", loss.radius);
    out.line("  pool_size", loss.pool_size);
    out.line("  pool_stride", loss.pool_stride);
    out.line("  pool_way", loss.pool_way);
    out.line("  reduction", loss.reduction);
  }
  if (loss.name == "tree_triplet") {
    out.line("  margin", loss.margin);
    out.raw("  fixed_margin", loss.fixed_margin ? text_of(*loss.fixed_margin) : "null");
    out.line("  max_triplets", loss.max_triplets);
    out.line("  positives", loss.positives);
  }
}

void write(YamlWriter& out, const OptimizerConfig& optimizer, const ScheduleConfig& schedule) {
  out.open("optimizer");
  out.line("name", optimizer.name);
  out.line("lr", optimizer.lr);
  out.line("momentum", optimizer.momentum);
  out.raw("betas", list_of(optimizer.betas));
  out.line("weight_decay", optimizer.weight_decay);
  out.line("clip_norm", optimizer.clip_norm);
  out.close();
  out.open("schedule");
  out.line("name", schedule.name);
  out.line("power", schedule.power);
  out.line("warmup_steps", schedule.warmup_steps);
  out.line("min_lr", schedule.min_lr);
  out.close();
}

void write(YamlWriter& out, const TrainingConfig& training) {
  out.open("training");
  out.line("epochs", training.epochs);
  out.line("batch_size", training.batch_size);
  out.line("max_steps", training.max_steps);
  out.line("validate_every", training.validate_every);
  out.line("evaluate_train", training.evaluate_train);
  out.line("drop_last", training.drop_last);
  out.line("ema", training.ema);
  out.line("early_stopping", training.early_stopping);
  out.line("best", training.best);
  out.line("init_from", training.init_from);
  out.line("save_checkpoints", training.save_checkpoints);
  out.line("link_best", training.link_best);
  out.line("max_nonfinite", training.max_nonfinite);
  out.line("channels_last", training.channels_last);
  out.line("precision", training.precision);
  out.line("sync_batch_norm", training.sync_batch_norm);
  out.line("tensorboard", training.tensorboard);
  out.line("embedding_snapshots", training.embedding_snapshots);
  out.line("threads", training.threads);
  out.close();
}

void write(YamlWriter& out, const InferenceConfig& inference) {
  out.open("inference");
  out.raw("window", inference.window ? list_of(*inference.window) : "null");
  out.raw("stride", inference.stride ? list_of(*inference.stride) : "null");
  out.raw("scales", list_of(inference.scales));
  out.line("flip", inference.flip);
  out.line("backoff_threshold", inference.backoff_threshold);
  out.close();
}

}  // namespace

std::string write_config(const Config& config) {
  YamlWriter out;
  out.line("name", config.name);
  out.line("seed", config.seed);
  out.line("device", config.device);
  out.line("output_dir", config.output_dir);
  write_tree(out, config.hierarchy);
  write(out, config.data);
  write(out, config.model);
  out.open("embedding");
  out.line("space", config.embedding.space);
  out.line("dim", config.embedding.dim);
  out.line("curvature", config.embedding.curvature);
  out.line("learn_curvature", config.embedding.learn_curvature);
  out.close();
  out.open("classifier");
  out.line("input", config.classifier.input);
  out.line("nodes", config.classifier.nodes);
  out.line("kind", config.classifier.kind);
  out.raw("temperature",
          config.classifier.temperature ? text_of(*config.classifier.temperature) : "null");
  out.line("learn_temperature", config.classifier.learn_temperature);
  out.line("prototypes", config.classifier.prototypes);
  out.line("learn_prototypes", config.classifier.learn_prototypes);
  out.line("repeat_shallow_leaves", config.hierarchy.repeat_shallow_leaves);
  out.close();
  out.open("loss");
  for (const LossConfig& loss : config.loss) {
    write(out, loss);
  }
  out.close();
  write(out, config.optimizer, config.schedule);
  write(out, config.training);
  write(out, config.inference);
  out.raw("decode", list_of(config.decode));
  out.open("metrics");
  out.line("resolution", config.metrics.resolution);
  out.line("background", config.metrics.background);
  out.close();
  return out.str();
}

}  // namespace gyroseg
