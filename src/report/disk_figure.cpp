#include "gyroseg/report/disk_figure.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chart_marks.h"
#include "gyroseg/data/random.h"
#include "gyroseg/report/axis.h"
#include "label_places.h"
#include "swatches.h"

namespace gyroseg {
namespace {

constexpr double kDiskWidth = 720;
constexpr double kDiskMargin = 24;
constexpr double kDiskTop = 48;
constexpr double kDiskRadius = 300;  // of the view, in pixels
constexpr double kLabelFont = 12;
constexpr double kRingFont = 10.5;
constexpr double kStraight = 1e4;    // a circle this wide is a line at any size that is drawn
constexpr int kMostRings = 5;
// Where the Poincare disk is shown whole, circles are labelled up to this share of its radius.
constexpr double kOutermostRing = 0.985;

double norm_of(const PlanePoint& p) { return std::hypot(p[0], p[1]); }

bool is_finite(const PlanePoint& p) { return std::isfinite(p[0]) && std::isfinite(p[1]); }

// Maps coordinates to the page.
class PictureView {
 public:
  explicit PictureView(const EmbeddingPicture& picture) : space_(picture.space) {
    double farthest = 0;
    for (const PicturePoint& point : picture.points) {
      farthest = is_finite(point.at) ? std::max(farthest, norm_of(point.at)) : farthest;
    }
    for (const PictureNode& node : picture.nodes) {
      farthest = is_finite(node.at) ? std::max(farthest, norm_of(node.at)) : farthest;
    }
    constexpr double kRoom = 1.06;
    if (space_ == PictureSpace::disk) {
      reach_ = farthest > 0.5 || farthest == 0 ? 1 : kRoom * farthest;
    } else {
      reach_ = farthest > 0 ? kRoom * farthest : 1;
    }
    curvature_ = picture.curvature;
  }

  [[nodiscard]] bool whole_disk() const { return space_ == PictureSpace::disk && reach_ == 1; }
  [[nodiscard]] double scale() const { return kDiskRadius / reach_; }
  [[nodiscard]] PlanePoint operator()(const PlanePoint& p) const {
    return {kDiskWidth / 2 + p[0] * scale(), kDiskTop + kDiskRadius - p[1] * scale()};
  }

  // Of a circle at a distance from the centre, in pixels.
  [[nodiscard]] double ring(double distance) const {
    const double radius = space_ == PictureSpace::disk
                              ? std::tanh(std::sqrt(curvature_) * distance / 2)
                              : distance;
    return radius * scale();
  }

  // The distances of circles that are drawn, but 0.
  [[nodiscard]] Axis rings() const {
    double farthest = reach_;
    if (space_ == PictureSpace::disk) {
      farthest = 2 * std::atanh(std::min(reach_, kOutermostRing)) / std::sqrt(curvature_);
    }
    return Axis::over(0, farthest, 0, 1, kMostRings, /*loose=*/false);
  }

