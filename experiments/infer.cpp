// infer: label masks of every level, overlays and the confidence map for images without labels.
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/data/dataset.h"
#include "gyroseg/inference/predict.h"
#include "gyroseg/report/overlay.h"
#include "gyroseg/report/palette.h"
#include "gyroseg/report/prediction_masks.h"
#include "gyroseg/report/progress.h"
#include "program.h"
#include "trained.h"

namespace {

using namespace gyroseg;
using Paths = std::vector<std::filesystem::path>;

cxxopts::Options command_line() {
  cxxopts::Options options("infer", "Segments images with a run of train. For every IMAGE it writes, at the image's own size,\n"
                           "NAME_levelK.png (palette mask), NAME_levelK_overlay.png and NAME_confidence.png.\n");
  options.add_options()
      ("run", "run folder of train", cxxopts::value<std::string>())
      ("output,output-dir", "folder of the results (--output-dir is the same)", cxxopts::value<std::string>())
      ("overwrite", "replace results that are there already")
      ("image", "an image, or a folder: all images in it; may be repeated, or given without --image", cxxopts::value<std::vector<std::string>>());
  add_trained_options(options);
  options.parse_positional({"image"});
  options.positional_help("IMAGE...").show_positional_help();
  return options;
}

Paths images_of(const std::vector<std::string>& given) {
  Paths images;
  for (const std::string& name : given) {
    const Paths more = std::filesystem::is_directory(name) ? list_images(name) : Paths{name};
    images.insert(images.end(), more.begin(), more.end());
  }
  return images;
}

struct Outputs {
  std::filesystem::path folder;
  std::string name;

  [[nodiscard]] std::filesystem::path overlay(int k) const { return folder / (name + "_level" + std::to_string(k) + "_overlay.png"); }
  [[nodiscard]] std::filesystem::path confidence() const { return folder / (name + "_confidence.png"); }

  [[nodiscard]] Paths all(int levels) const {
    Paths files = {confidence()};
    for (int k = 1; k <= levels; ++k) {
      files.push_back(PredictionMasks::file(folder, name, k));
      files.push_back(overlay(k));
    }
    return files;
  }
};

void write_results(const LoadedRun& run, const PredictionMasks& masks, const Decoded& decoded,
                   const torch::Tensor& rgb, const std::vector<Rgb>& colors, const Outputs& outputs) {
  for (int k = 1; k <= run.tree.num_levels(); ++k) {
    const torch::Tensor classes = decoded.levels[k - 1].classes[0].cpu();
    masks.write(outputs.folder, outputs.name, k, classes);
    write_image(outputs.overlay(k), overlay(rgb, classes, level_palette(run.tree, k, colors)));
  }
  write_image(outputs.confidence(), confidence_image(decoded.levels.back().confidence[0].cpu()));
}

int infer(const cxxopts::ParseResult& arguments) {
  if (arguments.count("output") == 0 || arguments.count("image") == 0) {
    throw UsageError("expected --run DIR (or --checkpoint FILE) --output DIR IMAGE...");
  }
  LoadedRun run = load_trained(arguments);
  const Paths images = images_of(arguments["image"].as<std::vector<std::string>>());
  const std::filesystem::path folder = arguments["output"].as<std::string>();
  const PredictionMasks masks(run.tree, run.config.data.ignore_index);
  // All names are checked before anything is written.
  std::vector<Outputs> outputs;
  for (const std::string& name : result_names(images)) {
    outputs.push_back({folder, name});
    if (arguments.count("overwrite") == 0) {
      refuse_existing(outputs.back().all(run.tree.num_levels()));
    }
  }
  std::filesystem::create_directories(folder);

  const std::vector<Rgb> colors = node_palette(run.tree);
  Progress progress(std::cerr, on_terminal(), static_cast<std::int64_t>(images.size()));
  for (std::size_t i = 0; i < images.size(); ++i) {
    const InputImage input = load_image(images[i], run.config.data);
    const std::vector<Decoded> decoded = segment(run, input, {run.config.decode.front()});
    write_results(run, masks, decoded.front(), input.rgb, colors, outputs[i]);
    progress.update(static_cast<std::int64_t>(i + 1), images[i].string());
  }
  progress.clear();
  std::cerr << "written " << images.size() << " image(s), decode " << run.config.decode.front()
            << ", " << describe(run.config.inference) << ", to " << folder.string() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, infer); }
