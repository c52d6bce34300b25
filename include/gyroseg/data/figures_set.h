#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "gyroseg/data/figures.h"

namespace gyroseg {

struct FiguresSetOptions {
  FiguresOptions figures;
  std::int64_t train = 1500;  ///< images of each split, >= 0
  std::int64_t val = 150;
  std::int64_t test = 300;
  int threads = 2;  ///< 0 or 1: the calling thread; the files do not depend on it
};

/// The text of figures.json: what decides the content of a set, and the ids of its masks.
[[nodiscard]] std::string describe_figures_set(const FiguresSetOptions& options);

/// Writes root/{train,val,test}/{images/NNNNNN.jpg,masks/NNNNNN.png}, then root/figures.json. While
/// it draws, the folder holds figures.json.partial instead: a run that was interrupted is taken up
/// again, and what was written stays.
///
///   drawn    is told (images that are done, images in all) after each image, from any thread but
///            one at a time
///   returns  whether anything was written; false where root held this set already
///   Throws   DataError where root holds anything else (nothing is written then), or cannot be
///            written; c10::ValueError as draw_figure
bool write_figures_set(const std::filesystem::path& root, const FiguresSetOptions& options,
                       const std::function<void(std::int64_t, std::int64_t)>& drawn = {});

}  // namespace gyroseg
