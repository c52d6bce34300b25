#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/models/auxiliary_head.h"
#include "gyroseg/models/decoder.h"
#include "gyroseg/models/encoder.h"
#include "gyroseg/models/level_branches.h"
#include "gyroseg/models/projection.h"
#include "manifolds/manifold.h"

namespace gyroseg {

/// What a Segmenter says of a batch, in the dtype of its weights. Each map has its own size; losses
/// and decoders resize.
struct Prediction {
  torch::Tensor logits;     ///< [B,C,h,w], or [B,V,h,w] with classifier.nodes = all
  torch::Tensor embedding;  ///< [B,D,h',w'] tangent vectors at the origin; undefined unless built
  torch::Tensor auxiliary;  ///< [B,C,h3,w3] leaf logits of C4, the last map but one; undefined
                            ///< outside training mode
};

/// What the network must know of the class tree and of the losses.
struct SegmenterShape {
  int num_leaves;               ///< C
  int num_nodes;                ///< V >= C
  bool with_embedding = false;  ///< a loss reads Prediction::embedding
  std::vector<int> channel_levels = {};  ///< of each channel; read by model.branches = per_level
  /// [channels of the logits, D] network outputs for classifier.kind = prototypes; undefined:
  /// random
  torch::Tensor prototypes = {};
};

/// Encoder, decoder, heads.
///
///   Names    encoder, decoder, projection, classifier, auxiliary; with model.branches = per_level
///            encoder, branches, projection, auxiliary
///   Logits   classifier.input = features: a 1 x 1 convolution of the decoder's features;
///            embedding: a classifier of the embedding space on the projection
///            (embedding_classifier.h)
///   Branches model.branches = per_level: a decoder and a classifier a level (LevelBranches); needs
///            classifier.input = features
///   Project  C5 (projection_input = encoder) or the decoder's features (decoder; of branches
///            the finest level's); auto: decoder where the classifier reads the embedding, else
///            encoder
///   Unused   parts are not built: no projection where nothing reads it, no decoder where the
///            classifier reads a projection of C5, no auxiliary head where its weight is 0
///   Sizes    any H, W; no padding to the stride is needed
///   c        with embedding.learn_curvature the parameter t of c = c0 e^t is `curvature`, or
///            `classifier.curvature` where the classifier reads the embedding
///   Init     a function of torch::manual_seed alone
///   Dtype    the weights' own; with compute_in(kBFloat16) the convolutions of the encoder, the
///            decoder and the heads' hidden layers run in bfloat16. The last layer of each head and
///            the arithmetic of the embedding space never do
class SegmenterImpl : public torch::nn::Module {
 public:
  /// Throws c10::ValueError on a name that no registry knows and on sizes out of range.
  SegmenterImpl(const ModelConfig& model, const EmbeddingConfig& embedding,
                const ClassifierConfig& classifier, const SegmenterShape& shape);

  /// images: [B,3,H,W] float, else c10::ValueError.
  [[nodiscard]] Prediction forward(const torch::Tensor& images);

  /// The embedding space; Euclidean or not, there is always one.
  [[nodiscard]] const std::shared_ptr<const Manifold>& manifold() const { return manifold_; }
  [[nodiscard]] Encoder& encoder() { return *encoder_; }

  /// kFloat32 (the default) or kBFloat16, in training and in evaluation mode. The weights stay what
  /// they are. Throws c10::ValueError, from forward, on any other.
  void compute_in(torch::Dtype dtype) { inner_dtype_ = dtype; }

 private:
  [[nodiscard]] int feature_channels() const;
  void register_curvature();
  [[nodiscard]] torch::Tensor classify(const torch::Tensor& embedding);

  std::shared_ptr<const Manifold> manifold_;
  bool classify_embedding_;
  bool project_encoder_;
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Decoder> decoder_;  ///< empty where nothing reads it, and with branches
  LevelBranches branches_{nullptr};
  ProjectionHead projection_{nullptr};
  torch::nn::Conv2d linear_{nullptr};
  std::function<torch::Tensor(const torch::Tensor&)> embedding_logits_;
  AuxiliaryHead auxiliary_{nullptr};
  torch::Dtype inner_dtype_ = torch::kFloat32;
};
TORCH_MODULE(Segmenter);

/// Whether a parameter or buffer of a Segmenter means nothing for other classes, though its shape may fit.
[[nodiscard]] bool is_of_classes(const std::string& name);

}  // namespace gyroseg
