// What the fairness protocol promises: the same initial weights and the same batches in every space.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <map>

#include "gyroseg/data/loader.h"
#include "gyroseg/training/assembly.h"
#include "support/tiny_run.h"

namespace gyroseg::same_start_test {

std::map<std::string, torch::Tensor> weights_of(const Config& config) {
  const Hierarchy tree(config.hierarchy);
  std::map<std::string, torch::Tensor> weights;
  for (const auto& parameter : build_model(config, tree)->named_parameters()) {
    weights[parameter.key()] = parameter.value();
  }
  return weights;
}

Config config_in(const EmbeddingConfig& embedding) {
  Config config = tiny_config("data", 32);
  config.embedding = embedding;
  return config;
}

const std::vector<EmbeddingConfig> kSpaces = {{"euclidean", 8, 1.0, false}, {"sphere", 8, 1.0, false},
                                              {"poincare", 8, 1.0, false},  {"poincare", 8, 0.5, false},
                                              {"poincare", 8, 1.0, true},   {"lorentz", 8, 1.0, false}};

TEST(SameStart, EveryTensorIsBitwiseEqualAcrossSpaces) {
  const auto first = weights_of(config_in(kSpaces.front()));
  EXPECT_GT(first.size(), 40U);
  for (const EmbeddingConfig& space : kSpaces) {
    SCOPED_TRACE(space.space);
    auto other = weights_of(config_in(space));
    EXPECT_EQ(other.erase("classifier.curvature"), space.learn_curvature ? 1U : 0U);
    ASSERT_EQ(other.size(), first.size());
    for (const auto& [name, tensor] : first) {
      EXPECT_TRUE(other.at(name).equal(tensor)) << name;
    }
  }
}

// Another dimension has other projections and classifiers; what comes before them is the same.
TEST(SameStart, EncoderAndDecoderAreEqualAcrossDimensionsAndTheFlatBaseline) {
  const auto first = weights_of(config_in(kSpaces.front()));
  Config flat = config_in(kSpaces.front());
  flat.classifier.input = "features";
  for (const Config& config : {config_in({"poincare", 2, 1.0, false}), flat}) {
    const auto other = weights_of(config);
    int compared = 0;
    for (const auto& [name, tensor] : first) {
      if (name.starts_with("encoder.") || name.starts_with("decoder.")) {
        EXPECT_TRUE(other.at(name).equal(tensor)) << name;
        ++compared;
      }
    }
    EXPECT_GT(compared, 30);
  }
}

TEST(SameStart, BatchesAreBitwiseEqualAcrossSpaces) {
  const TemporaryFolder folder("same_start");
  draw_split(folder.path(), "train", 9, 32);
  std::vector<Batch> first;
  for (const EmbeddingConfig& space : kSpaces) {
    Config config = config_in(space);
    config.data.root = folder.path().string();
    const Hierarchy tree(config.hierarchy);
    const SegmentationDataset dataset(config.data, tree, "train");
    LoaderOptions options;  // those of training/loader_plan.h
    options.batch_size = config.training.batch_size;
    options.threads = config.data.threads;
    options.seed = config.seed;
    options.shuffle = options.augment = true;
    Loader loader(dataset, options);
    loader.start_epoch(1);
    for (std::size_t i = 0; i < 3; ++i) {
      const std::optional<Batch> batch = loader.next();
      ASSERT_TRUE(batch);
      if (&space == &kSpaces.front()) {
        first.push_back(*batch);
      }
      EXPECT_EQ(batch->indices, first[i].indices);
      EXPECT_TRUE(batch->images.equal(first[i].images));
      EXPECT_TRUE(batch->labels.equal(first[i].labels));
    }
  }
}

}  // namespace gyroseg::same_start_test
