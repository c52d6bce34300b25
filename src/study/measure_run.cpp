#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/data/corruption.h"
#include "gyroseg/data/loader.h"
#include "gyroseg/study/measures.h"
#include "gyroseg/study/pixel_measures.h"
#include "gyroseg/study/prototype_measures.h"
#include "gyroseg/training/pixel_embeddings.h"

namespace gyroseg {
namespace {

// Distance of each pixel's point from the origin, [B,H,W]; undefined without an embedding, and on the
// sphere, whose points have none. The network's outputs are resized as the logits are.
torch::Tensor radii(const LoadedRun& run, const torch::Tensor& embedding, const torch::Tensor& labels) {
  const Manifold& space = *run.model->manifold();
  if (!embedding.defined() || space.kind() == "sphere") {
    return {};
  }
  const torch::Tensor v = torch::upsample_bilinear2d(embedding.to(torch::kFloat32),
                                                     {labels.size(1), labels.size(2)}, false);
  return space.lambda0() * v.norm(2, {1});
}

// Where the classes lie, by 5000 pixels at most; nothing without an embedding.
std::vector<Measure> measure_prototypes(const EmbeddingNetwork& network,
                                        const std::optional<PixelEmbeddings>& pixels,
                                        const std::string& copy) {
  if (!pixels) {
    return {};
  }
  return prototype_measures(class_prototypes(network, *pixels).tangents, network.tree,
                            *manifold_of(*pixels), copy);
}

}  // namespace

std::vector<Measure> measure_run(LoadedRun& run, const std::string& split,
                                 const std::vector<std::string>& corruptions,
                                 const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const torch::NoGradGuard no_grad;
  const Config& config = run.config;
  const SegmentationDataset dataset(config.data, run.tree, split);
  LoaderOptions loading;
  loading.batch_size = config.training.batch_size;
  loading.threads = config.data.threads;
  loading.channels_last = config.training.channels_last;
  Loader loader(dataset, loading);
  std::vector<std::string> copies = {"none"};
  copies.insert(copies.end(), corruptions.begin(), corruptions.end());
  const std::vector<std::string> mode = {config.decode.front()};
  const torch::Device device(config.device);
  std::vector<Measure> measures;
  const EmbeddingNetwork network = network_of(run);
  std::int64_t done = 0;
  for (const std::string& copy : copies) {
    const Corruption corruption = corruption_of(copy);
    PixelMeasures pixels(run.tree, config.metrics.background);
    PixelSampler sampler(network, {});
    loader.start_epoch(0);
    while (const std::optional<Batch> batch = loader.next()) {
      const torch::Tensor images =
          corrupt_batch(corruption, batch->images, batch->indices, config.data);
      const Prediction prediction = run.model->forward(images.to(device));
      const torch::Tensor logits =
          torch::upsample_bilinear2d(prediction.logits.to(torch::kFloat32).cpu(),
                                     {batch->labels.size(1), batch->labels.size(2)}, false);
      const torch::Tensor embedding =
          prediction.embedding.defined() ? prediction.embedding.cpu() : prediction.embedding;
      const Decoded decoded = run.decoder(logits, mode).front();
      pixels.add(decoded, run.decoder.leaf_probabilities(logits),
                 radii(run, embedding, batch->labels), batch->labels);
      for (std::size_t b = 0; b < batch->indices.size(); ++b) {
        sampler.add(embedded_image(batch->indices[b], static_cast<std::int64_t>(b), batch->labels, decoded,
                                   embedding));
      }
      done += batch->images.size(0);
      if (progress) {
        progress(done, dataset.size() * static_cast<std::int64_t>(copies.size()));
      }
    }
    pixels.report(copy, measures);
    const std::vector<Measure> of_prototypes =
        measure_prototypes(network, sampler.pixels(dataset), copy);
    measures.insert(measures.end(), of_prototypes.begin(), of_prototypes.end());
  }
  return measures;
}

}  // namespace gyroseg
