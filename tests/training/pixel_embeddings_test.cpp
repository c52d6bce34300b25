#include "gyroseg/training/pixel_embeddings.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "gyroseg/training/assembly.h"
#include "support/tiny_run.h"
#include "support/value_error.h"

namespace gyroseg::pixel_embeddings_test {

using Place = std::tuple<std::int64_t, std::int64_t, std::int64_t>;  ///< image, row, column

constexpr int kSize = 24;
constexpr int kImages = 4;

/// Drawn figures, and a network in which an output sees one pixel, at full resolution.
class PixelEmbeddingsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    at::set_num_threads(1);
    folder_ = new TemporaryFolder("pixel_embeddings");
    draw_split(folder_->path(), "val", kImages, kSize);
  }
  static void TearDownTestSuite() { delete folder_; }

  static Config config() { return pointwise_config(folder_->path(), kSize); }

  /// An untrained network of a config.
  struct Network {
    explicit Network(const Config& c)
        : config(c),
          tree(config.hierarchy),
          model(build_model(config, tree)),
          decoder(build_decoder(config, tree)),
          data(config.data, tree, "val") {}

    EmbeddingNetwork parts() { return {model, decoder, config, tree}; }
    PixelEmbeddings sample(const PixelSample& options) {
      return sample_pixel_embeddings(parts(), data, options).value();
    }

    Config config;
    Hierarchy tree;
    Segmenter model;
    LabelDecoder decoder;
    SegmentationDataset data;
  };

  static std::vector<Place> places(const PixelEmbeddings& pixels) {
    std::vector<Place> result;
    for (std::int64_t i = 0; i < pixels.size(); ++i) {
      result.emplace_back(pixels.images[i].item<std::int64_t>(),
                          pixels.rows[i].item<std::int64_t>(),
                          pixels.columns[i].item<std::int64_t>());
    }
    return result;
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* PixelEmbeddingsTest::folder_ = nullptr;

TEST_F(PixelEmbeddingsTest, EveryFieldIsWhatNetworkAndLabelsSayOfThePixel) {
  Network network(config());
  const PixelEmbeddings pixels = network.sample({140, 0, 1});
  EXPECT_EQ(pixels.space, "poincare");
  EXPECT_DOUBLE_EQ(pixels.curvature, 1);
  EXPECT_EQ(pixels.decode, "level_sum");
  EXPECT_EQ(pixels.dim(), 8);
  ASSERT_GT(pixels.size(), 100);
  ASSERT_LE(pixels.size(), 140);
  const torch::NoGradGuard no_grad;
  network.model->eval();
  for (std::int64_t i = 0; i < pixels.size(); i += 7) {
    const auto [image, y, x] = places(pixels)[i];
    const Sample sample = network.data.load(image);
    const Prediction direct = network.model->forward(sample.image.unsqueeze(0));
    ASSERT_EQ(direct.embedding.size(2), kSize);
    const Decoded decoded = network.decoder(direct.logits, {"level_sum"}).front();
    const torch::Tensor v = direct.embedding[0].select(2, x).select(1, y);
    EXPECT_TRUE(torch::allclose(pixels.tangents[i], v, 1e-5, 1e-6));
    EXPECT_NEAR(pixels.radius[i].item<double>(), 2 * v.norm().item<double>(), 1e-5);
    EXPECT_EQ(pixels.leaves[i].item<std::int64_t>(), sample.labels[y][x].item<std::int64_t>());
    for (int k = 1; k <= 3; ++k) {
      EXPECT_EQ(pixels.predicted[i][k - 1].item<std::int64_t>(),
                decoded.levels[k - 1].classes[0][y][x].item<std::int64_t>());
    }
    EXPECT_FLOAT_EQ(pixels.confidence[i].item<float>(),
                    decoded.levels[2].confidence[0][y][x].item<float>());
    EXPECT_EQ(pixels.image_names.at(image), network.data.files(image).image.filename().string());
  }
}

// As the study samples corrupted copies: from the batches that it measures, in any order.
TEST_F(PixelEmbeddingsTest, ABatchSeenWholeGivesTheSameSample) {
  Network network(config());
  const PixelEmbeddings expected = network.sample({140, 0, 1});
  const torch::NoGradGuard no_grad;
  network.model->eval();
  std::vector<torch::Tensor> images;
  std::vector<torch::Tensor> labels;
  for (int i = kImages - 1; i >= 0; --i) {
    const Sample sample = network.data.load(i);
    images.push_back(sample.image);
    labels.push_back(sample.labels);
  }
  const Prediction prediction = network.model->forward(torch::stack(images));
  const Decoded decoded = network.decoder(prediction.logits, {"level_sum"}).front();
  PixelSampler sampler(network.parts(), {140, 0, 1});
  for (int b = 0; b < kImages; ++b) {
    sampler.add(embedded_image(kImages - 1 - b, b, torch::stack(labels), decoded, prediction.embedding));
  }
  const PixelEmbeddings pixels = sampler.pixels(network.data).value();
  EXPECT_EQ(places(pixels), places(expected));
  EXPECT_TRUE(torch::allclose(pixels.tangents, expected.tangents, 1e-5, 1e-6));
  EXPECT_TRUE(torch::equal(pixels.predicted, expected.predicted));
  EXPECT_TRUE(torch::allclose(pixels.confidence, expected.confidence, 1e-5, 1e-6));
  EXPECT_TRUE(torch::equal(pixels.leaves, expected.leaves));
  EXPECT_EQ(pixels.image_names, expected.image_names);
}

TEST_F(PixelEmbeddingsTest, EachLeafHasItsShareOrAllItsPixels) {
  Network network(config());
  const PixelEmbeddings pixels = network.sample({700, 0, 0});
  std::map<std::int64_t, std::int64_t> there;
  for (int i = 0; i < kImages; ++i) {
    const torch::Tensor labels = network.data.load(i).labels;
    for (std::int64_t leaf = 0; leaf < 7; ++leaf) {
      there[leaf] += labels.eq(leaf).sum().item<std::int64_t>();
    }
  }
  for (std::int64_t leaf = 0; leaf < 7; ++leaf) {
    EXPECT_EQ(pixels.leaves.eq(leaf).sum().item<std::int64_t>(), std::min<std::int64_t>(100, there[leaf]))
        << leaf;
  }
  const std::vector<Place> drawn = places(pixels);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), drawn.size());
}

