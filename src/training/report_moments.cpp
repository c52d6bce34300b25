#include "report_moments.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <optional>

#include "gyroseg/report/run_log.h"

namespace gyroseg {
namespace {

// Moments of one run at most: each is some 0.2 MB of the page.
constexpr std::size_t kReportMoments = 25;

// Epochs trained at the step of a checkpoint, in proportion to those that training logged at its validations;
// of a run without a log by its config.
double epochs_at(const FigureRun& run, const TrainingState& state) {
  const auto step = static_cast<double>(state.step);
  try {
    const RunLog log = read_run_log(RunFolder{run.folder}.metrics(), run.name);
    const std::vector<double> steps = log.column("step");
    if (steps.back() > 0) {
      return log.epoch.back() * step / steps.back();
    }
  } catch (const DataError&) {
    // No log, which the curves say.
  }
  const double share = state.total_steps > 0 ? step / static_cast<double>(state.total_steps) : 1;
  return share * static_cast<double>(run.config.training.epochs);
}

}  // namespace

std::vector<EmbeddingSnapshot> kept_moments(const RunFolder& folder, std::int64_t points) {
  const std::vector<std::filesystem::path> files = snapshot_files(folder.embeddings());
  const std::size_t taken = std::min(files.size(), kReportMoments);
  std::vector<EmbeddingSnapshot> moments;
  for (std::size_t i = taken; i > 0; --i) {
    EmbeddingSnapshot moment = read_snapshot(files[files.size() * i / taken - 1]);
    const PixelEmbeddings& pixels = moment.pixels;
    const bool same = moments.empty() || (torch::equal(pixels.images, moments.front().pixels.images) &&
                                          torch::equal(pixels.rows, moments.front().pixels.rows) &&
                                          torch::equal(pixels.columns, moments.front().pixels.columns));
    if (same && pixels.size() > 0 && pixels.size() <= points) {
      moments.insert(moments.begin(), std::move(moment));
    }
  }
  return moments;
}

CheckpointMoment checkpoint_moment(const FigureRun& run, const ReportRequest& request,
                                   const SegmentationDataset& data, const PixelSample& sample) {
  LoadedRun loaded = load_run(run.folder, request.checkpoint, request.overrides);
  const EmbeddingNetwork network = network_of(loaded);
  const std::optional<PixelEmbeddings> pixels = sample_pixel_embeddings(network, data, sample);
  CheckpointMoment result;
  result.checkpoint = c10::str(loaded.checkpoint, " (step ", loaded.state.step, ")");
  if (pixels) {
    result.moments.push_back(
        {loaded.state.step, epochs_at(run, loaded.state), *pixels, class_prototypes(network, *pixels)});
  }
  return result;
}

std::map<std::int64_t, std::int64_t> images_of(const PixelEmbeddings& pixels, const SegmentationDataset& data) {
  std::map<std::string, std::vector<std::int64_t>> by_name;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    by_name[data.files(i).image.filename().string()].push_back(i);
  }
  std::map<std::int64_t, std::int64_t> places;
  for (std::int64_t k = 0; k < pixels.size(); ++k) {
    const auto image = pixels.images[k].item<std::int64_t>();
    if (places.contains(image)) {
      continue;
    }
    const auto stored = pixels.image_names.find(image);
    const std::string name = stored == pixels.image_names.end() ? "" : stored->second;
    const std::vector<std::int64_t>& found = by_name[name];
    if (std::find(found.begin(), found.end(), image) != found.end()) {
      places[image] = image;
    } else if (found.size() == 1) {
      places[image] = found.front();
    } else {
      throw DataError(c10::str("the image ", name.empty() ? "number " + std::to_string(image) : name, " is ",
                               found.empty() ? "not" : "more than once", " among those of ", data.config().root));
    }
  }
  return places;
}

}  // namespace gyroseg
