#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// How an embedding is drawn: the Poincare disk, moved by Moebius maps; a plane, moved by shifts; or the plane of
/// an azimuthal view of the sphere, in which great circles are bent and nothing is further than pi.
enum class PageView { disk, plane, sphere };

/// An image that pixels come from.
struct PageImage {
  std::string name;
  torch::Tensor rgb;  ///< [h,w,3] uint8, as the network saw it
};

/// N pixels at one moment of the training.
///
///   Coordinates  tangent coordinates at the picture's centre: the direction of the point, times its distance
///                from the centre in the space's own measure (curvature included). In the plane and the view of
///                the sphere they are the coordinates; the disk shows exp0 of them, exactly also where the ball's own float32
///                coordinates are on the rim
struct PageSnapshot {
  std::int64_t step = 0;
  double epoch = 0;
  double curvature = 0;              ///< c > 0 where the view is the disk; else anything
  torch::Tensor xy;                  ///< [N,2] coordinates
  torch::Tensor prototypes;          ///< [V,2] coordinates of the classes; NaN where a node has none
  torch::Tensor predicted;           ///< [L,N] int64 node of the predicted class of level k at k-1; -1 = undecided
  torch::Tensor radius;              ///< [N] distance from the origin of the space
  torch::Tensor confidence;          ///< [N] largest probability of a leaf
  torch::Tensor prototype_distance;  ///< [N] in the space, to the prototype of the true class; NaN: none
};

/// The same N pixels at each snapshot of one run.
struct PageRun {
  std::string name;
  std::string space;  ///< euclidean | sphere | poincare | lorentz
  std::int64_t dim = 2;
  PageView view = PageView::disk;
  std::string caption;   ///< says which projection, of what
  torch::Tensor image;   ///< [N] int64 index into EmbeddingPage::images
  torch::Tensor row;     ///< [N] int64
  torch::Tensor column;  ///< [N] int64
  torch::Tensor truth;   ///< [N] int64 node, or kIgnored
  std::vector<PageSnapshot> snapshots;  ///< at least one, in the order of epochs
};

struct EmbeddingPage {
  Hierarchy tree;  ///< of all runs
  std::vector<PageImage> images;
  std::vector<PageRun> runs;
};

/// The data block of the page as one line of JSON without '<', so that it can stand in a <script>:
///
///   version  1
///   tree     names, paths, parents, depths, colors, top_copies [V] (Hierarchy::top_copy); leaves (their
///            number); levels [L][classes] of nodes
///   images   [{name, width, height, src: a data URI}]: PNG where small, else JPEG with no side above
///            512; width and height are those of the image
///   runs     [{name, space, dim, view: disk | plane | sphere, caption,
///              points: {image, row, column int32 [N], truth int16 [N]},
///              snapshots: [{step, epoch, curvature, xy float32 [N,2], prototypes float32 [V,2],
///                           predicted: [L] int16 [N], radius, confidence, prototype_distance float32 [N]}]}]
///   Arrays of numbers are base64 of their little-endian bytes.
///
///   Throws   c10::ValueError: no run, no snapshot, a shape or index that does not fit, more than 32767 nodes
[[nodiscard]] std::string embedding_json(const EmbeddingPage& page);

}  // namespace gyroseg
