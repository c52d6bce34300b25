#include "gyroseg/data/figures_set.h"

#include <array>
#include <mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/data/mask_io.h"
#include "gyroseg/data/parallel.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

/// Raised whenever a set drawn from the same options would differ from before.
constexpr int kGeneratorVersion = 1;

enum class Found { kNothing, kPart, kWhole };

bool holds_text(const fs::path& file, const std::string& text) {
  const std::vector<std::uint8_t> bytes = read_bytes(file);
  return std::string(bytes.begin(), bytes.end()) == text;
}

DataError occupied(const fs::path& root, const std::string& by) {
  return DataError(root.string() + ": expected a new or empty folder or this very set, found " +
                   by + "; choose another folder or remove it");
}

/// What root holds of the set described by `text`. Throws DataError where it holds anything else.
Found look(const fs::path& root, const std::string& text) {
  std::error_code ignored;
  if (!fs::exists(root, ignored)) return Found::kNothing;
  if (!fs::is_directory(root, ignored)) throw occupied(root, "a file");
  const fs::path whole = root / "figures.json";
  const fs::path part = root / "figures.json.partial";
  if (fs::exists(whole, ignored)) {
    if (!holds_text(whole, text)) {
      throw occupied(root, "a set drawn with other options (figures.json)");
    }
    return Found::kWhole;
  }
  if (fs::exists(part, ignored)) {
    if (!holds_text(part, text)) {
      throw occupied(root, "part of a set drawn with other options (figures.json.partial)");
    }
    return Found::kPart;
  }
  std::error_code problem;
  const bool empty = fs::is_empty(root, problem);
  if (problem) throw DataError(root.string() + ": cannot read the folder: " + problem.message());
  if (!empty) throw occupied(root, "files that make_figures did not write");
  return Found::kNothing;
}

void make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    throw DataError(folder.string() + ": cannot make the folder: " + problem.message() +
                    "; choose a place that can be written");
  }
}

std::string file_stem(std::int64_t index) {
  std::string digits = std::to_string(index);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return digits;
}

}  // namespace

std::string describe_figures_set(const FiguresSetOptions& options) {
  std::ostringstream text;
  text << "{\n  \"generator\": \"make_figures " << kGeneratorVersion << "\",\n"
       << "  \"train\": " << options.train << ",\n  \"val\": " << options.val << ",\n"
       << "  \"test\": " << options.test << ",\n  \"size\": " << options.figures.size << ",\n"
       << "  \"seed\": " << options.figures.seed << ",\n"
       << "  \"labels\": {\"background\": 0, \"low_hand\": 1, \"torso\": 2, \"low_leg\": 3, "
       << "\"head\": 4, \"up_leg\": 5, \"up_hand\": 6}\n}\n";
  return text.str();
}

bool write_figures_set(const fs::path& root, const FiguresSetOptions& options,
                       const std::function<void(std::int64_t, std::int64_t)>& drawn) {
  const std::string text = describe_figures_set(options);
  const Found found = look(root, text);
  if (found == Found::kWhole) return false;
  const std::array<std::pair<std::string, std::int64_t>, 3> splits{
      {{"train", options.train}, {"val", options.val}, {"test", options.test}}};
  make_folder(root);
  const fs::path marker = root / "figures.json.partial";
  if (found == Found::kNothing) write_text(marker, text);

  const std::int64_t total = options.train + options.val + options.test;
  std::int64_t done = 0;
  std::mutex counting;
  for (const auto& [split, count] : splits) {
    const fs::path images = root / split / "images";
    const fs::path masks = root / split / "masks";
    make_folder(images);
    make_folder(masks);
    for_each_index(count, options.threads, [&, name = split](std::int64_t index) {
      const fs::path image = images / (file_stem(index) + ".jpg");
      const fs::path mask = masks / (file_stem(index) + ".png");
      // Both files appear by a rename: one that exists is complete.
      if (!fs::exists(image) || !fs::exists(mask)) {
        const Figure figure = draw_figure(options.figures, name, index);
        write_image(image, figure.image);
        write_mask(mask, figure.mask, figures_palette());
      }
      const std::lock_guard lock(counting);
      ++done;
      if (drawn) drawn(done, total);
    });
  }
  std::error_code problem;
  fs::rename(marker, root / "figures.json", problem);
  if (problem) throw DataError(marker.string() + ": cannot be renamed: " + problem.message());
  return true;
}

}  // namespace gyroseg
