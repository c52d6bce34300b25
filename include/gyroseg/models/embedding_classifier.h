#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "gyroseg/config/config.h"
#include "manifolds/manifold.h"

namespace gyroseg {

/// A classifier of the embedding space. Its owner registers `module`; `logits` calls it.
struct EmbeddingClassifier {
  std::shared_ptr<torch::nn::Module> module;
  /// Network outputs v [B,D,H,W] -> [B,K,H,W].
  std::function<torch::Tensor(const torch::Tensor&)> logits;
};

/// The classifier that config.kind names, with K classes of D network outputs.
///
///   hyperplanes  HyperplaneClassifier, in every space
///   ganea        GaneaClassifier on the points exp0(v): the ball only. In float32 these end at
///                hyperbolic radius 16
///   prototypes   PrototypeClassifier, in every space
///   cosine       CosineClassifier: the sphere only. Elsewhere the angle at the origin is no
///                distance of the space, and the space would have no part in the scores
///   given        [K,D] network outputs that the prototypes start from, or stay at with
///                learn_prototypes = false; undefined = random
///   Throws       c10::ValueError: an unknown kind, a kind that the space does not have, options of
///                another kind, sizes
[[nodiscard]] EmbeddingClassifier make_embedding_classifier(
    const ClassifierConfig& config, std::int64_t dim, std::int64_t classes,
    const std::shared_ptr<const Manifold>& manifold, const torch::Tensor& given = {});

}  // namespace gyroseg
