#include "gyroseg/models/embedding_classifier.h"

#include <c10/util/Exception.h>

#include <string>

#include "manifolds/nn/classifier.h"
#include "manifolds/nn/cosine_classifier.h"
#include "manifolds/nn/ganea_classifier.h"
#include "manifolds/nn/prototype_classifier.h"

namespace gyroseg {
namespace {

using torch::Tensor;

template <class Holder>
EmbeddingClassifier wrap(Holder module) {
  return {module.ptr(), [module](const Tensor& v) mutable { return module->forward(v); }};
}

void check_space(const std::string& kind, const std::string& needed, const Manifold& manifold) {
  TORCH_CHECK_VALUE(manifold.kind() == needed, "classifier.kind: ", kind,
                    " needs embedding.space: ", needed, ", got ", manifold.kind());
}

void check_options(const ClassifierConfig& config, const Tensor& given) {
  const std::string& kind = config.kind;
  const bool prototypes = kind == "prototypes", tempered = prototypes || kind == "cosine";
  TORCH_CHECK_VALUE(tempered || !(config.temperature || config.learn_temperature),
                    "classifier.temperature: needs classifier.kind: prototypes | cosine, got ",
                    kind);
  TORCH_CHECK_VALUE(prototypes || (!given.defined() && config.learn_prototypes),
                    "classifier.prototypes: needs classifier.kind: prototypes, got ", kind);
}

TemperatureOptions temperature_of(const ClassifierConfig& config, double usual) {
  return {.initial = config.temperature.value_or(usual), .learn = config.learn_temperature};
}

EmbeddingClassifier ganea(std::int64_t dim, std::int64_t classes,
                          const std::shared_ptr<const Manifold>& manifold) {
  check_space("ganea", "poincare", *manifold);
  GaneaClassifier module(dim, classes, *manifold->curvature_parameter());
  return {module.ptr(), [module, manifold](const Tensor& v) mutable {
            return module->forward(manifold->embed(v, 1));
          }};
}

EmbeddingClassifier prototypes(const ClassifierConfig& config, std::int64_t dim,
                               std::int64_t classes,
                               const std::shared_ptr<const Manifold>& manifold,
                               const Tensor& given) {
  PrototypeOptions options;
  options.temperature = temperature_of(config, options.temperature.initial);
  options.learn = config.learn_prototypes;
  if (!given.defined()) return wrap(PrototypeClassifier(dim, classes, manifold, options));
  TORCH_CHECK_VALUE(given.dim() == 2 && given.size(0) == classes && given.size(1) == dim,
                    "classifier.prototypes: expected [", classes, ", ", dim, "], got ",
                    given.sizes());
  return wrap(PrototypeClassifier(given, manifold, options));
}

}  // namespace

EmbeddingClassifier make_embedding_classifier(const ClassifierConfig& config, std::int64_t dim,
                                              std::int64_t classes,
                                              const std::shared_ptr<const Manifold>& manifold,
                                              const Tensor& given) {
  check_options(config, given);
  if (config.kind == "hyperplanes") return wrap(HyperplaneClassifier(dim, classes, manifold));
  if (config.kind == "ganea") return ganea(dim, classes, manifold);
  if (config.kind == "prototypes") return prototypes(config, dim, classes, manifold, given);
  TORCH_CHECK_VALUE(config.kind == "cosine",
                    "classifier.kind: expected hyperplanes | ganea | prototypes | cosine, got ",
                    config.kind);
  check_space("cosine", "sphere", *manifold);
  const auto temperature = temperature_of(config, CosineClassifierImpl::kTemperature);
  return wrap(CosineClassifier(dim, classes, temperature));
}

}  // namespace gyroseg
