// write_pages FOLDER: pages of planted points for page_test.mjs and motion_test.mjs, which know the rules of
// planting below.
//   one.html     a ball of three snapshots, some of its pixels undecided at the last level
//   two.html     the ball beside a plane, which has the pixels in another order, a ninth of them missing
//   sphere.html  an azimuthal view, of a tree with repeated leaves;  none.html  no embedding

#include <cmath>
#include <filesystem>
#include <iostream>
#include <random>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/report/embedding_page.h"
#include "gyroseg/report/report_page.h"
#include "support/trees.h"

namespace {

using namespace gyroseg;

constexpr std::int64_t kPoints = 5000;
constexpr std::int64_t kImages = 4;
constexpr std::int64_t kHeight = 48;
constexpr std::int64_t kWidth = 64;
constexpr int kSnapshots = 3;
constexpr double kCurvature = 1.5;

// Pixel i: leaf i % 7, image i % 4, row (i / 4) % 48, column 2 * (i / 192).
std::int64_t leaf_of(std::int64_t i) { return i % 7; }

// In snapshot s (0 the first) pixel i is taken for the next leaf, in the plane for the one after it, where
// i % 10 <= 2 - s.
std::int64_t predicted_leaf(std::int64_t i, int snapshot, PageView view) {
  const int step = view == PageView::plane ? 2 : 1;
  return i % 10 <= kSnapshots - 1 - snapshot ? (leaf_of(i) + step) % 7 : leaf_of(i);
}

// In the ball, at the last level.
bool undecided(std::int64_t i, PageView view) { return view == PageView::disk && i % 50 == 7; }

// The pixels of the plane, in its order: i = (7919 j + 13) % 5000 for j = 0, 1, ..., without those of i % 9 == 4.
torch::Tensor planted_order(PageView view) {
  const torch::Tensor index = torch::arange(kPoints);
  if (view != PageView::plane) {
    return index;
  }
  const torch::Tensor permuted = (index * 7919 + 13) % kPoints;
  return permuted.masked_select(permuted % 9 != 4);
}

// Hostile to HTML, SVG and scripts.
TreeSpec planted_tree() {
  TreeSpec tree = pascal_part();
  tree.roots.at(1).children.at(0).children.at(2).name = "<b>\"&'<!--<script>";  // torso
  return tree;
}

// A pixel's colour says where it is: 5 times its row, 4 times its column, 60 times its image.
torch::Tensor planted_image(std::int64_t index) {
  const torch::Tensor row = torch::arange(kHeight).mul(5).view({-1, 1}).expand({kHeight, kWidth});
  const torch::Tensor column = torch::arange(kWidth).mul(4).view({1, -1}).expand({kHeight, kWidth});
  return torch::stack({row, column, torch::full_like(row, 60 * index)}, -1).to(torch::kUInt8);
}

// Leaves in sectors of the circle, their ancestors towards the middle of theirs.
torch::Tensor planted_prototypes(const Hierarchy& tree, double scale) {
  torch::Tensor places = torch::empty({tree.num_nodes(), 2}, torch::kFloat64);
  for (int node = 0; node < tree.num_nodes(); ++node) {
    double x = 0;
    double y = 0;
    for (const int leaf : tree.leaves_of(node)) {
      x += std::cos(0.9 * leaf);
      y += std::sin(0.9 * leaf);
    }
    const double length = std::hypot(x, y) + 1e-9;
    places[node][0] = scale * tree.depth(node) * x / length;
    places[node][1] = scale * tree.depth(node) * y / length;
  }
  return places;
}

PageSnapshot planted_snapshot(const Hierarchy& tree, int number, double scale, PageView view) {
  PageSnapshot snapshot;
  snapshot.step = 100 * (number + 1);
  snapshot.epoch = number + 1;
  snapshot.curvature = kCurvature;
  snapshot.prototypes = planted_prototypes(tree, scale * (number + 1) / kSnapshots);
  snapshot.xy = torch::empty({kPoints, 2}, torch::kFloat64);
  snapshot.predicted = torch::empty({tree.num_levels(), kPoints}, torch::kInt64);
  std::mt19937 random(5);
  std::normal_distribution<double> normal(0, 0.45 * scale);
  auto xy = snapshot.xy.accessor<double, 2>();
  auto predicted = snapshot.predicted.accessor<std::int64_t, 2>();
  const auto prototypes = snapshot.prototypes.accessor<double, 2>();
  for (std::int64_t i = 0; i < kPoints; ++i) {
    for (int axis = 0; axis < 2; ++axis) {
      xy[i][axis] = prototypes[leaf_of(i)][axis] + normal(random);
    }
    const auto leaf = static_cast<int>(predicted_leaf(i, number, view));
    for (int k = 1; k <= tree.num_levels(); ++k) {
      const bool none = k == tree.num_levels() && undecided(i, view);
      predicted[k - 1][i] = none ? -1 : tree.level(k).at(tree.class_at(k, leaf));
    }
  }
  const torch::Tensor order = planted_order(view);
  snapshot.xy = snapshot.xy.index_select(0, order);
  snapshot.predicted = snapshot.predicted.index_select(1, order);
  snapshot.radius = order / 1000.0;
  snapshot.confidence = order / static_cast<double>(kPoints);
  snapshot.prototype_distance = order / 500.0;
  return snapshot;
}

PageRun planted_run(const Hierarchy& tree, const std::string& name, PageView view) {
  PageRun run;
  run.name = name;
  run.space = view == PageView::disk ? "poincare" : view == PageView::sphere ? "sphere" : "euclidean";
  run.view = view;
  run.caption = "5000 planted pixels, drawn as they are </script>.";
  const torch::Tensor index = planted_order(view);
  run.image = index % kImages;
  run.row = index.div(4, "floor") % kHeight;
  run.column = 2 * index.div(kImages * kHeight, "floor");
  run.truth = index % 7;
  for (int s = 0; s < kSnapshots; ++s) {
    run.snapshots.push_back(planted_snapshot(tree, s, 0.75, view));
  }
  return run;
}

void write_page(const std::filesystem::path& file, const ReportPage& page) {
  write_text(file, html(page));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_pages FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  EmbeddingPage page = {Hierarchy(planted_tree()), {}, {}};
  for (std::int64_t i = 0; i < kImages; ++i) {
    page.images.push_back({"image" + std::to_string(i) + ".png", planted_image(i)});
  }
  const ReportSection place = {"embedding-section", "Embedding", embedding_place()};
  const ReportSection facts = {"facts", "Facts", "<p>a &lt; b</p>"};
  page.runs.push_back(planted_run(page.tree, "ball", PageView::disk));
  write_page(folder / "one.html", {"One run", {place, facts}, embedding_json(page)});
  page.runs.push_back(planted_run(page.tree, "plane", PageView::plane));
  write_page(folder / "two.html", {"Two runs", {place, facts}, embedding_json(page)});
  TreeSpec repeated = planted_tree();
  repeated.repeat_shallow_leaves = true;
  EmbeddingPage sphere = {Hierarchy(repeated), page.images, {}};
  sphere.runs.push_back(planted_run(sphere.tree, "sphere", PageView::sphere));
  write_page(folder / "sphere.html", {"A sphere", {place, facts}, embedding_json(sphere)});
  write_page(folder / "none.html", {"No embedding", {facts}});
  return 0;
}
