#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "embedding_sample.h"
#include "gyroseg/training/embedding_projection.h"
#include "gyroseg/training/embedding_snapshot.h"
#include "gyroseg/training/run_report.h"

namespace gyroseg {
namespace {

// Moments of one run at most: each is some 0.2 MB of the page.
constexpr std::size_t kReportMoments = 25;

// Collects the images of all runs, each once.
class PageImages {
 public:
  explicit PageImages(EmbeddingPage& page) : page_(page) {}

  // Index on the page of an image of a data set, as the network sees it.
  std::int64_t index_of(const SegmentationDataset& data, std::int64_t image) {
    const torch::Tensor rgb = bytes_of(data.load(image).image, data.config());
    const std::filesystem::path file = data.files(image).image;  // splits and data sets share names
    const std::string key = c10::str(file.string(), " ", rgb.size(0), "x", rgb.size(1));
    const auto [found, added] = places_.try_emplace(key, page_.images.size());
    if (added) {
      page_.images.push_back({file.filename().string(), rgb});
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

std::string projection_text(const ProjectedEmbedding& picture) {
  std::string text = picture.method;
  if (picture.explained) {
    text += c10::str(", which keeps ", std::lround(100 * *picture.explained), " % of the squared distances");
  }
  const char* sphere = picture.space == PictureSpace::sphere ? ", an azimuthal view of the sphere" : "";
  return text + sphere + ", centred at " + picture.centre + ".";
}

// One projection of all moments, so that the picture does not turn from one to the next. Hyperbolic
// spaces of several curvatures are one at several scales.
ProjectedEmbedding project_moments(const std::vector<EmbeddingSnapshot>& moments) {
  PixelEmbeddings pixels = moments.front().pixels;
  std::vector<torch::Tensor> tangents;
  std::vector<torch::Tensor> prototypes;
  for (const EmbeddingSnapshot& moment : moments) {
    const double scale = moment.pixels.curvature > 0 ? std::sqrt(moment.pixels.curvature) : 1;
    tangents.push_back(moment.pixels.tangents * scale);
    prototypes.push_back(moment.prototypes.tangents * scale);
  }
  pixels.curvature = pixels.curvature > 0 ? 1 : pixels.curvature;
  pixels.tangents = torch::cat(tangents);
  return project_embedding(pixels, {torch::cat(prototypes), {}}, PictureProjection::automatic);
}

// Coordinates of a picture as tangent coordinates at its centre: points of the disk [M,2] have their distance.
torch::Tensor at_distance(const torch::Tensor& points, const ProjectedEmbedding& picture, double c) {
  if (picture.space != PictureSpace::disk) {
    return points;
  }
  const torch::Tensor norm = points.norm(2, -1, true);
  const torch::Tensor distance = 2 / std::sqrt(c) * torch::atanh(norm.clamp_max(1 - 1e-16));
  return torch::where(norm == 0, torch::zeros_like(points), points / norm.clamp_min(1e-300) * distance);
}

// The part of moment k, at its own scale again.
PageSnapshot page_snapshot(const std::vector<EmbeddingSnapshot>& moments, std::size_t k, const ProjectedEmbedding& picture,
                           const Hierarchy& tree) {
  const EmbeddingSnapshot& moment = moments[k];
  const PixelEmbeddings& pixels = moment.pixels;
  const auto at = static_cast<std::int64_t>(k);
  const std::int64_t nodes = moment.prototypes.tangents.size(0);
  PageSnapshot snapshot;
  snapshot.step = moment.step;
  snapshot.epoch = moment.epoch;
  snapshot.curvature = pixels.curvature;
  snapshot.xy = at_distance(picture.points.narrow(0, at * pixels.size(), pixels.size()), picture, pixels.curvature);
  snapshot.prototypes = at_distance(picture.nodes.narrow(0, at * nodes, nodes), picture, pixels.curvature);
  snapshot.predicted = nodes_of(pixels.predicted, tree);
  snapshot.radius = pixels.radius;
  snapshot.confidence = pixels.confidence;
  snapshot.prototype_distance = manifold_of(pixels)->tangent_dist(
      pixels.tangents.to(torch::kFloat64), moment.prototypes.tangents.index_select(0, pixels.leaves));
  return snapshot;
}

// What the checkpoint makes of the split; nothing where the network has no embedding.
std::vector<EmbeddingSnapshot> checkpoint_moment(NamedRun& named, const SegmentationDataset& data, std::int64_t points) {
  const auto pixels = sample_pixel_embeddings(network_of(named.run), data, {points, kReportImages, 0});
  if (!pixels) {
    return {};
  }
  const TrainingState& state = named.run.state;
  const double share =
      state.total_steps > 0 ? static_cast<double>(state.step) / static_cast<double>(state.total_steps) : 1;
  return {{state.step, share * static_cast<double>(named.run.config.training.epochs), *pixels,
           class_prototypes(network_of(named.run), *pixels)}};
}

// What the trainer kept at its validations; at most kReportMoments, the last one among them. Those of other
// pixels than the last's (another image size or tree) are left out.
std::vector<EmbeddingSnapshot> kept_moments(const NamedRun& named, std::int64_t points) {
  const std::vector<std::filesystem::path> files = snapshot_files(named.run.folder.embeddings());
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

PageRun page_run(const NamedRun& named, const SegmentationDataset& data, const std::vector<EmbeddingSnapshot>& moments,
                 const std::string& source, PageImages& images) {
  const PixelEmbeddings& pixels = moments.front().pixels;
  const ProjectedEmbedding picture = project_moments(moments);
  PageRun run;
  run.name = named.name;
  run.space = pixels.space;
  run.dim = pixels.dim();
  run.view = picture.space == PictureSpace::disk ? PageView::disk : PageView::plane;
  run.caption = c10::str(projection_text(picture), " ", pixels.size(), " pixels of the ", source,
                         ", the same number at most of each leaf class, decoded by ", pixels.decode,
                         ". Large dots: ", source_text(moments.back().prototypes), ".");
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
  for (std::size_t k = 0; k < moments.size(); ++k) {
    run.snapshots.push_back(page_snapshot(moments, k, picture, named.run.tree));
  }
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
    std::vector<EmbeddingSnapshot> moments = kept_moments(named, request.points);
    std::string source = "val split, as training kept them at its validations";
    const std::string split = moments.empty() ? request.split : "val";
    const SegmentationDataset data(named.run.config.data, named.run.tree, split);
    if (moments.empty()) {
      if (!snapshot_files(named.run.folder.embeddings()).empty()) {
        miss(c10::str("snapshots of ", named.name, ": more than the ", request.points,
                      " pixels of --points; the checkpoint is shown"));
      }
      moments = checkpoint_moment(named, data, request.points);
      source = c10::str(split, " split at checkpoint ", named.run.checkpoint, " (step ", named.run.state.step, ")");
    }
    if (moments.empty()) {
      miss(what + "the network has none, as no loss and no classifier reads one, or the split has no labelled pixel");
      continue;
    }
    page.runs.push_back(page_run(named, data, moments, source, images));
  }
  return page;
}

}  // namespace gyroseg