TEST_F(PixelEmbeddingsTest, OtherWeightsAndSpacesHaveTheSamePixelsOtherSeedsNot) {
  Network network(config());
  Config flat = config();
  flat.seed = 99;
  flat.embedding.space = "euclidean";
  Network other(flat);
  const std::vector<Place> drawn = places(network.sample({70, 0, 5}));
  EXPECT_EQ(drawn, places(other.sample({70, 0, 5})));
  EXPECT_NE(drawn, places(network.sample({70, 0, 6})));
}

TEST_F(PixelEmbeddingsTest, FewerPointsThanLeavesAreNotExceededAndImagesAreSpread) {
  Network network(config());
  EXPECT_EQ(network.sample({3, 0, 0}).size(), 3);
  std::set<std::int64_t> images;
  for (const Place& place : places(network.sample({700, 2, 0}))) {
    images.insert(std::get<0>(place));
  }
  EXPECT_EQ(images, (std::set<std::int64_t>{0, 2}));
  EXPECT_EQ(spread(5, 0), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(spread(2, 7), (std::vector<std::int64_t>{0, 1}));
  testing::expect_value_error([&] { (void)network.sample({0, 0, 0}); }, "points > 0");
}

TEST_F(PixelEmbeddingsTest, OverlappingWindowsShowEveryPixelOnce) {
  Network whole(config());
  Config windowed = config();
  windowed.inference.window = {{10, 40}};  // wider than the image: padded
  windowed.inference.stride = {{7, 40}};
  Network parts(windowed);
  const auto by_place = [](Network& network) {
    std::map<Place, std::vector<float>> result;
    visit_embeddings(network.parts(), network.data, {1, 3}, [&](const EmbeddedImage& image) {
      EXPECT_EQ(image.rows.size(0), kSize * kSize);
      for (std::int64_t i = 0; i < image.rows.size(0); ++i) {
        const torch::Tensor v = image.tangents[i].contiguous();
        const auto y = image.rows[i].item<std::int64_t>(), x = image.columns[i].item<std::int64_t>();
        EXPECT_NEAR(image.radius[y][x].item<double>(), 2 * v.norm().item<double>(), 1e-4);
        result[{image.index, y, x}].assign(v.data_ptr<float>(), v.data_ptr<float>() + v.numel());
      }
    });
    return result;
  };
  const auto expected = by_place(whole);
  const auto found = by_place(parts);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [place, v] : expected) {
    for (std::size_t i = 0; i < v.size(); ++i) {
      EXPECT_NEAR(found.at(place)[i], v[i], 1e-4);
    }
  }
}

