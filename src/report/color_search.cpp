#include "color_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gyroseg/report/theme.h"

namespace gyroseg {
namespace {

constexpr int kHues = 3;
constexpr int kLightnesses = 20;
constexpr int kChromas = 5;
// More is garish and only some hues have it.
constexpr double kMostChroma = 0.19;
// OKLab's L of a saturated colour is off the cube root of its luminance by up to this.
constexpr double kLightnessMargin = 0.04;
// Of two candidates whose least distances differ by less, the one nearer to what is wanted.
constexpr double kNearness = 1e-3;
// Each costs the square of the number of colours. Small trees come to rest before.
constexpr int kRounds = 8;

bool inside_srgb(const LinearRgb& color) {
  return std::all_of(color.begin(), color.end(), [](double c) { return c >= 0 && c <= 1; });
}

double most_chroma(double lightness, double hue) {
  double low = 0;
  double high = kMostChroma;
  for (int step = 0; step < 12; ++step) {
    const double middle = (low + high) / 2;
    (inside_srgb(linear_of_oklab(lch(lightness, middle, hue))) ? low : high) = middle;
  }
  return low;
}

double square_distance(const OkLab& a, const OkLab& b) {
  const double l = a[0] - b[0], x = a[1] - b[1], y = a[2] - b[2];
  return l * l + x * x + y * y;
}

double least_distance(const SeenColor& a, const SeenColor& b) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < a.seen.size(); ++i) {
    least = std::min(least, square_distance(a.seen[i], b.seen[i]));
  }
  return std::sqrt(least);
}

// How good a candidate is beside the others; less than `bound` where it cannot be better than that.
double rating(const SeenColor& candidate, const ColorChoice& choice,
              const std::vector<const SeenColor*>& others, double bound) {
  const double far = kNearness * std::sqrt(square_distance(candidate.seen[0], choice.wanted));
  double least = choice.enough;
  for (const SeenColor* other : others) {
    if (least - far < bound) {
      break;
    }
    least = std::min(least, least_distance(candidate, *other));
  }
  return least - far;
}

}  // namespace

SeenColor seen_color(const Rgb& color) {
  SeenColor result{color, {}};
  std::size_t i = 0;
  for (const Rgb& drawn : {color, readable(color, Theme{}), readable(color, dark_theme())}) {
    for (const Vision vision : {Vision::normal, Vision::protanopia, Vision::deuteranopia}) {
      result.seen[i++] = oklab_of(seen_with(vision, linear_of(drawn)));
    }
  }
  return result;
}

HueRange HueRange::part(std::size_t i, std::size_t n) const {
  const double width = (high - low) / static_cast<double>(n);
  return {low + width * static_cast<double>(i), low + width * static_cast<double>(i + 1)};
}

std::vector<SeenColor> shades_of(HueRange hues, double least_chroma) {
  std::vector<SeenColor> shades;
  const double darkest = kDarkestShade - kLightnessMargin;
  const double step = (kLightestShade + kLightnessMargin - darkest) / (kLightnesses - 1);
  for (int h = 0; h < kHues; ++h) {
    const HueRange part = hues.part(h, kHues);
    const double hue = (part.low + part.high) / 2;
    for (int l = 0; l < kLightnesses; ++l) {
      const double lightness = darkest + step * l;
      const double most = most_chroma(lightness, hue);
      for (int c = 0; c < kChromas && most >= least_chroma; ++c) {
        const double chroma = least_chroma + (most - least_chroma) * c / (kChromas - 1);
        const Rgb rgb = encoded(linear_of_oklab(lch(lightness, chroma, hue)));
        const double shade = std::cbrt(luminance_of(linear_of(rgb)));
        if (shade >= kDarkestShade && shade <= kLightestShade) {
          shades.push_back(seen_color(rgb));
        }
      }
    }
  }
  return shades;
}

std::vector<SeenColor> choose_apart(const std::vector<ColorChoice>& choices,
                                    const std::vector<SeenColor>& fixed) {
  std::vector<const SeenColor*> chosen(choices.size(), nullptr);
  bool moved = true;
  for (int round = 0; round < kRounds && moved; ++round) {
    moved = false;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      std::vector<const SeenColor*> others;
      for (const SeenColor& color : fixed) {
        others.push_back(&color);
      }
      for (std::size_t j = 0; j < choices.size(); ++j) {
        if (j != i && chosen[j] != nullptr) {
          others.push_back(chosen[j]);
        }
      }
      const double none = -std::numeric_limits<double>::infinity();
      double best = chosen[i] == nullptr ? none : rating(*chosen[i], choices[i], others, none);
      for (const SeenColor& candidate : choices[i].candidates) {
        const double value = rating(candidate, choices[i], others, best);
        if (value > best) {
          best = value;
          chosen[i] = &candidate;
          moved = true;
        }
      }
    }
  }
  std::vector<SeenColor> result;
  for (const SeenColor* color : chosen) {
    result.push_back(*color);
  }
  return result;
}

}  // namespace gyroseg
