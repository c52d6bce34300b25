#include <torch/types.h>
#include <torch/utils.h>

#include <map>

#include "embedding_sample.h"
#include "gyroseg/training/embedding_picture.h"
#include "gyroseg/training/run_report.h"

namespace gyroseg {
namespace {

// Collects the images of all runs, each once.
class PageImages {
 public:
  explicit PageImages(EmbeddingPage& page) : page_(page) {}

  // Index on the page of an image of a data set, as the network sees it.
  std::int64_t index_of(const SegmentationDataset& data, std::int64_t image) {
    const torch::Tensor rgb = bytes_of(data.load(image).image, data.config());
    const std::string name = data.files(image).image.filename().string();
    const std::string key = c10::str(name, " ", rgb.size(0), "x", rgb.size(1));
    const auto [found, added] = places_.try_emplace(key, page_.images.size());
    if (added) {
      page_.images.push_back({name, rgb});
    }
    return found->second;
  }

 private:
  EmbeddingPage& page_;
  std::map<std::string, std::int64_t> places_;
};

// Classes of the levels, by index, as nodes: [N,L] -> [L,N].
torch::Tensor nodes_of(const torch::Tensor& classes, const Hierarchy& tree) {
  std::vector<torch::Tensor> levels;
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const std::vector<std::int64_t> nodes(tree.level(k).begin(), tree.level(k).end());
    const torch::Tensor column = classes.select(1, k - 1);
    const torch::Tensor known = torch::tensor(at::ArrayRef<std::int64_t>(nodes))
                                    .index_select(0, column.clamp_min(0));
    levels.push_back(torch::where(column >= 0, known, torch::full_like(known, -1)));
  }
  return torch::stack(levels);
}

std::string source_text(const ClassPrototypes& classes) {
  bool own = false;
  bool means = false;
  for (const PrototypeSource source : classes.sources) {
    own = own || source == PrototypeSource::classifier;
    means = means || source == PrototypeSource::frechet_mean;
  }
  return own && means ? "the classifier's own prototypes and, above them, Frechet means of the pixels"
         : own        ? "the classifier's own prototypes"
                      : "Frechet means of these pixels";
}

EmbeddingSnapshot snapshot_of(const NamedRun& named, const PixelEmbeddings& pixels,
                              const ClassPrototypes& classes, const EmbeddingPicture& picture) {
  const TrainingState& state = named.run.state;
  const double share = state.total_steps > 0 ? static_cast<double>(state.step) / static_cast<double>(state.total_steps) : 1;
  const torch::Tensor own = classes.tangents.index_select(0, pixels.leaves);
  EmbeddingSnapshot snapshot;
  snapshot.step = state.step;
  snapshot.epoch = share * static_cast<double>(named.run.config.training.epochs);
  snapshot.curvature = pixels.curvature;
  snapshot.xy = picture.xy;
  snapshot.prototypes = picture.prototypes;
  snapshot.predicted = nodes_of(pixels.predicted, named.run.tree);
  snapshot.radius = pixels.radius;
  snapshot.confidence = pixels.confidence;
  snapshot.prototype_distance = manifold_of(pixels)->tangent_dist(pixels.tangents.to(torch::kFloat64), own);
  return snapshot;
}

EmbeddingRun embedding_run(NamedRun& named, const SegmentationDataset& data, const PixelEmbeddings& pixels,
                           const std::string& split, PageImages& images) {
  const ClassPrototypes classes = class_prototypes(network_of(named.run), pixels);
  const EmbeddingPicture picture = picture_of(pixels, classes);
  EmbeddingRun run;
  run.name = named.name;
  run.space = pixels.space;
  run.dim = pixels.dim();
  run.view = picture.view;
  run.caption = c10::str(picture.projection, ". ", pixels.size(), " pixels of the ", split,
                         " split, the same number at most of each leaf class; checkpoint ",
                         named.run.checkpoint, " (step ", named.run.state.step, "), decoded by ", pixels.decode,
                         ". Large dots: ", source_text(classes), ".");
  std::map<std::int64_t, std::int64_t> places;
  for (const auto& [image, name] : pixels.image_names) {
    places[image] = images.index_of(data, image);
  }
  run.image = pixels.images.clone();
  auto indices = run.image.accessor<std::int64_t, 1>();
  for (std::int64_t i = 0; i < indices.size(0); ++i) {
    indices[i] = places.at(indices[i]);
  }
  run.row = pixels.rows;
  run.column = pixels.columns;
  run.truth = pixels.leaves;
  run.snapshots.push_back(snapshot_of(named, pixels, classes, picture));
  return run;
}

}  // namespace

EmbeddingPage report_embedding(std::vector<NamedRun>& runs, const ReportRequest& request,
                               const std::function<void(const std::string&)>& miss) {
  TORCH_CHECK_VALUE(!runs.empty(), "report_embedding: expected a run, got none");
  EmbeddingPage page = {runs.front().run.tree, {}, {}};
  PageImages images(page);
  for (NamedRun& named : runs) {
    const std::string what = "embedding of " + named.name + ": ";
    if (!same_classes(page.tree, named.run.tree)) {
      miss(what + "its classes are not those of " + runs.front().name + "; report it by itself");
      continue;
    }
    const SegmentationDataset data(named.run.config.data, named.run.tree, request.split);
    const auto pixels = sample_pixel_embeddings(network_of(named.run), data, {request.points, kReportImages, 0});
    if (pixels) {
      page.runs.push_back(embedding_run(named, data, *pixels, request.split, images));
    } else {
      miss(what + "the network has none, as no loss and no classifier reads one, or the split has no labelled pixel");
    }
  }
  return page;
}

}  // namespace gyroseg