 private:
  PictureSpace space_;
  double reach_ = 1;  ///< the coordinate at the rim of the view
  double curvature_ = 1;
};

void check_picture(const EmbeddingPicture& picture) {
  TORCH_CHECK_VALUE(picture.space != PictureSpace::disk ||
                        (std::isfinite(picture.curvature) && picture.curvature > 0),
                    "EmbeddingPicture: expected curvature > 0, got ", picture.curvature);
  const auto inside = [&](const PlanePoint& p) {
    TORCH_CHECK_VALUE(picture.space != PictureSpace::disk || !is_finite(p) || norm_of(p) <= 1,
                      "EmbeddingPicture: a point of the disk must be inside, got ", p[0], ", ",
                      p[1]);
  };
  for (const PicturePoint& point : picture.points) {
    inside(point.at);
    TORCH_CHECK_VALUE(point.class_index < static_cast<int>(picture.legend.size()),
                      "EmbeddingPicture: class ", point.class_index, " of ", picture.legend.size());
  }
  for (const PictureNode& node : picture.nodes) {
    inside(node.at);
    TORCH_CHECK_VALUE(node.parent < static_cast<int>(picture.nodes.size()),
                      "EmbeddingPicture: parent ", node.parent, " of ", picture.nodes.size());
  }
}

void draw_rings(Svg& svg, const EmbeddingPicture& picture, const PictureView& view) {
  const PlanePoint centre = view({0, 0});
  const Theme& theme = picture.theme;
  const Axis rings = view.rings();
  for (std::size_t i = 0; i < rings.ticks().size(); ++i) {
    const double radius = view.ring(rings.ticks()[i]);
    if (radius > 0) {
      svg.circle(centre[0], centre[1], radius,
                 {.stroke = theme.grid, .width = 1, .dash = "4 3"});
    }
  }
  const double rim = view.whole_disk() ? 1.6 : 0.8;
  svg.circle(centre[0], centre[1], kDiskRadius,
             {.stroke = theme.frame, .width = rim, .dash = view.whole_disk() ? "" : "2 4"});
  svg.line(centre[0] - 5, centre[1], centre[0] + 5, centre[1], {.stroke = theme.frame});
  svg.line(centre[0], centre[1] - 5, centre[0], centre[1] + 5, {.stroke = theme.frame});
}

// Above the points, along a ray to the lower right, where they do not hide each other.
void draw_ring_labels(Svg& svg, const EmbeddingPicture& picture, const PictureView& view,
                      LabelPlaces& places) {
  const PlanePoint centre = view({0, 0});
  const Axis rings = view.rings();
  double last = 0;
  constexpr double kApart = 13;
  for (std::size_t i = 0; i < rings.ticks().size(); ++i) {
    const double radius = view.ring(rings.ticks()[i]);
    if (radius < last + kApart) {
      continue;
    }
    last = radius;
    const double x = centre[0], y = centre[1] + radius + kRingFont / 3;
    svg.text(x, y, rings.labels()[i],
             {.size = kRingFont, .anchor = Anchor::middle, .color = picture.theme.muted,
              .halo = true});
    places.take(x, y, text_width(rings.labels()[i], kRingFont), kRingFont);
  }
}

// The great circle between two points of an azimuthal view, as a polyline.
SvgPath great_circle(const PlanePoint& a, const PlanePoint& b, const PictureView& view) {
  using Vector = std::array<double, 3>;
  const auto lift = [](const PlanePoint& p) -> Vector {
    const double angle = norm_of(p);
    const double s = angle > 0 ? std::sin(angle) / angle : 1;
    return {s * p[0], s * p[1], std::cos(angle)};
  };
  const Vector u = lift(a), v = lift(b);
  const double cosine = std::clamp(u[0] * v[0] + u[1] * v[1] + u[2] * v[2], -1.0, 1.0);
  const double whole = std::acos(cosine);
  SvgPath path;
  constexpr int kPieces = 128;
  for (int i = 0; i <= kPieces; ++i) {
    const double t = static_cast<double>(i) / kPieces;
    const double p = whole > 1e-9 ? std::sin((1 - t) * whole) / std::sin(whole) : 1 - t;
    const double q = whole > 1e-9 ? std::sin(t * whole) / std::sin(whole) : t;
    const Vector w = {p * u[0] + q * v[0], p * u[1] + q * v[1], p * u[2] + q * v[2]};
    const double across = std::hypot(w[0], w[1]);
    const double angle = std::atan2(across, w[2]);
    const double s = across > 0 ? angle / across : 1;
    const PlanePoint at = view({s * w[0], s * w[1]});
    i == 0 ? path.move_to(at[0], at[1]) : path.line_to(at[0], at[1]);
  }
  return path;
}

SvgPath geodesic(const PlanePoint& a, const PlanePoint& b, PictureSpace space,
                 const PictureView& view) {
  if (space == PictureSpace::sphere) {
    return great_circle(a, b, view);
  }
  const PlanePoint from = view(a), to = view(b);
  SvgPath path;
  path.move_to(from[0], from[1]);
  const std::optional<GeodesicCircle> circle =
      space == PictureSpace::disk ? geodesic_circle(a, b) : std::nullopt;
  if (!circle) {
    return path.line_to(to[0], to[1]);
  }
  const PlanePoint centre = view(circle->centre);
  const double turn = (from[0] - centre[0]) * (to[1] - centre[1]) -
                      (from[1] - centre[1]) * (to[0] - centre[0]);
  return path.arc_to(circle->radius * view.scale(), /*clockwise=*/turn > 0, to[0], to[1]);
}

void draw_edges(Svg& svg, const EmbeddingPicture& picture, const PictureView& view) {
  for (const PictureNode& node : picture.nodes) {
    if (node.parent < 0 || !is_finite(node.at)) {
      continue;
    }
    const PictureNode& parent = picture.nodes[node.parent];
    if (!is_finite(parent.at)) {
      continue;
    }
    const SvgPath edge = geodesic(parent.at, node.at, picture.space, view);
    svg.path(edge, {.stroke = picture.theme.ground, .width = 5, .opacity = 0.8});
    svg.path(edge, {.stroke = picture.theme.text, .width = 1.8});
  }
}

// Of all classes in turn: none lies over all others. The order is the same each time.
void draw_points(Svg& svg, const EmbeddingPicture& picture, const PictureView& view) {
  std::vector<std::size_t> order(picture.points.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [](std::size_t a, std::size_t b) {
    return mix_bits(a + 1) < mix_bits(b + 1);
  });
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return picture.points[i].class_index < 0; });
  const double size = order.size() > 2000 ? 2.2 : order.size() > 500 ? 2.8 : 3.4;
  for (const std::size_t i : order) {
    const PicturePoint& point = picture.points[i];
    if (!is_finite(point.at)) {
      continue;
    }
    const PlanePoint at = view(point.at);
    const bool known = point.class_index >= 0;
    const Rgb color = known ? picture.legend[point.class_index].color : kNoClassColor;
    draw_marker(svg, at[0], at[1], known ? point.class_index : 0, point.right ? 0 : 1,
                hex(readable(color, picture.theme)), size);
  }
}

