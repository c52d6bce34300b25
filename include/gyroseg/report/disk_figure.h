#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/report/panel_grid.h"
#include "gyroseg/report/svg.h"

namespace gyroseg {

/// Coordinates of a picture: in the disk those of the Poincare disk of radius 1, in the plane and on
/// the sphere in units of distance, x to the right and y upwards.
using PlanePoint = std::array<double, 2>;

/// What straight lines and distances are in a picture.
enum class PictureSpace {
  disk,   ///< the Poincare disk
  plane,  ///< Euclidean
  sphere  ///< the unit sphere by direction and distance from the view's centre (azimuthal equidistant)
};

struct PicturePoint {
  PlanePoint at;
  int class_index = -1;  ///< in the legend; negative ones are drawn in grey below all others
  bool right = true;     ///< full marker; else an empty one
};

/// A class where its prototype lies.
struct PictureNode {
  std::string name;
  PlanePoint at;
  Rgb color;
  int parent = -1;  ///< index of a node, joined by a geodesic; -1: none
};

/// Pixels and classes of an embedding in two dimensions: classes have a colour and a shape, tree
/// edges are geodesics, circles about the centre are labelled with their distance from it.
struct EmbeddingPicture {
  std::string title;
  PictureSpace space = PictureSpace::disk;
  double curvature = 1;  ///< c > 0 of the disk: labels of the circles
  std::vector<PicturePoint> points;
  std::vector<PictureNode> nodes;
  std::vector<ClassColor> legend;
  std::string caption;  ///< below, wrapped
  Theme theme = {};
};

/// The disk is drawn whole, or enlarged about its centre where all points lie within half of its
/// radius: then its boundary is out of sight. Points that are not finite are left out.
/// Throws c10::ValueError: a disk point outside, a class or parent that is not there.
[[nodiscard]] Svg draw(const EmbeddingPicture& picture);

/// The circle that holds the geodesic through two points of the unit disk: orthogonal to the
/// boundary, centre outside. Nothing where the geodesic is a diameter (a radius above 1e4).
struct GeodesicCircle {
  PlanePoint centre;
  double radius = 0;
};
[[nodiscard]] std::optional<GeodesicCircle> geodesic_circle(const PlanePoint& a,
                                                            const PlanePoint& b);

}  // namespace gyroseg
