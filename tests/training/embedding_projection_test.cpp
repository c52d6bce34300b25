#include "gyroseg/training/embedding_projection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>

#include "support/value_error.h"

namespace gyroseg::embedding_projection_test {

using testing::expect_value_error;
using ::testing::HasSubstr;

constexpr auto kF64 = torch::kFloat64;

// n pixels in two directions of R^dim, with a prototype of the first class alone.
struct Sample {
  PixelEmbeddings pixels;
  ClassPrototypes prototypes;
};

Sample sample_of(const std::string& space, double c, std::int64_t dim) {
  torch::manual_seed(4);
  Sample sample;
  sample.pixels.space = space;
  sample.pixels.curvature = c;
  torch::Tensor v = torch::zeros({40, dim});
  v.narrow(1, 0, 2).copy_(torch::randn({40, 2}));
  sample.pixels.tangents = v;
  sample.prototypes.tangents =
      torch::full({3, dim}, std::numeric_limits<double>::quiet_NaN(), kF64);
  sample.prototypes.tangents[0] = v[7].to(kF64);
  return sample;
}

TEST(EmbeddingProjection, ATwoDimensionalHeadIsShownAsItIs) {
  const Sample sample = sample_of("poincare", 4.0, 2);
  const ProjectedEmbedding result = project_embedding(sample.pixels, sample.prototypes, PictureProjection::automatic);
  EXPECT_EQ(result.space, PictureSpace::disk);
  EXPECT_FALSE(result.explained.has_value());
  // In the disk of radius 1 the point of v lies at tanh(sqrt(c)|v|) along v.
  const torch::Tensor v = sample.pixels.tangents.to(kF64);
  const torch::Tensor norm = v.norm(2, 1, true);
  EXPECT_TRUE(torch::allclose(result.points, (2 * norm).tanh() * v / norm, 0, 1e-12));
  EXPECT_TRUE(torch::allclose(result.nodes[0], result.points[7], 0, 1e-12));
  EXPECT_TRUE(result.nodes[1].isnan().all().item<bool>());
  EXPECT_THAT(describe(result, sample.pixels), HasSubstr("poincare, D = 2, curvature -4. 2-D head as it is; centred at the origin. n = 40"));
  const Sample flat = sample_of("euclidean", 0, 2);
  const ProjectedEmbedding plane = project_embedding(flat.pixels, flat.prototypes, PictureProjection::plane);
  EXPECT_EQ(plane.space, PictureSpace::plane);
  EXPECT_TRUE(torch::equal(plane.points, flat.pixels.tangents.to(kF64)));
}

TEST(EmbeddingProjection, CaptionsSayWhoseThePrototypesAre) {
  using enum PrototypeSource;
  EXPECT_EQ(describe(ClassPrototypes{{}, {classifier, classifier, none}}), "the classifier's own prototypes");
  EXPECT_EQ(describe(ClassPrototypes{{}, {classifier, frechet_mean}}),
            "the classifier's own prototypes of leaves, Frechet means of the pixels below inner nodes");
  EXPECT_EQ(describe(ClassPrototypes{{}, {frechet_mean, none}}), "Frechet means of the pixels below each node");
}

// The pixels lie in a plane through the origin, so both methods keep all and agree on distances from it.
TEST(EmbeddingProjection, HigherDimensionsKeepAPlaneAndItsDistancesFromTheOrigin) {
  for (const std::string space : {"poincare", "lorentz"}) {
    const Sample sample = sample_of(space, 0.5, 6);
    for (const PictureProjection projection : {PictureProjection::automatic, PictureProjection::horo_pca, PictureProjection::tangent_pca}) {
      const ProjectedEmbedding result = project_embedding(sample.pixels, sample.prototypes, projection);
      EXPECT_EQ(result.space, PictureSpace::disk);
      EXPECT_EQ(result.method, projection == PictureProjection::tangent_pca ? "tangent PCA" : "HoroPCA");
      EXPECT_NEAR(result.explained.value(), 1, 1e-9);
      const torch::Tensor norm = sample.pixels.tangents.to(kF64).norm(2, 1);
      EXPECT_TRUE(torch::allclose(result.points.norm(2, 1), (std::sqrt(0.5) * norm).tanh(), 0, 1e-7));
    }
  }
}

TEST(EmbeddingProjection, TheSphereIsSeenFromItsMeanAndEuclidByPca) {
  const Sample sphere = sample_of("sphere", -1, 5);
  Sample cap = sphere;
  cap.pixels.tangents.select(1, 2).fill_(3.0);  // around the third axis
  const ProjectedEmbedding view = project_embedding(cap.pixels, sphere.prototypes, PictureProjection::automatic);
  EXPECT_EQ(view.space, PictureSpace::sphere);
  const auto space = make_manifold("sphere", 1.0);
  const torch::Tensor x = space->embed(cap.pixels.tangents.to(kF64));
  const torch::Tensor angle = space->dist(space->midpoint(x).unsqueeze(0), x);
  EXPECT_TRUE(torch::allclose(view.points.norm(2, 1), angle, 0, 1e-7));
  const Sample flat = sample_of("euclidean", 0, 4);
  const ProjectedEmbedding plane = project_embedding(flat.pixels, flat.prototypes, PictureProjection::automatic);
  EXPECT_EQ(plane.method, "PCA");
  EXPECT_LT(plane.points.sum(0).abs().max().item<double>(), 1e-6);  // centred
  EXPECT_TRUE(torch::allclose(torch::cdist(plane.points, plane.points),
                              torch::cdist(flat.pixels.tangents.to(kF64), flat.pixels.tangents.to(kF64)), 0, 1e-6));
}

TEST(EmbeddingProjection, WhatASpaceDoesNotHaveIsNamed) {
  const Sample flat = sample_of("euclidean", 0, 4);
  expect_value_error([&] { (void)project_embedding(flat.pixels, flat.prototypes, PictureProjection::plane); }, "embedding.dim 2, the run has 4");
  expect_value_error([&] { (void)project_embedding(flat.pixels, flat.prototypes, PictureProjection::horo_pca); }, "poincare or lorentz");
  expect_value_error([] { (void)projection_of("pca"); }, "auto | plane | tangent_pca | horo_pca");
  EXPECT_EQ(projection_of("horo_pca"), PictureProjection::horo_pca);
}

}  // namespace gyroseg::embedding_projection_test
