// Time of one training step of the flat network, the same work as ../shared/peers/step_torch.py.

#include <torch/nn/functional/loss.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "gyroseg/models/memory_format.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/assembly.h"
#include "gyroseg/training/optimizer.h"

namespace {

using torch::Tensor;

constexpr int kClasses = 11;
constexpr int kWarmUp = 2;
constexpr int kTimed = 8;

/// Milliseconds of each of kTimed steps.
std::vector<double> time_steps(gyroseg::Segmenter& net, std::int64_t size, std::int64_t batch) {
  const Tensor images =
      torch::randn({batch, 3, size, size}).contiguous(torch::MemoryFormat::ChannelsLast);
  const Tensor labels = torch::randint(0, kClasses, {batch, size, size});
  gyroseg::OptimizerConfig options;
  options.name = "sgd";
  options.lr = 0.01;
  options.momentum = 0.9;
  options.weight_decay = 0;
  const auto optimizer = gyroseg::make_optimizer(options, *net);
  std::vector<double> times;
  for (int step = 0; step < kWarmUp + kTimed; ++step) {
    const auto start = std::chrono::steady_clock::now();
    optimizer->zero_grad(/*set_to_none=*/true);
    const Tensor logits = torch::upsample_bilinear2d(net->forward(images).logits, {size, size},
                                                     /*align_corners=*/false);
    torch::nn::functional::cross_entropy(logits, labels).backward();
    optimizer->step();
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    if (step >= kWarmUp) times.push_back(elapsed.count());
  }
  return times;
}

int run(const cxxopts::ParseResult& arguments) {
  gyroseg::tune_process({});
  gyroseg::ModelConfig model;
  model.encoder = arguments["encoder"].as<std::string>();
  model.auxiliary_weight = 0;
  const auto size = arguments["size"].as<std::int64_t>();
  const auto batch = arguments["batch"].as<std::int64_t>();
  torch::manual_seed(0);
  gyroseg::Segmenter net(model, gyroseg::EmbeddingConfig{}, gyroseg::ClassifierConfig{},
                         gyroseg::SegmenterShape{kClasses, kClasses});
  gyroseg::use_channels_last(*net);
  const auto precision = arguments["precision"].as<std::string>();
  TORCH_CHECK_VALUE(precision == "float32" || precision == "bfloat16",
                    "--precision: expected float32 | bfloat16, got ", precision);
  net->compute_in(precision == "bfloat16" ? torch::kBFloat16 : torch::kFloat32);
  std::vector<double> times = time_steps(net, size, batch);
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("%s %ldx%ld batch %ld %s: %.1f ms a step, %.1f img/s, %.3f M parameters\n",
              model.encoder.c_str(), static_cast<long>(size), static_cast<long>(size),
              static_cast<long>(batch), precision.c_str(), median,
              1000.0 * static_cast<double>(batch) / median,
              static_cast<double>(gyroseg::count_parameters(*net)) / 1e6);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  cxxopts::Options options("train_step", "Time of one training step (median of 8 after 2).");
  options.add_options()("encoder", "a name of the encoder registry",
                        cxxopts::value<std::string>()->default_value("resnet18"))(
      "size", "height and width in pixels", cxxopts::value<std::int64_t>()->default_value("128"))(
      "batch", "images a step", cxxopts::value<std::int64_t>()->default_value("8"))(
      "precision", "float32 | bfloat16", cxxopts::value<std::string>()->default_value("float32"))(
      "h,help", "this text");
  try {
    const cxxopts::ParseResult arguments = options.parse(argc, argv);
    if (arguments.count("help") != 0) {
      std::cout << options.help();
      return 0;
    }
    return run(arguments);
  } catch (const c10::Error& error) {
    std::cerr << "train_step: " << error.what_without_backtrace() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "train_step: " << error.what() << "\n";
  }
  return 2;
}
