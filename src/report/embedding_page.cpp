#include "gyroseg/report/embedding_page.h"

#include <torch/utils.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "base64.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/data/resize.h"
#include "gyroseg/report/palette.h"
#include "gyroseg/report/svg.h"

namespace gyroseg {
namespace {

using PageJson = nlohmann::json;

// Images with no side above this are stored without loss: a pixel of theirs is large on the page.
constexpr std::int64_t kSmallImage = 160;

// Larger ones are stored with this as their longer side: the crops on the page are some 100 pixels wide.
constexpr std::int64_t kLongestSide = 512;

static_assert(std::endian::native == std::endian::little, "the page's arrays are little-endian");

std::string packed(const torch::Tensor& numbers, torch::ScalarType type) {
  const torch::Tensor flat = numbers.detach().to(torch::kCPU, type).contiguous();
  const auto* bytes = static_cast<const std::uint8_t*>(flat.const_data_ptr());
  return base64({bytes, bytes + flat.nbytes()});
}

PageJson tree_json(const Hierarchy& tree) {
  PageJson result;
  const std::vector<Rgb> colors = node_palette(tree);
  for (int node = 0; node < tree.num_nodes(); ++node) {
    result["names"].push_back(tree.name(node));
    result["paths"].push_back(tree.path(node));
    result["parents"].push_back(tree.parent(node));
    result["depths"].push_back(tree.depth(node));
    result["colors"].push_back(hex(colors[node]));
    result["top_copies"].push_back(tree.top_copy(node));
  }
  result["leaves"] = tree.num_leaves();
  for (int k = 1; k <= tree.num_levels(); ++k) {
    result["levels"].push_back(tree.level(k));
  }
  return result;
}

torch::Tensor stored_picture(const torch::Tensor& rgb) {
  return resize_image(rgb.contiguous(), size_within(rgb.size(0), rgb.size(1), kLongestSide));
}

PageJson image_json(const PageImage& image) {
  const bool small = image.rgb.size(0) <= kSmallImage && image.rgb.size(1) <= kSmallImage;
  const std::string source =
      small ? "data:image/png;base64," + base64(encode_png(image.rgb))
            : "data:image/jpeg;base64," + base64(encode_jpeg(stored_picture(image.rgb)));
  return {{"name", image.name}, {"width", image.rgb.size(1)}, {"height", image.rgb.size(0)}, {"src", source}};
}

// What the numbers of one run must fit.
struct Counts {
  std::int64_t points;
  std::int64_t nodes;
  std::int64_t levels;
  std::int64_t images;
};

void check_shape(const char* what, const torch::Tensor& tensor, at::IntArrayRef expected) {
  TORCH_CHECK_VALUE(tensor.defined() && tensor.sizes() == expected, "embedding_json: ", what, ": expected shape ",
                    expected, ", got ", tensor.defined() ? c10::str(tensor.sizes()) : "none");
}

void check_indices(const char* what, const torch::Tensor& indices, std::int64_t low, std::int64_t high) {
  TORCH_CHECK_VALUE(indices.scalar_type() == torch::kInt64, "embedding_json: ", what,
                    ": expected int64, got ", indices.scalar_type());
  if (indices.numel() > 0) {
    const auto least = indices.min().item<std::int64_t>();
    const auto most = indices.max().item<std::int64_t>();
    TORCH_CHECK_VALUE(least >= low && most < high, "embedding_json: ", what, ": expected [", low, ", ", high,
                      "), got ", least, " to ", most);
  }
}

PageJson snapshot_json(const PageSnapshot& snapshot, const Counts& n, PageView view) {
  check_shape("xy", snapshot.xy, {n.points, 2});
  check_shape("prototypes", snapshot.prototypes, {n.nodes, 2});
  check_shape("predicted", snapshot.predicted, {n.levels, n.points});
  check_indices("predicted", snapshot.predicted, -1, n.nodes);
  TORCH_CHECK_VALUE(view != PageView::disk || snapshot.curvature > 0,
                    "embedding_json: curvature: expected c > 0 for the disk, got ", snapshot.curvature);
  PageJson result = {{"step", snapshot.step},
                 {"epoch", snapshot.epoch},
                 {"curvature", snapshot.curvature},
                 {"xy", packed(snapshot.xy, torch::kFloat32)},
                 {"prototypes", packed(snapshot.prototypes, torch::kFloat32)},
                 {"predicted", PageJson::array()}};
  for (std::int64_t k = 0; k < n.levels; ++k) {
    result["predicted"].push_back(packed(snapshot.predicted[k], torch::kInt16));
  }
  const auto add = [&](const char* name, const torch::Tensor& values) {
    check_shape(name, values, {n.points});
    result[name] = packed(values, torch::kFloat32);
  };
  add("radius", snapshot.radius);
  add("confidence", snapshot.confidence);
  add("prototype_distance", snapshot.prototype_distance);
  return result;
}

const char* view_name(PageView view) {
  return view == PageView::disk ? "disk" : view == PageView::sphere ? "sphere" : "plane";
}

PageJson run_json(const PageRun& run, Counts n) {
  TORCH_CHECK_VALUE(run.truth.defined() && run.truth.dim() == 1, "embedding_json: ", run.name, ": expected truth [N]");
  TORCH_CHECK_VALUE(!run.snapshots.empty(), "embedding_json: ", run.name, ": expected a snapshot, got none");
  n.points = run.truth.size(0);
  PageJson points;
  const auto add = [&](const char* name, const torch::Tensor& indices, std::int64_t low, std::int64_t high,
                       torch::ScalarType type) {
    check_shape(name, indices, {n.points});
    check_indices(name, indices, low, high);
    points[name] = packed(indices, type);
  };
  add("image", run.image, 0, n.images, torch::kInt32);
  add("row", run.row, 0, INT32_MAX, torch::kInt32);
  add("column", run.column, 0, INT32_MAX, torch::kInt32);
  add("truth", run.truth, kIgnored, n.nodes, torch::kInt16);
  PageJson result = {{"name", run.name},
                 {"space", run.space},
                 {"dim", run.dim},
                 {"view", view_name(run.view)},
                 {"caption", run.caption},
                 {"points", points},
                 {"snapshots", PageJson::array()}};
  for (const PageSnapshot& snapshot : run.snapshots) {
    result["snapshots"].push_back(snapshot_json(snapshot, n, run.view));
  }
  return result;
}

}  // namespace

std::string embedding_json(const EmbeddingPage& page) {
  TORCH_CHECK_VALUE(!page.runs.empty(), "embedding_json: expected a run, got none");
  TORCH_CHECK_VALUE(page.tree.num_nodes() <= INT16_MAX, "embedding_json: expected at most ", INT16_MAX,
                    " nodes, got ", page.tree.num_nodes());
  const Counts counts = {0, page.tree.num_nodes(), page.tree.num_levels(),
                         static_cast<std::int64_t>(page.images.size())};
  PageJson result = {{"version", 1},
                 {"tree", tree_json(page.tree)},
                 {"images", PageJson::array()},
                 {"runs", PageJson::array()}};
  for (const PageImage& image : page.images) {
    result["images"].push_back(image_json(image));
  }
  for (const PageRun& run : page.runs) {
    result["runs"].push_back(run_json(run, counts));
  }
  const std::string text = result.dump(-1, ' ', /*ensure_ascii=*/true, PageJson::error_handler_t::replace);
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace gyroseg
