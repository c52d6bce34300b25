#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/data/dataset.h"
#include "gyroseg/inference/decode.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/training/loaded_run.h"

namespace gyroseg {

/// A network and what its outputs mean; the parts of a LoadedRun, or of a training.
struct EmbeddingNetwork {
  Segmenter& model;
  LabelDecoder& decoder;
  const Config& config;
  const Hierarchy& tree;
};

[[nodiscard]] EmbeddingNetwork network_of(LoadedRun& run);

/// What a network makes of one image. All on the CPU.
///
///   H, W  data.image_size;  N cells of the embedding, which is coarser than the image;  L levels
struct EmbeddedImage {
  std::int64_t index = 0;  ///< in the data set
  torch::Tensor labels;    ///< [H,W] int64 node indices or kIgnored
  Decoded decoded;         ///< of the first mode of `decode`, levels of [1,H,W]
  /// Without an embedding (nothing reads one) the rest is undefined.
  torch::Tensor tangents;  ///< [N,D] float32 network outputs v; the point is exp0(v), Manifold::embed
  torch::Tensor rows;      ///< [N] int64 pixel at the cell's centre
  torch::Tensor columns;   ///< [N]
  torch::Tensor radius;    ///< [H,W] float32 distance from the origin of the cell over each pixel
};

/// The image b of a batch that the network saw whole, without its radius. All on the CPU.
///
///   labels     [B,H,W] int64
///   decoded    levels of [B,H,W]
///   embedding  [B,D,h,w] network outputs; undefined: there is none
[[nodiscard]] EmbeddedImage embedded_image(std::int64_t index, std::int64_t b, const torch::Tensor& labels,
                                           const Decoded& decoded, const torch::Tensor& embedding);

/// Shows every image to `visit`, in the order given, one at a time: statistics over all pixels need
/// not keep them. In evaluation mode and without gradients; the model's mode is put back.
///
///   Windows  with inference.window a pixel has the cell of the first window over it, so that each
///            counts once; scales and flip take no part, as there is no mean of embeddings
///   Throws   DataError naming the file
void visit_embeddings(const EmbeddingNetwork& network, const SegmentationDataset& data,
                      const std::vector<std::int64_t>& images,
                      const std::function<void(const EmbeddedImage&)>& visit);

/// Up to `count` indices spread evenly over [0, size); all of them for count = 0.
[[nodiscard]] std::vector<std::int64_t> spread(std::int64_t size, std::int64_t count);

}  // namespace gyroseg
