// infer: label masks of every level, overlays and the confidence map for images without labels.
#include <filesystem>
#include <iostream>
#include <set>

#include <cxxopts.hpp>

#include "gyroseg/data/dataset.h"
#include "gyroseg/data/mask_io.h"
#include "gyroseg/inference/predict.h"
#include "gyroseg/report/overlay.h"
#include "gyroseg/report/palette.h"
#include "gyroseg/report/progress.h"
#include "gyroseg/training/loaded_run.h"
#include "program.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("infer", "Segments images with a run of train. For every IMAGE it writes, at the image's own size,\n"
                           "NAME_levelK.png (palette mask), NAME_levelK_overlay.png and NAME_confidence.png.\n");
  options.add_options()
      ("run", "run folder of train", cxxopts::value<std::string>())
      ("output", "folder of the results", cxxopts::value<std::string>())
      ("checkpoint", "best | last | a .safetensors file", cxxopts::value<std::string>()->default_value("best"))
      ("set", "override a key, such as --set inference.window=[512,512]; may be repeated", cxxopts::value<std::vector<std::string>>())
      ("overwrite", "replace results that are there already")
      ("images", "images to segment", cxxopts::value<std::vector<std::string>>())
      ("h,help", "print this help");
  options.parse_positional({"images"});
  options.positional_help("IMAGE...");
  return options;
}

struct Outputs {
  std::filesystem::path folder;
  std::string stem;

  [[nodiscard]] std::filesystem::path mask(int k) const { return folder / (stem + "_level" + std::to_string(k) + ".png"); }
  [[nodiscard]] std::filesystem::path overlay(int k) const { return folder / (stem + "_level" + std::to_string(k) + "_overlay.png"); }
  [[nodiscard]] std::filesystem::path confidence() const { return folder / (stem + "_confidence.png"); }
};

// All names are checked before anything is written.
std::vector<Outputs> plan(const std::vector<std::string>& images, const std::filesystem::path& folder,
                          int levels, bool overwrite) {
  std::vector<Outputs> result;
  std::set<std::string> stems;
  for (const std::string& image : images) {
    const Outputs outputs{folder, std::filesystem::path(image).stem().string()};
    if (!stems.insert(outputs.stem).second) {
      throw UsageError("two images are named " + outputs.stem + ": their results would overwrite each other");
    }
    std::vector<std::filesystem::path> files = {outputs.confidence()};
    for (int k = 1; k <= levels; ++k) {
      files.push_back(outputs.mask(k));
      files.push_back(outputs.overlay(k));
    }
    for (const std::filesystem::path& file : files) {
      if (!overwrite && std::filesystem::exists(file)) {
        throw UsageError(file.string() + " exists already; take another --output, or --overwrite");
      }
    }
    result.push_back(outputs);
  }
  return result;
}

// What a mask stores for each class: mask values of the leaves at the last level, so that the file is a
// mask like those of the data set; class indices elsewhere, and where a mask value exceeds a byte.
torch::Tensor stored_values(const Hierarchy& tree, int k) {
  torch::Tensor values = torch::arange(static_cast<std::int64_t>(tree.level(k).size()), torch::kInt64);
  if (k < tree.num_levels()) {
    return values;
  }
  for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
    if (*tree.label(leaf) > 255) {
      return values;
    }
  }
  for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
    values[leaf] = *tree.label(leaf);
  }
  return values;
}

// What a mask stores where decode: backoff leaves a level undecided: 255, or the ignored value where a
// class has that.
std::int64_t undecided_value(const LoadedRun& run, const torch::Tensor& values) {
  return values.eq(255).any().item<bool>() ? run.config.data.ignore_index : 255;
}

void write_results(const LoadedRun& run, const Decoded& decoded, const torch::Tensor& rgb,
                   const Outputs& outputs) {
  for (int k = 1; k <= run.tree.num_levels(); ++k) {
    const torch::Tensor classes = decoded.levels[k - 1].classes[0].cpu();
    const std::vector<Rgb> colors = level_palette(run.tree, k);
    const torch::Tensor values = stored_values(run.tree, k);
    std::vector<Rgb> palette(256, Rgb{0, 0, 0});
    for (std::size_t i = 0; i < colors.size(); ++i) {
      palette.at(values[i].item<std::int64_t>()) = colors[i];
    }
    const torch::Tensor stored =
        values.index_select(0, classes.clamp_min(0).flatten()).view(classes.sizes());
    write_mask(outputs.mask(k),
               torch::where(classes.eq(kUndecided), undecided_value(run, values), stored).to(torch::kUInt8), palette);
    write_image(outputs.overlay(k), overlay(rgb, classes, colors));
  }
  write_image(outputs.confidence(), confidence_image(decoded.levels.back().confidence[0].cpu()));
}

int infer(const cxxopts::ParseResult& arguments) {
  for (const char* needed : {"run", "output", "images"}) {
    if (arguments.count(needed) == 0) {
      throw UsageError("expected --run DIR --output DIR IMAGE...");
    }
  }
  LoadedRun run = load_run(arguments["run"].as<std::string>(), arguments["checkpoint"].as<std::string>(),
                           arguments.count("set") > 0 ? arguments["set"].as<std::vector<std::string>>()
                                                      : std::vector<std::string>{});
  const auto images = arguments["images"].as<std::vector<std::string>>();
  const std::filesystem::path folder = arguments["output"].as<std::string>();
  const std::vector<Outputs> outputs =
      plan(images, folder, run.tree.num_levels(), arguments.count("overwrite") > 0);
  std::filesystem::create_directories(folder);

  const auto network = [&run](const torch::Tensor& part, const Window&) {
    return run.model->forward(part).logits;
  };
  Progress progress(std::cerr, on_terminal(), static_cast<std::int64_t>(images.size()));
  for (std::size_t i = 0; i < images.size(); ++i) {
    const InputImage input = load_image(images[i], run.config.data);
    const torch::Tensor logits =
        predict(network, input.image.unsqueeze(0).to(torch::Device(run.config.device)),
                {input.rgb.size(0), input.rgb.size(1)}, run.config.inference);
    const std::vector<Decoded> decoded = run.decoder(logits, {run.config.decode.front()});
    write_results(run, decoded.front(), input.rgb, outputs[i]);
    progress.update(static_cast<std::int64_t>(i + 1), images[i]);
  }
  progress.clear();
  std::cerr << "written " << images.size() << " image(s), decode " << run.config.decode.front()
            << ", " << describe(run.config.inference) << ", to " << folder.string() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return gyroseg::run_program("infer", [&] {
    cxxopts::Options options = command_line();
    const cxxopts::ParseResult arguments = options.parse(argc, argv);
    if (arguments.count("help") > 0) {
      std::cout << options.help();
      return 0;
    }
    return infer(arguments);
  });
}
