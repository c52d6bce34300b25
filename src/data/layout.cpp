#include "gyroseg/data/layout.h"

#include <algorithm>
#include <map>

namespace gyroseg {

Listing scan_folders(const DataConfig& config, const std::string& split);

namespace {

using Layout = Listing (*)(const DataConfig&, const std::string&);

const std::map<std::string, Layout>& layouts() {
  static const std::map<std::string, Layout> table = {
      {"folders", scan_folders},
  };
  return table;
}

constexpr std::size_t kNamedFiles = 3;

}  // namespace

std::vector<std::string> layout_names() {
  std::vector<std::string> names;
  for (const auto& [name, layout] : layouts()) {
    names.push_back(name);
  }
  return names;
}

Listing scan_split(const DataConfig& config, const std::string& split) {
  const auto layout = layouts().find(config.layout);
  if (layout == layouts().end()) {
    std::string known;
    for (const std::string& name : layout_names()) {
      known += (known.empty() ? "" : " | ") + name;
    }
    throw DataError("data.layout: expected " + known + ", found " + config.layout);
  }
  return layout->second(config, split);
}

std::vector<SampleFiles> list_samples(const DataConfig& config, const std::string& split) {
  Listing listing = scan_split(config, split);
  const auto& lone = listing.images_without_mask;
  if (!lone.empty()) {
    std::string message = lone.front().string() + ": no mask of this name";
    if (lone.size() > 1) {
      message += "; " + std::to_string(lone.size()) + " images of split " + split + " have none";
      for (std::size_t i = 1; i < std::min(lone.size(), kNamedFiles); ++i) {
        message += (i == 1 ? ", also " : ", ") + lone[i].filename().string();
      }
    }
    throw DataError(message + "; add the masks as PNG files or remove the images");
  }
  if (listing.samples.empty()) {
    throw DataError(config.root + ": split " + split +
                    " has no images; expected jpg, jpeg, png, bmp, tif or tiff files in " +
                    config.splits.at(split).images);
  }
  return std::move(listing.samples);
}

}  // namespace gyroseg
