#include "gyroseg/report/svg.h"

#include <c10/util/Exception.h>

#include <cmath>
#include <cstdio>

#include "base64.h"
#include "gyroseg/data/file_bytes.h"
#include "markup.h"

namespace gyroseg {
namespace {

constexpr double kLargestSide = 16000;  // twice this still fits into a cairo surface
constexpr const char* kFonts = "DejaVu Sans, Verdana, Arial, sans-serif";

std::string number(double value) {
  TORCH_CHECK_VALUE(std::isfinite(value), "Svg: a coordinate must be finite, got ", value);
  char text[32];
  // Such a number takes less than half of the buffer: coordinates past it are a caller's error.
  TORCH_CHECK_VALUE(std::abs(value) < 1e9, "Svg: a coordinate must be below 1e9, got ", value);
  int length = std::snprintf(text, sizeof text, "%.2f", value);
  while (text[length - 1] == '0') {
    --length;
  }
  length -= text[length - 1] == '.' ? 1 : 0;
  const std::string result(text, text + length);
  return result == "-0" ? "0" : result;
}

std::string pair(double x, double y) {
  std::string text = number(x);
  text += ' ';
  return text += number(y);
}

std::string attribute(const char* name, const std::string& value) {
  std::string text = " ";
  return text.append(name).append("=\"").append(value).append("\"");
}

std::string attribute(const char* name, double value) { return attribute(name, number(value)); }

std::string attributes(const Paint& paint) {
  std::string text = attribute("fill", paint.fill);
  if (paint.stroke != "none") {
    text += attribute("stroke", paint.stroke) + attribute("stroke-width", paint.width) +
            attribute("stroke-linejoin", "round");
    text += paint.dash.empty() ? "" : attribute("stroke-dasharray", paint.dash);
  }
  return text + (paint.opacity < 1 ? attribute("opacity", paint.opacity) : "");
}

std::string box(double x, double y, double width, double height) {
  return attribute("x", x) + attribute("y", y) + attribute("width", width) +
         attribute("height", height);
}

}  // namespace

std::string hex(const Rgb& color) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", color[0], color[1], color[2]);
  return text;
}

SvgPath& SvgPath::move_to(double x, double y) {
  data_.append("M").append(pair(x, y));
  return *this;
}

SvgPath& SvgPath::line_to(double x, double y) {
  data_.append("L").append(pair(x, y));
  return *this;
}

SvgPath& SvgPath::arc_to(double radius, bool clockwise, double x, double y) {
  data_.append("A").append(pair(radius, radius)).append(clockwise ? " 0 0 1 " : " 0 0 0 ");
  data_.append(pair(x, y));
  return *this;
}

SvgPath& SvgPath::close() {
  data_ += "Z";
  return *this;
}

Svg::Svg(double width, double height, const std::string& title, const Theme& theme)
    : title_(title), width_(width), height_(height), theme_(theme) {
  const auto valid = [](double side) { return side > 0 && side <= kLargestSide; };
  TORCH_CHECK_VALUE(valid(width) && valid(height), "Svg: expected sides in (0, ", kLargestSide,
                    "], got ", width, " x ", height);
  body_.append("<title>").append(markup_escaped(title, LineBreaks::replaced)).append("</title>\n");
  rect(0, 0, width, height, {.fill = theme_.ground});
}

void Svg::rect(double x, double y, double width, double height, const Paint& paint) {
  body_ += "<rect" + box(x, y, width, height) + attributes(paint) + "/>\n";
}

void Svg::circle(double x, double y, double radius, const Paint& paint) {
  body_ += "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) +
           attributes(paint) + "/>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, const Paint& paint) {
  body_ += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
           attribute("y2", y2) + attributes(paint) + "/>\n";
}

void Svg::path(const SvgPath& path, const Paint& paint) {
  if (!path.empty()) {
    body_ += "<path" + attribute("d", path.data()) + attributes(paint) + "/>\n";
  }
}

void Svg::text(double x, double y, const std::string& text, const TextStyle& style) {
  body_ += "<text" + attribute("x", x) + attribute("y", y) + attribute("font-family", kFonts) +
           attribute("font-size", style.size) + attribute("fill", style.color.empty() ? theme_.text : style.color);
  if (style.halo) {
    body_ += attribute("stroke", theme_.ground) + attribute("stroke-width", 3.0) +
             attribute("stroke-linejoin", "round") + attribute("paint-order", "stroke");
  }
  if (style.anchor != Anchor::start) {
    body_ += attribute("text-anchor", style.anchor == Anchor::middle ? "middle" : "end");
  }
  if (style.bold) {
    body_ += attribute("font-weight", "bold");
  }
  if (style.angle != 0) {
    std::string turn = "rotate(";
    turn.append(number(style.angle)).append(" ").append(pair(x, y)).append(")");
    body_ += attribute("transform", turn);
  }
  body_.append(">").append(markup_escaped(text, LineBreaks::replaced)).append("</text>\n");
}

void Svg::png(double x, double y, double width, double height,
              const std::vector<std::uint8_t>& bytes) {
  body_ += "<image" + box(x, y, width, height) + attribute("preserveAspectRatio", "none") +
           " xlink:href=\"data:image/png;base64," + base64(bytes) + "\"/>\n";
}

void Svg::open_clip(double x, double y, double width, double height) {
  const std::string name = "clip" + std::to_string(++clips_);
  body_ += "<clipPath" + attribute("id", name) + "><rect" + box(x, y, width, height) +
           "/></clipPath>\n<g" + attribute("clip-path", "url(#" + name + ")") + ">\n";
  ++open_groups_;
}

void Svg::close_group() {
  TORCH_CHECK_VALUE(open_groups_ > 0, "Svg: close_group without an open group");
  body_ += "</g>\n";
  --open_groups_;
}

std::string Svg::document() const {
  TORCH_CHECK_VALUE(open_groups_ == 0, "Svg: ", open_groups_, " group(s) are open still");
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
         "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"" +
         attribute("width", width_) + attribute("height", height_) +
         attribute("viewBox", std::string("0 0 ").append(pair(width_, height_))) + ">\n" + body_ +
         "</svg>\n";
}

std::string figure_name(const std::string& text) {
  std::string name = text;
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.';
    c = plain ? c : '_';
  }
  return name;
}

std::vector<std::filesystem::path> write_figure(const std::filesystem::path& folder,
                                                const std::string& name, const Svg& svg) {
  const std::string document = svg.document();
  const std::vector<std::filesystem::path> files = {folder / (name + ".svg"),
                                                    folder / (name + ".png")};
  write_text(files[0], document);
  write_bytes(files[1], render_png(document));
  return files;
}

}  // namespace gyroseg
