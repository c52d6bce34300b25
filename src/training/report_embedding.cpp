#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "embedding_sample.h"
#include "gyroseg/hierarchy/class_map.h"
#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/training/embedding_projection.h"
#include "report_moments.h"

namespace gyroseg {
namespace {

// Collects the images of all runs, each once.
class PageImages {
 public:
  explicit PageImages(EmbeddingPage& page) : page_(page) {}

  // Index on the page of an image of a data set, as the network sees it.
  std::int64_t index_of(const SegmentationDataset& data, std::int64_t image) {
    const torch::Tensor rgb = bytes_of(data.load(image).image, data.config());
    const std::filesystem::path file = data.files(image).image;
    // By the whole path, as splits and data sets share names; one data.root may be written in two ways.
    std::error_code error;
    const std::filesystem::path place = std::filesystem::weakly_canonical(file, error);
    const std::string key = c10::str((error ? file : place).string(), " ", rgb.size(0), "x", rgb.size(1));
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

// Classes of a run's levels, by index, as nodes of the page's tree: [N,L] -> [L,N].
torch::Tensor nodes_of(const torch::Tensor& classes, const ClassMap& map, const LevelFolder& tree) {
  std::vector<torch::Tensor> levels;
  for (int k = 1; k <= tree.num_levels(); ++k) {
    levels.push_back(mapped(classes.select(1, k - 1), tree.level_nodes(k).index_select(0, map.levels[k - 1])));
  }
  return torch::stack(levels);
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
                           const ClassMap& map, const Hierarchy& tree) {
  const EmbeddingSnapshot& moment = moments[k];
  const PixelEmbeddings& pixels = moment.pixels;
  const auto at = static_cast<std::int64_t>(k);
  const std::int64_t nodes = moment.prototypes.tangents.size(0);
  PageSnapshot snapshot;
  snapshot.step = moment.step;
  snapshot.epoch = moment.epoch;
  snapshot.curvature = pixels.curvature;
  snapshot.xy = at_distance(picture.points.narrow(0, at * pixels.size(), pixels.size()), picture, pixels.curvature);
  snapshot.prototypes =
      at_distance(picture.nodes.narrow(0, at * nodes, nodes), picture, pixels.curvature).index_select(0, map.nodes);
  snapshot.predicted = nodes_of(pixels.predicted, map, LevelFolder(tree));
  snapshot.radius = pixels.radius;
  snapshot.confidence = pixels.confidence;
  snapshot.prototype_distance = manifold_of(pixels)->tangent_dist(
      pixels.tangents.to(torch::kFloat64), moment.prototypes.tangents.index_select(0, pixels.leaves));
  return snapshot;
}

// A run on its way to the page.
struct RunToShow {
  const FigureRun& run;
  Hierarchy tree;
  ClassMap map;  ///< to the page's tree
  std::vector<EmbeddingSnapshot> moments;
  std::string source = "val split, as training kept them at its validations";  ///< for the caption
};

PageRun page_run(const RunToShow& shown, const SegmentationDataset& data, const Hierarchy& tree, PageImages& images) {
  const std::vector<EmbeddingSnapshot>& moments = shown.moments;
  const PixelEmbeddings& pixels = moments.front().pixels;
  const ProjectedEmbedding picture = project_moments(moments);
  PageRun run;
  run.name = shown.run.name;
  run.space = pixels.space;
  run.dim = pixels.dim();
  run.view = picture.space == PictureSpace::disk     ? PageView::disk
             : picture.space == PictureSpace::sphere ? PageView::sphere
                                                     : PageView::plane;
  run.caption = c10::str(projection_text(picture), " ", pixels.size(), " pixels of the ", shown.source,
                         ", the same number at most of each leaf class, decoded by ", pixels.decode,
                         ". Large dots: ", describe(moments.back().prototypes), ".");
  std::map<std::int64_t, std::int64_t> places;
  for (const auto& [stored, image] : images_of(pixels, data)) {
    places[stored] = images.index_of(data, image);
  }
  run.image = pixels.images.clone();
  auto indices = run.image.accessor<std::int64_t, 1>();
  for (std::int64_t i = 0; i < indices.size(0); ++i) {
    indices[i] = places.at(indices[i]);
  }
  run.row = pixels.rows;
  run.column = pixels.columns;
  run.truth = shown.map.leaves.index_select(0, pixels.leaves);
  for (std::size_t k = 0; k < moments.size(); ++k) {
    run.snapshots.push_back(page_snapshot(moments, k, picture, shown.map, tree));
  }
  return run;
}

bool share_a_pixel(const PageRun& a, const PageRun& b) {
  const auto pixels_of = [](const PageRun& run) {
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> pixels;
    for (std::int64_t i = 0; i < run.image.size(0); ++i) {
      pixels.emplace(run.image[i].item<std::int64_t>(), run.row[i].item<std::int64_t>(),
                     run.column[i].item<std::int64_t>());
    }
    return pixels;
  };
  const auto of_a = pixels_of(a);
  const auto of_b = pixels_of(b);
  return std::any_of(of_a.begin(), of_a.end(), [&](const auto& pixel) { return of_b.contains(pixel); });
}

// Fills a page run by run; the trouble of one leaves the others as they are.
class EmbeddingCollector {
 public:
  EmbeddingCollector(const std::vector<FigureRun>& runs, const ReportRequest& request,
                     const std::function<void(const std::string&)>& miss)
      : request_(request), miss_(miss), page_{Hierarchy(runs.front().config.hierarchy), {}, {}}, images_(page_) {
    for (const FigureRun& run : runs) {
      Hierarchy tree(run.config.hierarchy);
      if (const std::optional<ClassMap> map = class_map(tree, page_.tree)) {
        RunToShow shown = {run, std::move(tree), *map, {}};
        take_kept(shown);
        runs_.push_back(std::move(shown));
      } else {
        leave_out(run, "its classes are not those of " + runs.front().name + "; report it by itself");
      }
    }
    choose_pixels();
  }

  EmbeddingPage page() {
    for (RunToShow& shown : runs_) {
      guarded(shown.run, [&] { add(shown); });
    }
    if (page_.runs.size() == 2 && !share_a_pixel(page_.runs[0], page_.runs[1])) {
      miss_("linked marks: " + page_.runs[0].name + " and " + page_.runs[1].name +
            " show no pixel in common, as their images or data.image_size differ: a pixel is marked in one picture alone");
    }
    return std::move(page_);
  }

 private:
  void leave_out(const FigureRun& run, const std::string& what) { miss_("embedding of " + run.name + ": " + what); }

  template <class Action>
  void guarded(const FigureRun& run, const Action& action) {
    try {
      action();
    } catch (const CheckpointError& error) {
      leave_out(run, error.what());
    } catch (const WeightsError& error) {
      leave_out(run, error.what());
    } catch (const DataError& error) {
      leave_out(run, std::string(error.what()) + "; --set data.root=DIR names another place");
    }
  }

  // The snapshots of a run, as far as they can be shown.
  void take_kept(RunToShow& shown) {
    const FigureRun& run = shown.run;
    const RunFolder folder{run.folder};
    const auto refuse = [&](const std::string& reason) {
      miss_("snapshots of " + run.name + ": " + reason + "; the checkpoint is taken in their place");
      shown.moments.clear();
    };
    try {
      shown.moments = kept_moments(folder, request_.points);
      if (!shown.moments.empty()) {
        check_images(shown);
      } else if (!snapshot_files(folder.embeddings()).empty()) {
        refuse(c10::str("more than the ", request_.points, " pixels of --points"));
      }
    } catch (const WeightsError& error) {
      refuse(error.what());
    } catch (const DataError& error) {
      refuse(error.what());
    }
  }

  // Throws DataError where they are not those of the snapshots. Without a data set add() says so.
  static void check_images(const RunToShow& shown) {
    std::optional<SegmentationDataset> data;
    try {
      data.emplace(shown.run.config.data, shown.tree, "val");
    } catch (const DataError&) {
      return;
    }
    (void)images_of(shown.moments.front().pixels, *data);
  }

  // Those of a run's snapshots, once there are any, for all runs: one is found in the other then.
  void choose_pixels() {
    split_ = request_.split;
    sample_ = {request_.points, kReportImages, 0};
    for (const RunToShow& shown : runs_) {
      if (!shown.moments.empty()) {
        const std::int64_t kept = shown.run.config.training.embedding_snapshots;
        split_ = "val";
        sample_ = {kept > 0 ? kept : shown.moments.front().pixels.size(), kSnapshotImages, 0};
        return;
      }
    }
  }

  void add(RunToShow& shown) {
    const SegmentationDataset data(shown.run.config.data, shown.tree, split_);
    if (shown.moments.empty()) {
      CheckpointMoment found = checkpoint_moment(shown.run, request_, data, sample_);
      shown.moments = std::move(found.moments);
      shown.source = split_ + " split at checkpoint " + found.checkpoint;
    }
    const std::size_t diverged = std::erase_if(shown.moments, [](const EmbeddingSnapshot& moment) {
      return !moment.pixels.tangents.isfinite().all().item<bool>();
    });
    if (diverged > 0) {
      leave_out(shown.run, c10::str("at ", diverged, " of ", diverged + shown.moments.size(),
                                    " moments it is not of finite numbers, as after a training that diverged"));
    } else if (shown.moments.empty()) {
      leave_out(shown.run, "the network has none, as no loss and no classifier reads one, or the split has no labelled pixel");
    }
    if (shown.moments.empty()) {
      return;
    }
    page_.runs.push_back(page_run(shown, data, page_.tree, images_));
  }

  const ReportRequest& request_;
  const std::function<void(const std::string&)>& miss_;
  EmbeddingPage page_;
  PageImages images_;
  std::vector<RunToShow> runs_;
  std::string split_;
  PixelSample sample_;
};

}  // namespace

EmbeddingPage report_embedding(const std::vector<FigureRun>& runs, const ReportRequest& request,
                               const std::function<void(const std::string&)>& miss) {
  TORCH_CHECK_VALUE(!runs.empty(), "report_embedding: expected a run, got none");
  return EmbeddingCollector(runs, request, miss).page();
}

}  // namespace gyroseg