TEST_F(PixelEmbeddingsTest, CoarseCellsStandAtTheirCentres) {
  Config coarse = config();
  coarse.model.encoder = "resnet18";
  coarse.model.decoder = "deeplabv3plus";
  Network network(coarse);
  visit_embeddings(network.parts(), network.data, {0}, [&](const EmbeddedImage& image) {
    ASSERT_EQ(image.rows.size(0), 36);  // a quarter of the image: cells of 4 x 4 pixels
    EXPECT_EQ(image.rows[7].item<std::int64_t>(), 6);
    EXPECT_EQ(image.columns[7].item<std::int64_t>(), 6);
    EXPECT_EQ(image.radius.narrow(0, 4, 4).narrow(1, 4, 4).std().item<float>(), 0);
    EXPECT_EQ(image.radius[4][4].item<float>(), image.radius[6][6].item<float>());
    EXPECT_NE(image.radius[4][4].item<float>(), image.radius[4][3].item<float>());
  });
  EXPECT_TRUE(network.model->is_training());
}

TEST_F(PixelEmbeddingsTest, PrototypesAreFrechetMeansOfThePixelsBelow) {
  Network network(config());
  const PixelEmbeddings pixels = network.sample({140, 0, 0});
  const ClassPrototypes prototypes = class_prototypes(network.parts(), pixels);
  const auto ball = make_manifold("poincare", 1.0);
  const torch::Tensor x = ball->embed(pixels.tangents.to(torch::kFloat64));
  for (int node = 0; node < network.tree.num_nodes(); ++node) {
    EXPECT_EQ(prototypes.sources[node], PrototypeSource::frechet_mean);
    torch::Tensor below = torch::zeros(pixels.size(), torch::kBool);
    for (const int leaf : network.tree.leaves_of(node)) {
      below |= pixels.leaves.eq(leaf);
    }
    // Law 16: the sum of logmap(m, x) vanishes at the Frechet mean.
    const torch::Tensor mean = ball->embed(prototypes.tangents[node]);
    const torch::Tensor sum = ball->logmap(mean, x.index({below})).sum(0);
    EXPECT_LT(sum.norm().item<double>(), 1e-8) << network.tree.path(node);
  }
}

TEST_F(PixelEmbeddingsTest, TheClassifiersOwnPrototypesComeFirst) {
  Config owned = config();
  owned.classifier.kind = "prototypes";
  Network network(owned);
  PixelEmbeddings pixels = network.sample({140, 0, 0});
  pixels.leaves.fill_(2);
  const ClassPrototypes prototypes = class_prototypes(network.parts(), pixels);
  const torch::Tensor weights = network.model->named_parameters()["classifier.prototypes"];
  EXPECT_TRUE(torch::equal(prototypes.tangents.slice(0, 0, 7), weights.to(torch::kFloat64)));
  EXPECT_EQ(prototypes.sources[3], PrototypeSource::classifier);
  const int lower = network.tree.find("lower_body"), upper = network.tree.find("upper_body");
  EXPECT_EQ(prototypes.sources[lower], PrototypeSource::none);
  EXPECT_TRUE(prototypes.tangents[lower].isnan().all().item<bool>());
  EXPECT_EQ(prototypes.sources[upper], PrototypeSource::frechet_mean);
}

TEST_F(PixelEmbeddingsTest, ANetworkWithoutEmbeddingStillDecodes) {
  Config none = config();
  none.classifier.input = "features";
  none.loss.resize(1);
  Network network(none);
  EXPECT_FALSE(sample_pixel_embeddings(network.parts(), network.data, {}).has_value());
  int images = 0;
  visit_embeddings(network.parts(), network.data, {0, 1}, [&](const EmbeddedImage& image) {
    EXPECT_FALSE(image.tangents.defined());
    EXPECT_EQ(image.decoded.levels.back().classes.size(2), kSize);
    ++images;
  });
  EXPECT_EQ(images, 2);
}

}  // namespace gyroseg::pixel_embeddings_test
