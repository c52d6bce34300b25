#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include "gyroseg/data/mask_io.h"

namespace gyroseg {

/// What a pixel of a drawn mask may hold: the ids of Pascal-Person-Part as the seeds use them.
enum class FigurePart : std::uint8_t {
  kBackground = 0,
  kLowHand = 1,  ///< forearm and hand
  kTorso = 2,    ///< trunk and neck
  kLowLeg = 3,   ///< shin and foot
  kHead = 4,
  kUpLeg = 5,
  kUpHand = 6,  ///< upper arm
};

inline constexpr int kFigureParts = 7;

struct FiguresOptions {
  int size = 64;           ///< S, side of the square image in pixels, 16 .. 1024
  std::uint64_t seed = 0;  ///< names the set; any value
};

/// One drawn image and its mask.
struct Figure {
  torch::Tensor image;  ///< [S,S,3] uint8, RGB
  torch::Tensor mask;   ///< [S,S] uint8, a FigurePart each
};

/// Draws one image of articulated people: 1 to 3 of them, in front of a cluttered background.
///
///   split    any name; differently named splits of a seed have different images
///   index    >= 0
///   returns  a function of (options, split, index) only: not of the number of images, of threads
///            or of calls before. options.size changes the resolution; the scene (poses, clothes,
///            clutter) stays.
///   Mask     every pixel is kFigureSamples^2 samples; its colour is their mean, its id their
///            majority (a tie goes to the centre sample), so image and mask come from the same
///            geometry
///   Exact    no libm call but sqrt and floor, no std distribution: where the compiler does not
///            contract a*b+c (x86-64 without -march flags), every machine draws the same bytes
///   Throws   c10::ValueError unless size is in [16, 1024] and index >= 0
[[nodiscard]] Figure draw_figure(const FiguresOptions& options, const std::string& split,
                                 std::int64_t index);

/// The colours of the masks, one for each FigurePart.
[[nodiscard]] std::vector<Rgb> figures_palette();

}  // namespace gyroseg