void draw_nodes(Svg& svg, const EmbeddingPicture& picture, const PictureView& view,
                LabelPlaces& places) {
  for (const PictureNode& node : picture.nodes) {
    if (is_finite(node.at)) {
      const PlanePoint at = view(node.at);
      svg.circle(at[0], at[1], 7.5, {.fill = picture.theme.ground});
      svg.circle(at[0], at[1], 5.5, {.fill = hex(readable(node.color, picture.theme)),
                                     .stroke = picture.theme.text, .width = 1.8});
      places.take(at[0], at[1] + 6, 15, 15);
    }
  }
  for (const PictureNode& node : picture.nodes) {
    if (!is_finite(node.at)) {
      continue;
    }
    const PlanePoint at = view(node.at);
    const LabelPlace place = places.beside(at[0], at[1], 10, text_width(node.name, kLabelFont, true),
                                           kLabelFont);
    svg.text(place.x, place.y, node.name,
             {.size = kLabelFont, .anchor = place.anchor, .bold = true, .halo = true});
  }
}

}  // namespace

std::optional<GeodesicCircle> geodesic_circle(const PlanePoint& a, const PlanePoint& b) {
  // The centre k has 2 <k,p> = 1 + |p|^2 for both points: circles through p orthogonal to the rim.
  const double det = a[0] * b[1] - a[1] * b[0];
  const double right_a = (1 + a[0] * a[0] + a[1] * a[1]) / 2;
  const double right_b = (1 + b[0] * b[0] + b[1] * b[1]) / 2;
  const PlanePoint scaled = {right_a * b[1] - right_b * a[1], right_b * a[0] - right_a * b[0]};
  const double size = norm_of(scaled);
  if (size >= kStraight * std::abs(det)) {
    return std::nullopt;
  }
  GeodesicCircle circle{{scaled[0] / det, scaled[1] / det}};
  circle.radius = std::sqrt((size / det) * (size / det) - 1);
  return circle;
}

Svg draw(const EmbeddingPicture& picture) {
  check_picture(picture);
  const PictureView view(picture);
  const double inner = kDiskWidth - 2 * kDiskMargin;
  const SwatchLayout legend = lay_out_swatches(picture.legend, inner);
  const std::vector<std::string> caption = wrapped_text(picture.caption, 11.5, inner);
  const double legend_top = kDiskTop + 2 * kDiskRadius + 22;
  const double caption_top = legend_top + legend.height + 10;
  constexpr double kCaptionRow = 16;
  Svg svg(kDiskWidth, caption_top + kCaptionRow * static_cast<double>(caption.size()) + 10,
          picture.title, picture.theme);
  svg.text(kDiskMargin, 28, shortened(picture.title, 15, inner, true), {.size = 15, .bold = true});
  LabelPlaces places;
  draw_rings(svg, picture, view);
  draw_points(svg, picture, view);
  draw_edges(svg, picture, view);
  draw_ring_labels(svg, picture, view, places);
  draw_nodes(svg, picture, view, places);
  draw_marked_swatches(svg, legend, kDiskMargin, legend_top);
  for (std::size_t i = 0; i < caption.size(); ++i) {
    svg.text(kDiskMargin, caption_top + kCaptionRow * static_cast<double>(i + 1) - 4, caption[i],
             {.size = 11.5, .color = picture.theme.muted});
  }
  return svg;
}

}  // namespace gyroseg
