#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "gyroseg/data/mask_io.h"
#include "gyroseg/report/svg.h"

namespace gyroseg {

/// One picture of a grid.
struct Panel {
  torch::Tensor image;       ///< [h,w,3] uint8
  bool smooth = true;        ///< enlarged by interpolation; else, as for masks, pixels stay squares
  std::string caption = "";  ///< below it; may be ""
};

struct PanelRow {
  std::string caption;  ///< above the row
  std::vector<Panel> panels;
};

struct ClassColor {
  std::string name;
  Rgb color;
};

/// Pictures in rows and columns, such as image, prediction, truth, with the colours of the classes
/// below.
struct PanelGrid {
  std::string title;
  std::vector<std::string> columns;  ///< headings; long ones are wrapped
  std::vector<PanelRow> rows;
  std::vector<ClassColor> legend;
  Theme theme = {};
};

/// The figure, images embedded; each is as wide as its column and keeps its shape.
/// Throws c10::ValueError: no rows, a row of other than columns.size() panels, an image of another
/// shape.
[[nodiscard]] Svg draw(const PanelGrid& grid);

/// classes [H,W] int64 -> [H,W,3] uint8 in the colours of `palette`; negative ones (ignored,
/// undecided) are kNoClassColor.
[[nodiscard]] torch::Tensor class_image(const torch::Tensor& classes,
                                        const std::vector<Rgb>& palette);

/// Pale grey, which no class has (report/palette.h).
inline constexpr Rgb kNoClassColor = {224, 224, 224};

}  // namespace gyroseg
