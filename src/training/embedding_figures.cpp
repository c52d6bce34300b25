#include "gyroseg/training/embedding_figures.h"

#include <torch/types.h>
#include <torch/utils.h>


#include "embedding_tables.h"
#include "gyroseg/metrics/level_metrics.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/report/distribution_figures.h"
#include "gyroseg/report/palette.h"
#include "gyroseg/report/run_names.h"
#include "gyroseg/training/run_panels.h"
#include "uncertainty_panels.h"

namespace gyroseg {
namespace {

std::vector<double> numbers_of(const torch::Tensor& column) {
  const torch::Tensor wide = column.to(torch::kFloat64).contiguous();
  return {wide.const_data_ptr<double>(), wide.const_data_ptr<double>() + wide.numel()};
}

PlanePoint plane_point(const torch::Tensor& row) {
  return {row[0].item<double>(), row[1].item<double>()};
}

// What is drawn of one run.
class RunEmbedding {
 public:
  RunEmbedding(LoadedRun& run, const SegmentationDataset& data, PixelEmbeddings pixels,
               const EmbeddingFigureRequest& request, std::string name)
      : run_(run),
        tree_(run.tree),
        data_(data),
        request_(request),
        name_(std::move(name)),
        pixels_(std::move(pixels)),
        prototypes_(class_prototypes(network_of(run), pixels_)),
        projected_(project_embedding(pixels_, prototypes_, request.projection)),
        colors_(node_palette(run.tree)) {
    const torch::Tensor& v = prototypes_.tangents;
    prototype_radius_ = manifold_of(pixels_)->tangent_dist(torch::zeros_like(v), v);
  }

  [[nodiscard]] Svg clusters(int level) const {
    EmbeddingPicture picture;
    picture.title = name_ + ": pixel embeddings by class of level " + std::to_string(level);
    picture.space = projected_.space;
    picture.curvature = projected_.space == PictureSpace::disk ? pixels_.curvature : 1;
    picture.theme = request_.theme;
    const std::vector<std::string> names = class_names(tree_, level);
    const std::vector<Rgb> palette = level_palette(tree_, level, colors_);
    for (std::size_t i = 0; i < names.size(); ++i) {
      picture.legend.push_back({names[i], palette[i]});
    }
    for (std::int64_t i = 0; i < pixels_.size(); ++i) {
      const int truth = tree_.class_at(level, static_cast<int>(pixels_.leaves[i].item<std::int64_t>()));
      picture.points.push_back({plane_point(projected_.points[i]), truth,
                                pixels_.predicted[i][level - 1].item<std::int64_t>() == truth});
    }
    add_nodes(picture, level);
    picture.caption = describe(projected_, pixels_) + " " + origin() +
                      " Colour and shape: true class; full markers are right at this level (decode " +
                      pixels_.decode + "), empty ones wrong. Circles: distance from the centre. " +
                      about_prototypes();
    return draw(picture);
  }

  [[nodiscard]] Svg radius_by_depth() const {
    BoxFigure figure;
    figure.title = name_ + ": distance from the origin by depth in the tree";
    figure.x_title = "depth of the true leaf (boxes) and of the node (named discs)";
    figure.y_title = "distance from the origin";
    figure.theme = request_.theme;
    const std::vector<double> radius = numbers_of(pixels_.radius);
    for (int depth = 1; depth <= tree_.num_levels(); ++depth) {
      ValueGroup group{std::to_string(depth), {86, 130, 180}, {}};
      for (std::int64_t i = 0; i < pixels_.size(); ++i) {
        if (tree_.depth(static_cast<int>(pixels_.leaves[i].item<std::int64_t>())) == depth) {
          group.values.push_back(radius[i]);
        }
      }
      figure.groups.push_back(std::move(group));
    }
    for (int node = 0; node < tree_.num_nodes(); ++node) {
      figure.marks.push_back({tree_.depth(node) - 1, prototype_radius_[node].item<double>(),
                              tree_.name(node), colors_[node]});
    }
    figure.caption = "Boxes: quartiles and median of the pixels' distances, whiskers from 5 to 95 %. " +
                     about_prototypes() + " " + origin();
    return draw(figure);
  }

  [[nodiscard]] Svg radius_by_class() const {
    HistogramFigure figure;
    figure.title = name_ + ": distance from the origin by class";
    figure.x_title = "distance of a pixel's embedding from the origin";
    figure.theme = request_.theme;
    const std::vector<double> radius = numbers_of(pixels_.radius);
    for (const int node : tree_.level(tree_.num_levels())) {
      ValueGroup group{tree_.name(node), colors_[node], {}};
      for (std::int64_t i = 0; i < pixels_.size(); ++i) {
        if (pixels_.leaves[i].item<std::int64_t>() == node) {
          group.values.push_back(radius[i]);
        }
      }
      figure.groups.push_back(std::move(group));
    }
    figure.caption = "Pixels by their true leaf; each histogram as high as its own largest bin. " + origin();
    return draw(figure);
  }

