#include "gyroseg/models/segmenter.h"

#include <c10/util/Exception.h>
#include <torch/nn/options/conv.h>

#include <utility>
#include <vector>

#include "gyroseg/models/autocast.h"
#include "gyroseg/models/embedding_classifier.h"
#include "gyroseg/models/output_layer.h"

namespace gyroseg {
namespace {

/// The map that the auxiliary head reads: C4, the last but one of a ResNet's.
template <typename List>
const auto& inner_stage(const List& of_maps) {
  return of_maps[of_maps.size() - 2];
}

bool reads_embedding(const ClassifierConfig& classifier) {
  TORCH_CHECK_VALUE(classifier.input == "features" || classifier.input == "embedding",
                    "classifier.input: expected features | embedding, got ", classifier.input);
  return classifier.input == "embedding";
}

bool reads_encoder(const ModelConfig& model, bool classify_embedding) {
  const std::string& input = model.projection_input;
  TORCH_CHECK_VALUE(input == "auto" || input == "encoder" || input == "decoder",
                    "model.projection_input: expected auto | encoder | decoder, got ", input);
  return input == "encoder" || (input == "auto" && !classify_embedding);
}

bool branches_by_level(const ModelConfig& model, const ClassifierConfig& classifier) {
  TORCH_CHECK_VALUE(model.branches == "shared" || model.branches == "per_level",
                    "model.branches: expected shared | per_level, got ", model.branches);
  if (model.branches == "shared") return false;
  TORCH_CHECK_VALUE(classifier.input == "features" && classifier.nodes == "all",
                    "model.branches: per_level needs classifier.input: features and "
                    "classifier.nodes: all, got ",
                    classifier.input, " and ", classifier.nodes);
  return true;
}

Curvature curvature_of(const EmbeddingConfig& embedding) {
  return embedding.learn_curvature ? Curvature::learnable(embedding.curvature)
                                   : Curvature(embedding.curvature);
}

int num_logits(const ClassifierConfig& classifier, const SegmenterShape& shape) {
  TORCH_CHECK_VALUE(classifier.nodes == "leaves" || classifier.nodes == "all",
                    "classifier.nodes: expected leaves | all, got ", classifier.nodes);
  TORCH_CHECK_VALUE(shape.num_leaves >= 1 && shape.num_nodes >= shape.num_leaves,
                    "Segmenter: expected 1 <= leaves <= nodes, got ", shape.num_leaves, " and ",
                    shape.num_nodes);
  return classifier.nodes == "all" ? shape.num_nodes : shape.num_leaves;
}

}  // namespace

SegmenterImpl::SegmenterImpl(const ModelConfig& model, const EmbeddingConfig& embedding,
                             const ClassifierConfig& classifier, const SegmenterShape& shape)
    : manifold_(make_manifold(embedding.space, curvature_of(embedding))),
      classify_embedding_(reads_embedding(classifier)),
      project_encoder_(reads_encoder(model, classify_embedding_)),
      encoder_(register_module("encoder", make_encoder(model))) {
  const int outputs = num_logits(classifier, shape);
  if (branches_by_level(model, classifier)) {
    TORCH_CHECK_VALUE(static_cast<int>(shape.channel_levels.size()) == outputs,
                      "Segmenter: expected the level of each of ", outputs, " channels, got ",
                      shape.channel_levels.size());
    branches_ = register_module("branches", LevelBranches(model, *encoder_, shape.channel_levels));
  } else if (!(classify_embedding_ && project_encoder_)) {
    decoder_ = register_module("decoder", make_decoder(model, *encoder_));
  }
  if (classify_embedding_ || shape.with_embedding) {
    TORCH_CHECK_VALUE(embedding.dim >= 2, "embedding.dim: expected an integer >= 2, got ",
                      embedding.dim);
    const int in = project_encoder_ ? encoder_->channels().back() : feature_channels();
    projection_ = register_module("projection", ProjectionHead(model.projection, in, embedding.dim));
  }
  if (classify_embedding_) {
    const EmbeddingClassifier part = make_embedding_classifier(classifier, embedding.dim, outputs,
                                                               manifold_, shape.prototypes);
    register_module("classifier", part.module);
    embedding_logits_ = part.logits;
  } else {
    if (projection_) register_curvature();
    if (decoder_) {
      linear_ = register_module(
          "classifier",
          torch::nn::Conv2d(torch::nn::Conv2dOptions(decoder_->channels(), outputs, 1)));
    }
  }
  if (model.auxiliary_weight > 0) {
    auxiliary_ = register_module(
        "auxiliary", AuxiliaryHead(model.auxiliary_head, inner_stage(encoder_->channels()),
                                   shape.num_leaves));
  }
}

Prediction SegmenterImpl::forward(const torch::Tensor& images) {
  TORCH_CHECK_VALUE(images.dim() == 4 && images.size(1) == 3 && images.is_floating_point(),
                    "Segmenter: images must be [B,3,H,W] float, got ", images.sizes(), " ",
                    images.scalar_type());
  const Autocast autocast(images.device().type(), inner_dtype_);
  const std::vector<torch::Tensor> stages = encoder_->forward(images);
  Prediction prediction;
  torch::Tensor features;
  if (branches_) {
    auto [logits, of_finest] = branches_->forward(stages);
    prediction.logits = std::move(logits);
    features = std::move(of_finest);
  } else if (decoder_) {
    features = decoder_->forward(stages);
  }
  if (projection_) {
    prediction.embedding = projection_->forward(project_encoder_ ? stages.back() : features);
  }
  if (classify_embedding_) prediction.logits = classify(prediction.embedding);
  if (linear_) prediction.logits = output_layer(linear_, features);
  if (auxiliary_ && is_training()) prediction.auxiliary = auxiliary_->forward(inner_stage(stages));
  return prediction;
}

int SegmenterImpl::feature_channels() const {
  return branches_ ? branches_->channels() : decoder_->channels();
}

void SegmenterImpl::register_curvature() {
  const auto c = manifold_->curvature_parameter();
  if (c && c->parameter().defined()) register_parameter("curvature", c->parameter());
}

torch::Tensor SegmenterImpl::classify(const torch::Tensor& embedding) {
  const Autocast off(embedding.device().type(), torch::kFloat32);
  return embedding_logits_(embedding);
}

bool is_of_classes(const std::string& name) {
  const bool in_branch = name.starts_with("branches.") && name.find(".classifier.") != std::string::npos;
  return name.starts_with("auxiliary.") || in_branch ||
         (name.starts_with("classifier.") && name != "classifier.curvature");
}

}  // namespace gyroseg
