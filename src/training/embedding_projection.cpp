#include "gyroseg/training/embedding_projection.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "manifolds/horo_pca.h"
#include "manifolds/tangent_pca.h"

namespace gyroseg {
namespace {

bool is_hyperbolic(const PixelEmbeddings& pixels) {
  return pixels.space == "poincare" || pixels.space == "lorentz";
}

std::string short_number(double value, const char* format = "%.4g") {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// Applies a map of network outputs [n,D] -> [n,2] to the nodes that have a prototype.
template <class Map>
torch::Tensor map_nodes(const ClassPrototypes& prototypes, const Map& map) {
  const torch::Tensor there = prototypes.tangents.isfinite().all(1).nonzero().squeeze(1);
  torch::Tensor result = torch::full({prototypes.tangents.size(0), 2},
                                     std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  if (there.numel() > 0) {
    result.index_copy_(0, there, map(prototypes.tangents.index_select(0, there)));
  }
  return result;
}

template <class Map>
void map_all(const PixelEmbeddings& pixels, const ClassPrototypes& prototypes, const Map& map,
             ProjectedEmbedding& result) {
  result.points = map(pixels.tangents.to(torch::kFloat64));
  result.nodes = map_nodes(prototypes, map);
}

void project_as_is(const PixelEmbeddings& pixels, const ClassPrototypes& prototypes,
                   ProjectedEmbedding& result) {
  TORCH_CHECK_VALUE(pixels.dim() == 2, "projection plane: needs embedding.dim 2, the run has ",
                    pixels.dim(), "; take tangent_pca",
                    is_hyperbolic(pixels) ? " or horo_pca" : "");
  const auto manifold = manifold_of(pixels);
  const double scale = is_hyperbolic(pixels) ? std::sqrt(pixels.curvature) : 1;
  const auto ball = is_hyperbolic(pixels) ? make_manifold("poincare", pixels.curvature) : manifold;
  map_all(pixels, prototypes, [&](const torch::Tensor& v) { return scale * ball->embed(v); }, result);
  result.method = "2-D head as it is";
  result.centre = pixels.space == "sphere" ? "the centre of the circle" : "the origin";
}

void project_by_tangent_pca(const PixelEmbeddings& pixels, const ClassPrototypes& prototypes,
                            ProjectedEmbedding& result) {
  const bool hyperbolic = is_hyperbolic(pixels);
  const auto space = hyperbolic ? make_manifold("poincare", pixels.curvature) : manifold_of(pixels);
  const torch::Tensor x = space->embed(pixels.tangents.to(torch::kFloat64));
  std::optional<torch::Tensor> base;
  result.centre = "the Frechet mean";
  if (hyperbolic) {
    base = space->origin(x.size(1), x.options());
    result.centre = "the origin";
  } else if (pixels.space == "sphere") {
    base = space->midpoint(x);  // the Frechet mean is of points within a right angle only
    result.centre = "the mean direction";
  }
  const TangentPca pca = tangent_pca(*space, x, 2, base);
  map_all(pixels, prototypes,
          [&](const torch::Tensor& v) {
            const torch::Tensor y = tangent_coordinates(*space, pca, space->embed(v));
            return hyperbolic ? std::sqrt(pixels.curvature) * space->expmap0(y / 2) : y;
          },
          result);
  result.method = pixels.space == "euclidean" ? "PCA" : "tangent PCA";
  result.explained = pca.explained;
}

void project_by_horo_pca(const PixelEmbeddings& pixels, const ClassPrototypes& prototypes,
                         ProjectedEmbedding& result) {
  TORCH_CHECK_VALUE(is_hyperbolic(pixels),
                    "projection horo_pca: needs embedding.space poincare or lorentz, the run has ",
                    pixels.space, "; take tangent_pca");
  const double c = pixels.curvature;
  const auto ball = make_manifold("poincare", c);
  const torch::Tensor x = ball->embed(pixels.tangents.to(torch::kFloat64));
  const HoroPca pca = horo_pca(x, c, {.base = ball->origin(x.size(1), x.options())});
  map_all(pixels, prototypes,
          [&](const torch::Tensor& v) { return std::sqrt(c) * horo_project(pca, ball->embed(v), c); },
          result);
  result.method = "HoroPCA";
  result.centre = "the origin";
  result.explained = pca.explained;
}

}  // namespace

PictureProjection projection_of(const std::string& word) {
  for (const auto& [name, projection] :
       {std::pair{"auto", PictureProjection::automatic}, std::pair{"plane", PictureProjection::plane},
        std::pair{"tangent_pca", PictureProjection::tangent_pca},
        std::pair{"horo_pca", PictureProjection::horo_pca}}) {
    if (word == name) {
      return projection;
    }
  }
  TORCH_CHECK_VALUE(false, "projection: expected auto | plane | tangent_pca | horo_pca, got ", word);
}

ProjectedEmbedding project_embedding(const PixelEmbeddings& pixels,
                                     const ClassPrototypes& prototypes, PictureProjection projection) {
  const torch::NoGradGuard no_grad;
  ProjectedEmbedding result;
  result.space = is_hyperbolic(pixels) ? PictureSpace::disk
                 : pixels.space == "sphere" && pixels.dim() > 2 ? PictureSpace::sphere
                                                                : PictureSpace::plane;
  if (projection == PictureProjection::automatic) {
    projection = pixels.dim() == 2       ? PictureProjection::plane
                 : is_hyperbolic(pixels) ? PictureProjection::horo_pca
                                         : PictureProjection::tangent_pca;
  }
  if (projection == PictureProjection::plane) {
    project_as_is(pixels, prototypes, result);
  } else if (projection == PictureProjection::horo_pca) {
    project_by_horo_pca(pixels, prototypes, result);
  } else {
    project_by_tangent_pca(pixels, prototypes, result);
  }
  return result;
}

std::string describe(const ClassPrototypes& prototypes) {
  bool own = false;
  bool means = false;
  for (const PrototypeSource source : prototypes.sources) {
    own = own || source == PrototypeSource::classifier;
    means = means || source == PrototypeSource::frechet_mean;
  }
  return own && means ? "the classifier's own prototypes of leaves, Frechet means of the pixels below inner nodes"
         : own        ? "the classifier's own prototypes"
                      : "Frechet means of the pixels below each node";
}

std::string describe(const ProjectedEmbedding& projected, const PixelEmbeddings& pixels) {
  std::string text = pixels.space + ", D = " + std::to_string(pixels.dim());
  if (is_hyperbolic(pixels)) {
    text += ", curvature -" + short_number(pixels.curvature);
  }
  text += ". " + projected.method;
  if (projected.explained) {
    text += ", which keeps " + short_number(100 * *projected.explained, "%.1f") + " % of the squared distances";
  }
  text += "; centred at " + projected.centre + ". n = " + std::to_string(pixels.size()) +
          " pixels, the same number of each leaf as far as there are.";
  return text;
}

}  // namespace gyroseg
