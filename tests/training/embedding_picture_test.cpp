#include "gyroseg/training/embedding_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

namespace gyroseg::embedding_picture_test {

using ::testing::HasSubstr;

PixelEmbeddings pixels_of(const std::string& space, double c, const torch::Tensor& tangents) {
  PixelEmbeddings pixels;
  pixels.space = space;
  pixels.curvature = c;
  pixels.tangents = tangents.to(torch::kFloat32);
  return pixels;
}

ClassPrototypes prototypes_at(const torch::Tensor& tangents) {
  return {tangents, std::vector<PrototypeSource>(tangents.size(0), PrototypeSource::frechet_mean)};
}

// Points of a plane through the origin in D dimensions, the last prototype missing.
torch::Tensor in_plane(const torch::Tensor& flat, std::int64_t dim) {
  const torch::Tensor basis = torch::zeros({2, dim}, torch::kFloat64);
  basis[0][0] = 0.6;
  basis[0][2] = 0.8;
  basis[1][1] = 1;
  return flat.mm(basis);
}

torch::Tensor pair_distances(const torch::Tensor& xy, const Manifold& manifold) {
  const torch::Tensor half = xy / manifold.lambda0();
  return manifold.tangent_dist(half.unsqueeze(0), half.unsqueeze(1));
}

TEST(PagePicture, TwoDimensionsAreShownAsTheyAre) {
  const torch::Tensor v = torch::randn({20, 2}, torch::kFloat64);
  const torch::Tensor classes = torch::tensor({0.5, 1.0, std::nan(""), std::nan("")}, torch::kFloat64).view({2, 2});
  const PagePicture ball = picture_of(pixels_of("poincare", 2.0, v), prototypes_at(classes));
  EXPECT_EQ(ball.view, PageView::disk);
  EXPECT_TRUE(torch::allclose(ball.xy, 2 * v, 1e-6, 1e-6));  // a norm of 1/2 is a distance of 1
  EXPECT_TRUE(torch::allclose(ball.prototypes[0], 2 * classes[0]));
  EXPECT_TRUE(ball.prototypes[1].isnan().all().item<bool>());
  EXPECT_THAT(ball.projection, HasSubstr("as they are"));
  const PagePicture plane = picture_of(pixels_of("euclidean", 0, v), prototypes_at(classes));
  EXPECT_EQ(plane.view, PageView::plane);
  EXPECT_TRUE(torch::allclose(plane.xy, v, 1e-6, 1e-6));
}

// What lies in a plane through its mean loses nothing, in any space: distances of all pairs are kept.
TEST(PagePicture, PlanesInMoreDimensionsKeepTheirDistances) {
  torch::manual_seed(1);
  torch::Tensor flat = 0.8 * torch::randn({30, 2}, torch::kFloat64);
  flat = torch::cat({flat, -flat});  // the mean is the origin
  for (const std::string space : {"poincare", "lorentz", "euclidean"}) {
    const double c = space == "euclidean" ? 0.0 : 0.6;
    const PixelEmbeddings pixels = pixels_of(space, c, in_plane(flat, 4));
    const PagePicture picture = picture_of(pixels, prototypes_at(in_plane(flat.slice(0, 0, 3), 4)));
    const auto manifold = manifold_of(pixels);
    const torch::Tensor true_distances = manifold->tangent_dist(flat.unsqueeze(0), flat.unsqueeze(1));
    EXPECT_TRUE(torch::allclose(pair_distances(picture.xy, *manifold), true_distances, 1e-3, 1e-3)) << space;
    EXPECT_TRUE(torch::allclose(picture.prototypes, picture.xy.slice(0, 0, 3), 1e-3, 1e-3)) << space;
    EXPECT_THAT(picture.projection, HasSubstr("100 %")) << space;
    EXPECT_THAT(picture.projection, HasSubstr("4 dimensions")) << space;
  }
}

TEST(PagePicture, TheSphereIsSeenFromItsMean) {
  // Four points 0.5 from the pole of the third axis.
  const double s = std::sin(0.5);
  const double k = std::cos(0.5);
  const torch::Tensor v = torch::tensor({s, 0.0, k, -s, 0.0, k, 0.0, s, k, 0.0, -s, k}, torch::kFloat64).view({4, 3});
  const PagePicture picture = picture_of(pixels_of("sphere", -1, 3 * v), prototypes_at(v));
  EXPECT_EQ(picture.view, PageView::plane);
  EXPECT_TRUE(torch::allclose(picture.xy.norm(2, -1), torch::full({4}, 0.5, torch::kFloat64), 1e-5, 1e-5));
  EXPECT_THAT(picture.projection, HasSubstr("Azimuthal equidistant"));
}

}  // namespace gyroseg::embedding_picture_test
