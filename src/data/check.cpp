#include "gyroseg/data/check.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "gyroseg/data/class_weights.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/data/labels.h"
#include "gyroseg/data/layout.h"
#include "gyroseg/data/mask_io.h"
#include "gyroseg/data/parallel.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

/// What one pair of files adds to the report.
struct SampleCheck {
  std::vector<std::pair<ProblemKind, std::string>> problems;
  torch::Tensor labels;  ///< undefined where the mask cannot be read
};

void check_size(const SampleFiles& files, const torch::Tensor& rgb, const torch::Tensor& labels,
                SampleCheck& found) {
  if (rgb.size(0) != labels.size(0) || rgb.size(1) != labels.size(1)) {
    found.problems.emplace_back(
        ProblemKind::kSize,
        c10::str(files.mask.string(), ": mask ", labels.size(1), " x ", labels.size(0), ", image ",
                 files.image.string(), " ", rgb.size(1), " x ", rgb.size(0)));
  }
}

SampleCheck check_sample(const SampleFiles& files, const LabelMapper& mapper) {
  SampleCheck found;
  torch::Tensor rgb;
  try {
    rgb = read_image(files.image);
  } catch (const DataError& error) {
    found.problems.emplace_back(ProblemKind::kUnreadable, error.what());
  }
  try {
    const RawMask raw = read_mask(files.mask);
    const MappedMask mapped = mapper.scan(raw, files.mask);
    found.labels = mapped.labels;
    for (const BadValue& bad : mapped.bad) {
      found.problems.emplace_back(
          ProblemKind::kValue,
          c10::str(files.mask.string(), ": ", bad.value, " at pixel (x ", bad.x, ", y ", bad.y,
                   "), ", bad.count, bad.count == 1 ? " pixel" : " pixels", "; expected one of ",
                   mapper.allowed(!raw.values.defined())));
    }
  } catch (const DataError& error) {
    found.problems.emplace_back(ProblemKind::kUnreadable, error.what());
  }
  if (rgb.defined() && found.labels.defined()) {
    check_size(files, rgb, found.labels, found);
  }
  return found;
}

void add_pixels(const torch::Tensor& labels, SplitCheck& check) {
  torch::Tensor counts = torch::zeros_like(check.pixels);
  add_counts(labels, counts);
  check.pixels += counts;
  check.images += counts.gt(0);
  check.total += labels.numel();
  check.ignored += labels.numel() - counts.sum().item<std::int64_t>();
}

Listing scan_or_report(const DataConfig& config, const std::string& split, SplitCheck& check) {
  const auto add = [&check](ProblemKind kind, const std::string& text) {
    check.problems[static_cast<std::size_t>(kind)].push_back(text);
  };
  Listing listing;
  try {
    listing = scan_split(config, split);
  } catch (const DataError& error) {
    add(ProblemKind::kFolder, error.what());
    return listing;
  }
  for (const fs::path& file : listing.images_without_mask) {
    add(ProblemKind::kImageWithoutMask, file.string());
  }
  for (const fs::path& file : listing.masks_without_image) {
    add(ProblemKind::kMaskWithoutImage, file.string());
  }
  for (const std::string& fault : listing.list_faults) {
    add(ProblemKind::kList, fault);
  }
  if (listing.samples.empty() && listing.images_without_mask.empty() &&
      listing.list_faults.empty()) {
    add(ProblemKind::kFolder, config.root + ": split " + split + " has no images");
  }
  return listing;
}

}  // namespace

std::int64_t SplitCheck::num_problems() const {
  std::int64_t count = 0;
  for (const auto& of_kind : problems) {
    count += static_cast<std::int64_t>(of_kind.size());
  }
  return count;
}

SplitCheck check_split(const DataConfig& config, const Hierarchy& tree, const std::string& split,
                       int threads) {
  SplitCheck check;
  check.split = split;
  check.pixels = torch::zeros({tree.num_nodes()}, torch::kInt64);
  check.images = torch::zeros({tree.num_nodes()}, torch::kInt64);
  const LabelMapper mapper(tree, config);
  const Listing listing = scan_or_report(config, split, check);
  check.samples = static_cast<std::int64_t>(listing.samples.size());
  std::vector<SampleCheck> found(listing.samples.size());
  std::mutex mutex;
  for_each_index(check.samples, threads, [&](std::int64_t index) {
    SampleCheck sample = check_sample(listing.samples[index], mapper);
    if (sample.labels.defined()) {
      const std::lock_guard lock(mutex);
      add_pixels(sample.labels, check);
    }
    sample.labels.reset();  // memory must not grow with the number of masks
    found[index] = std::move(sample);
  });
  for (SampleCheck& sample : found) {
    for (auto& [kind, text] : sample.problems) {
      check.problems[static_cast<std::size_t>(kind)].push_back(std::move(text));
    }
  }
  return check;
}

std::vector<std::string> present_splits(const DataConfig& config) {
  std::vector<std::string> splits;
  for (const auto& [name, folders] : config.splits) {
    const fs::path root(config.root);
    std::error_code code;
    const bool present =
        folders.list.empty()
            ? fs::exists(root / folders.images, code) || fs::exists(root / folders.masks, code)
            : fs::exists(root / folders.list, code);
    if (present) {
      splits.insert(name == "train" ? splits.begin() : splits.end(), name);
    }
  }
  return splits;
}

bool same_files(const SplitFolders& a, const SplitFolders& b) {
  return a.images == b.images && a.masks == b.masks && a.list == b.list;
}

SharedBySplits check_shared(const DataConfig& config, const std::vector<std::string>& splits,
                            std::size_t shown) {
  const std::vector<std::string> present = present_splits(config);
  const auto wanted = [&splits](const std::string& split) {
    return std::find(splits.begin(), splits.end(), split) != splits.end();
  };
  const auto same_on_purpose = [&config](const std::string& a, const std::string& b) {
    return a != "train" && same_files(config.splits.at(a), config.splits.at(b));
  };
  std::map<std::string, std::vector<SampleFiles>> samples;
  for (const std::string& split : present) {
    try {
      samples[split] = scan_split(config, split).samples;
    } catch (const DataError&) {
      samples[split] = {};
    }
  }
  SharedBySplits found;
  for (std::size_t i = 0; i < present.size(); ++i) {
    for (std::size_t j = i + 1; j < present.size(); ++j) {
      const std::string& a = present[i];
      const std::string& b = present[j];
      if ((wanted(a) || wanted(b)) && !same_on_purpose(a, b)) {
        const std::vector<fs::path> images = shared_images(samples.at(a), samples.at(b));
        if (!images.empty()) {
          found.images += static_cast<std::int64_t>(images.size());
          found.lines.push_back(describe_shared(config, a, b, images, shown));
        }
      }
    }
  }
  return found;
}

}  // namespace gyroseg
