#include <map>
#include <string>
#include <utility>

#include "layout_files.h"
#include "text_lines.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

/// Turns lines into samples; what is wrong with a line is kept with its place.
class ListReader {
 public:
  ListReader(const fs::path& root, const SplitFolders& folders)
      : image_folder_(root / folders.images),
        mask_folder_(root / folders.masks),
        images_(find_files(image_folder_, FileKind::kImage, "data.splits")),
        masks_(find_files(mask_folder_, FileKind::kMask, "data.splits")) {}

  void take(const TextLine& line) {
    const std::string name = without_extension(line.text);
    if (name.find_first_of("/\\ \t,;") != std::string::npos) {
      return fail(line, "expected one name a line, such as 2008_000002, found " + line.text);
    }
    const auto [first, fresh] = places_.emplace(name, line.place);
    if (!fresh) {
      return fail(line, name + " stands twice, first at " + first->second);
    }
    const auto image = images_.find(name);
    if (image == images_.end()) {
      return fail(line, name + ": no image of this name in " + image_folder_.string());
    }
    if (image->second.size() > 1) {
      return fail(line, name + ": two images of this name, " +
                            image->second[0].filename().string() + " and " +
                            image->second[1].filename().string() + ", would share a mask");
    }
    const auto mask = masks_.find(name);
    if (mask == masks_.end()) {
      return fail(line, name + ": no mask of this name in " + mask_folder_.string());
    }
    listing_.samples.push_back({image->second[0], mask_of(mask->second)});
  }

  [[nodiscard]] Listing finish() && { return std::move(listing_); }

 private:
  void fail(const TextLine& line, const std::string& what) {
    listing_.list_faults.push_back(line.place + ": " + what);
  }

  fs::path image_folder_;
  fs::path mask_folder_;
  FilesByName images_;
  FilesByName masks_;
  std::map<std::string, std::string> places_;  ///< of every name
  Listing listing_;
};

}  // namespace

Listing scan_list(const DataConfig& config, const std::string& split) {
  const fs::path root(config.root);
  const SplitFolders& folders = config.splits.at(split);
  const fs::path list = root / folders.list;
  std::error_code code;
  if (!fs::is_regular_file(list, code)) {
    throw DataError(list.string() + ": expected a text file with one name a line, found " +
                    (fs::exists(list, code) ? "a folder" : "none") +
                    "; check data.root and data.splits." + split + ".list");
  }
  ListReader reader(root, folders);
  for (const TextLine& line : read_lines(list)) {
    reader.take(line);
  }
  return std::move(reader).finish();
}

}  // namespace gyroseg
