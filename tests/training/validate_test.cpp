#include "gyroseg/training/validate.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "gyroseg/training/assembly.h"
#include "support/tiny_run.h"
#include "support/value_error.h"

namespace gyroseg::validate_test {

using testing::expect_value_error;

constexpr int kSize = 24;
constexpr int kImages = 3;

/// A validation set of drawn figures, and a network in which an output sees one pixel: what a window
/// leaves out makes no difference.
class ValidateTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    at::set_num_threads(1);
    folder_ = new TemporaryFolder("validate");
    draw_split(folder_->path(), "val", kImages, kSize);
  }
  static void TearDownTestSuite() { delete folder_; }

  static Config config() {
    Config config = pointwise_config(folder_->path(), kSize);
    config.classifier.input = "features";
    return config;
  }

  static Validation measure(const Config& config, const InferenceConfig& inference,
                            bool with_losses = true) {
    const Hierarchy tree(config.hierarchy);
    Segmenter model = build_model(config, tree);
    LabelDecoder decoder = build_decoder(config, tree);
    const Criterion criterion = build_criterion(config, tree, model, {});
    const SegmentationDataset dataset(config.data, tree, "val");
    LoaderOptions options;
    options.batch_size = config.training.batch_size;
    Loader loader(dataset, options);
    loader.start_epoch(0);
    return validate(
        model, [&loader] { return loader.next(); },
        {tree, decoder, {"leaf_argmax"}, "auto", with_losses ? &criterion : nullptr, 0, inference});
  }

  static InferenceConfig window(int height, int width, int down, int right) {
    InferenceConfig inference;
    inference.window = {{height, width}};
    inference.stride = {{down, right}};
    return inference;
  }

  // Leaf pixels that two validations put into different cells of the confusion matrix.
  static std::int64_t moved(const Validation& a, const Validation& b) {
    const auto cells = [](const Validation& v) { return v.reports[0].levels.back().confusion; };
    return (cells(a) - cells(b)).abs().sum().item<std::int64_t>() / 2;
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* ValidateTest::folder_ = nullptr;

TEST_F(ValidateTest, TheSpeedLeavesTheFirstBatchOut) {
  Config config = this->config();
  config.training.batch_size = kImages;
  EXPECT_FALSE(measure(config, {}).images_per_second.has_value());
  config.training.batch_size = 1;
  EXPECT_GT(measure(config, {}).images_per_second.value_or(0), 0);
}

TEST_F(ValidateTest, WindowsWithoutOverlapGiveTheFiguresAndTheCrossEntropyOfWholeImages) {
  Config config = this->config();
  config.loss.resize(1);
  config.training.batch_size = 1;
  const Validation whole = measure(config, {});
  // A third of the image, the image, more than the image: then labels are padded as ignored.
  for (const InferenceConfig& inference :
       {window(8, 12, 8, 12), window(kSize, kSize, 5, 5), window(40, 31, 20, 20)}) {
    const Validation result = measure(config, inference);
    // The same float32 terms, summed in another order.
    EXPECT_NEAR(result.loss, whole.loss, 1e-5 * whole.loss) << describe(inference);
    EXPECT_NEAR(result.terms.at("cross_entropy"), whole.terms.at("cross_entropy"),
                1e-5 * whole.loss);
    // Rounding may turn an argmax between equals, in a few of 1728 pixels.
    EXPECT_LE(moved(result, whole), 3) << describe(inference);
    EXPECT_EQ(result.reports[0].pixels, whole.reports[0].pixels);
  }
}

TEST_F(ValidateTest, OverlappingWindowsScalesAndFlipKeepAPixelwiseNetworksFigures) {
  const Validation whole = measure(config(), {}, /*with_losses=*/false);
  InferenceConfig inference = window(9, 7, 4, 5);
  inference.flip = true;
  EXPECT_LE(moved(measure(config(), inference, false), whole), 3);
  inference.scales = {1.0, 2.0};  // neighbours mix: other figures, of as many pixels
  EXPECT_EQ(measure(config(), inference, false).reports[0].pixels, whole.reports[0].pixels);
}

TEST_F(ValidateTest, EveryLossIsMeasuredByWindow) {
  const Validation result = measure(config(), window(16, 16, 8, 8));
  EXPECT_TRUE(std::isfinite(result.loss));
  EXPECT_GT(result.terms.at("tree_triplet"), 0);
  EXPECT_NEAR(result.loss, result.terms.at("cross_entropy") + 0.5 * result.terms.at("tree_triplet"),
              1e-5 * result.loss);  // the total is a float32 sum
}

TEST_F(ValidateTest, ACriterionMeasuresEachPixelOnce) {
  InferenceConfig inference;
  inference.flip = true;
  expect_value_error([&] { (void)measure(config(), inference); },
                     "expected scales [1] and no flip");
  inference = {};
  inference.scales = {0.5};
  expect_value_error([&] { (void)measure(config(), inference); }, "inference.scales=[0.5]");
}

TEST_F(ValidateTest, TrainingValidatesByTheWindowAloneImageByImage) {
  Config config = this->config();
  EXPECT_EQ(validation_batch_size(config), config.training.batch_size);
  config.inference = window(16, 8, 4, 2);
  config.inference.scales = {0.5, 1.0};
  config.inference.flip = true;
  const InferenceConfig inference = validation_inference(config);
  EXPECT_EQ(
      describe(inference),
      "inference.window=[16,8] inference.stride=[4,2] inference.scales=[1] inference.flip=false");
  EXPECT_EQ(validation_batch_size(config), 1);
}

TEST_F(ValidateTest, EmbeddingsBeyondFloat32PointsAreCounted) {
  Config config = this->config();
  config.classifier.input = "embedding";
  EXPECT_EQ(measure(config, {}, false).clipped.value(), 0);
  config.embedding.curvature = 1e6;  // sqrt(c) = 1000: radius 0.0166 is too far already
  EXPECT_GT(measure(config, {}, false).clipped.value(), 0.9);
  config.embedding.space = "euclidean";
  EXPECT_FALSE(measure(config, {}, false).clipped.has_value());
}

}  // namespace gyroseg::validate_test