  [[nodiscard]] Svg uncertainty(const std::vector<std::int64_t>& samples) {
    PanelGrid grid = uncertainty_panels(network_of(run_), data_, samples,
                                        name_ + ": " + request_.split + " split, uncertainty");
    grid.theme = request_.theme;
    return draw(grid);
  }

  [[nodiscard]] std::string pixel_csv() const { return pixel_table(tree_, pixels_, projected_); }
  [[nodiscard]] std::string prototype_csv() const {
    return prototype_table(tree_, pixels_, prototypes_, projected_);
  }

 private:
  // Which weights and which data.
  [[nodiscard]] std::string origin() const {
    return "Checkpoint " + request_.checkpoint + " (step " + std::to_string(run_.state.step) + "), " +
           request_.split + " split.";
  }

  [[nodiscard]] std::string about_prototypes() const { return "Named discs: " + describe(prototypes_) + "."; }

  void add_nodes(EmbeddingPicture& picture, int level) const {
    std::vector<int> places(tree_.num_nodes(), -1);
    for (int node = 0; node < tree_.num_nodes(); ++node) {
      if (tree_.depth(node) <= level && tree_.top_copy(node) == node) {
        places[node] = static_cast<int>(picture.nodes.size());
        picture.nodes.push_back({tree_.name(node), plane_point(projected_.nodes[node]), colors_[node], -1});
      }
    }
    for (int node = 0; node < tree_.num_nodes(); ++node) {
      if (places[node] >= 0 && tree_.parent(node) >= 0) {
        picture.nodes[places[node]].parent = places[tree_.parent(node)];
      }
    }
  }

  LoadedRun& run_;
  const Hierarchy& tree_;
  const SegmentationDataset& data_;
  const EmbeddingFigureRequest& request_;
  std::string name_;
  PixelEmbeddings pixels_;
  ClassPrototypes prototypes_;
  ProjectedEmbedding projected_;
  std::vector<Rgb> colors_;  ///< by node
  torch::Tensor prototype_radius_;
};

void draw_run(const FigureRun& figure_run, bool several, const EmbeddingFigureRequest& request,
              const EmbeddingSink& sink) {
  const auto& [folder, name, config] = figure_run;
  std::optional<LoadedRun> run;
  try {
    run.emplace(load_run(folder, request.checkpoint, request.overrides));
  } catch (const CheckpointError& error) {
    sink.miss("embeddings of " + name + ": " + error.what());
    return;
  }
  std::optional<SegmentationDataset> opened;
  try {
    opened.emplace(config.data, run->tree, request.split);
  } catch (const DataError& error) {
    sink.miss("embeddings of " + name + ": " + error.what() + "; --set data.root=DIR names another place");
    return;
  }
  const SegmentationDataset& data = *opened;
  const std::vector<std::int64_t> samples = choose_samples(data, request.images, request.samples);
  std::optional<PixelEmbeddings> pixels =
      sample_pixel_embeddings(network_of(*run), data, {request.points, 0, 0});
  if (!pixels) {
    sink.miss("embeddings of " + name + ": its network has none, as neither a loss nor the "
              "classifier reads one (classifier.input: embedding), or no pixel has a label");
    return;
  }
  std::optional<RunEmbedding> drawn;
  try {
    drawn.emplace(*run, data, std::move(*pixels), request, name);
  } catch (const c10::ValueError& error) {
    throw DataError(folder + ": " + error.what_without_backtrace());
  }
  const std::string prefix = several ? figure_name(name) + "_" : "";
  for (int k = 1; k <= run->tree.num_levels(); ++k) {
    if (request.level == 0 || request.level == k) {
      sink.add(prefix + "embedding_level" + std::to_string(k), drawn->clusters(k));
    }
  }
  sink.table(prefix + "pixels", drawn->pixel_csv());
  sink.table(prefix + "prototypes", drawn->prototype_csv());
  sink.add(prefix + "radius_by_depth", drawn->radius_by_depth());
  sink.add(prefix + "radius_by_class", drawn->radius_by_class());
  if (!samples.empty()) {
    sink.add(prefix + "uncertainty", drawn->uncertainty(samples));
  }
}

}  // namespace

void draw_embeddings(const EmbeddingFigureRequest& request, const EmbeddingSink& sink) {
  const std::vector<FigureRun> runs = figure_runs(request);
  for (const FigureRun& run : runs) {
    draw_run(run, runs.size() > 1, request, sink);
  }
  draw_runs(request, sink);
}

}  // namespace gyroseg
