#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/data/mask_io.h"
#include "gyroseg/report/theme.h"

namespace gyroseg {

/// How a shape is drawn; "none" leaves the inside or the line out. Colours as SVG has them.
struct Paint {
  std::string fill = "none";
  std::string stroke = "none";
  double width = 1;       ///< of the line
  std::string dash = "";  ///< such as "6 3"; "" is solid
  double opacity = 1;
};

enum class Anchor { start, middle, end };

struct TextStyle {
  double size = 12;
  Anchor anchor = Anchor::start;
  std::string color = "";  ///< "": the theme's
  bool bold = false;
  double angle = 0;       ///< degrees, clockwise, about the anchor
  bool halo = false;      ///< a rim of the ground's colour, where text stands on a drawing
};

/// "#rrggbb".
[[nodiscard]] std::string hex(const Rgb& color);

/// The outline of a shape, for Svg::path. Throws c10::ValueError where a number is not finite, or
/// 1e9 or more.
class SvgPath {
 public:
  SvgPath& move_to(double x, double y);
  SvgPath& line_to(double x, double y);
  /// A circular arc of at most half a circle. clockwise: as seen on the page, y downwards.
  SvgPath& arc_to(double radius, bool clockwise, double x, double y);
  SvgPath& close();

  [[nodiscard]] const std::string& data() const { return data_; }
  [[nodiscard]] bool empty() const { return data_.empty(); }

 private:
  std::string data_;
};

/// A drawing in pixels, x to the right and y downwards, on a ground of its own: a white one reads
/// alike on a white and on a dark page. One document of well-formed XML with nothing outside it.
///
///   Text     any bytes: markup is escaped; control characters, and bytes that are not UTF-8,
///            become '?'
///   Numbers  are written to a hundredth of a pixel
///   Throws   c10::ValueError where a coordinate or size is not finite, or 1e9 or more: gaps are
///            the caller's to leave
class Svg {
 public:
  /// width, height > 0, at most 16000. title: what the drawing shows, for tooltips and screen
  /// readers.
  Svg(double width, double height, const std::string& title, const Theme& theme = {});

  void rect(double x, double y, double width, double height, const Paint& paint);
  void circle(double x, double y, double radius, const Paint& paint);
  void line(double x1, double y1, double x2, double y2, const Paint& paint);
  /// An empty path draws nothing.
  void path(const SvgPath& path, const Paint& paint);
  /// y is the base line.
  void text(double x, double y, const std::string& text, const TextStyle& style = {});
  /// A PNG file's bytes, embedded and stretched to the place, interpolated.
  void png(double x, double y, double width, double height,
           const std::vector<std::uint8_t>& bytes);

  /// What is drawn until close_group is cut at the rectangle.
  void open_clip(double x, double y, double width, double height);
  void close_group();

  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double height() const { return height_; }
  [[nodiscard]] const Theme& theme() const { return theme_; }

  /// The document. Throws c10::ValueError where a group is open.
  [[nodiscard]] std::string document() const;

 private:
  std::string title_;
  double width_;
  double height_;
  Theme theme_;
  std::string body_;
  int clips_ = 0;
  int open_groups_ = 0;
};

/// Width in pixels of a text in DejaVu Sans, the widest of the fonts that documents name: it fits
/// in the others too.
[[nodiscard]] double text_width(const std::string& text, double size, bool bold = false);

/// The text where it fits into `width`, else as much of its start and end as does, with "..."
/// between: paths and numbered names differ at the end.
[[nodiscard]] std::string shortened(const std::string& text, double size, double width,
                                    bool bold = false);

/// The lines of at most `width` pixels that the text breaks into at its spaces; a longer word has a
/// line of its own.
[[nodiscard]] std::vector<std::string> wrapped_text(const std::string& text, double size,
                                                    double width);

/// The document as a PNG of `scale` times its size, by librsvg. Throws std::runtime_error where the
/// document is not SVG.
[[nodiscard]] std::vector<std::uint8_t> render_png(const std::string& document, double scale = 2);

/// A name for write_figure from any text: letters, digits, '-', '_' and '.' stay, others become
/// '_'.
[[nodiscard]] std::string figure_name(const std::string& text);

/// Writes FOLDER/NAME.svg and FOLDER/NAME.png, each to a temporary name and renamed, and returns
/// them in this order. Throws DataError.
std::vector<std::filesystem::path> write_figure(const std::filesystem::path& folder,
                                                const std::string& name, const Svg& svg);

}  // namespace gyroseg
