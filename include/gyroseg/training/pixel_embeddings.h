#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/training/embedding_pass.h"

namespace gyroseg {

/// A sample of the pixels of a split as a network embeds and classifies them. All on the CPU, in the
/// order of images, rows and columns.
///
///   N  pixels;  D network outputs;  L levels;  H,W  data.image_size
struct PixelEmbeddings {
  std::string space;             ///< embedding.space
  double curvature = 0;          ///< c as learned; Manifold::curvature
  std::string decode;            ///< the decode mode of the predictions: the first of the config
  torch::Tensor tangents;        ///< [N,D] float32 network outputs v; the point is exp0(v) (embed)
  torch::Tensor radius;          ///< [N] float32 distance from the origin
  torch::Tensor leaves;          ///< [N] int64 true leaf in [0, C)
  torch::Tensor predicted;       ///< [N,L] int64 class of level k in column k - 1, or kUndecided;
                                 ///< at level L the leaf
  torch::Tensor confidence;      ///< [N] float32 probability of the predicted class at level L
  torch::Tensor images;          ///< [N] int64 index in the data set
  torch::Tensor rows, columns;   ///< [N] int64 pixel of the resized image, at the cell's centre
  std::map<std::int64_t, std::string> image_names = {};  ///< file names by index

  [[nodiscard]] std::int64_t size() const { return tangents.size(0); }
  [[nodiscard]] std::int64_t dim() const { return tangents.size(1); }
};

/// The space with the curvature at the checkpoint, as a number.
[[nodiscard]] std::shared_ptr<const Manifold> manifold_of(const PixelEmbeddings& pixels);

struct PixelSample {
  std::int64_t points = 5000;  ///< at most; > 0
  std::int64_t images = 0;     ///< at most, spread evenly over the split; 0: all
  std::uint64_t seed = 0;
};

/// Draws pixels, the same number at most of each leaf: points/C without replacement, from the cells
/// whose centre has a leaf as label. Which ones is a function of the labels, the embedding's size and
/// the seed, not of the weights or the images' order: every checkpoint, every space and every corrupted
/// copy gives the same pixels. Memory does not grow with the split.
class PixelSampler {
 public:
  /// Throws c10::ValueError: sample.points. sample.images is the caller's to see to.
  PixelSampler(const EmbeddingNetwork& network, const PixelSample& sample);
  ~PixelSampler();
  PixelSampler(const PixelSampler&) = delete;
  PixelSampler& operator=(const PixelSampler&) = delete;

  void add(const EmbeddedImage& image);

  /// Nothing where the network has no embedding, or no pixel a label. data names the images.
  [[nodiscard]] std::optional<PixelEmbeddings> pixels(const SegmentationDataset& data) const;

 private:
  struct Draw;
  EmbeddingNetwork network_;
  PixelSample sample_;
  std::unique_ptr<Draw> draw_;
};

/// The sample of a split. Throws DataError naming the file; c10::ValueError: points, images.
[[nodiscard]] std::optional<PixelEmbeddings> sample_pixel_embeddings(
    const EmbeddingNetwork& network, const SegmentationDataset& data, const PixelSample& sample);

enum class PrototypeSource {
  none,         ///< no pixel below the node
  classifier,   ///< a parameter of the network: classifier.kind prototypes, or cosine's directions
  frechet_mean  ///< of the sampled pixels below the node, each with the same weight
};

/// Where the classes lie.
struct ClassPrototypes {
  torch::Tensor tangents;                ///< [V,D] float64 network outputs; NaN where there is none
  std::vector<PrototypeSource> sources;  ///< [V]
};

/// The classifier's own prototypes as far as it has any, else Frechet means. On the sphere the
/// midpoint where pixels lie too far apart for a Frechet mean.
[[nodiscard]] ClassPrototypes class_prototypes(const EmbeddingNetwork& network,
                                               const PixelEmbeddings& pixels);

}  // namespace gyroseg
