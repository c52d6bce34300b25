#include "gyroseg/report/embedding_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "gyroseg/report/palette.h"
#include "gyroseg/report/report_page.h"
#include "gyroseg/report/text_table.h"
#include "support/small_trees.h"

namespace gyroseg::embedding_page_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Bytes of a base64 text, by its table alone.
std::string decoded(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 255);
    }
  }
  return bytes;
}

template <class Number>
std::vector<Number> numbers(const nlohmann::json& text) {
  const std::string bytes = decoded(text.get<std::string>());
  std::vector<Number> result(bytes.size() / sizeof(Number));
  std::memcpy(result.data(), bytes.data(), bytes.size());
  return result;
}

// Two pixels of person_tree: low_hand, taken for torso, and low_leg.
EmbeddingPage small_page() {
  EmbeddingPage page = {testing::person_tree(), {{"a<b.png", torch::full({4, 6, 3}, 7, torch::kUInt8)}}, {}};
  const std::int64_t low_hand = page.tree.find("low_hand");
  const std::int64_t torso = page.tree.find("torso");
  const std::int64_t low_leg = page.tree.find("low_leg");
  const auto at = [&](int level, std::int64_t node) -> std::int64_t {
    return page.tree.level(level).at(page.tree.class_at(level, static_cast<int>(node)));
  };
  PageRun run;
  run.name = "</script>";
  run.space = "poincare";
  run.image = torch::zeros({2}, torch::kInt64);
  run.row = torch::tensor({3, 0}, torch::kInt64);
  run.column = torch::tensor({5, 1}, torch::kInt64);
  run.truth = torch::tensor({low_hand, low_leg}, torch::kInt64);
  PageSnapshot snapshot;
  snapshot.step = 10;
  snapshot.epoch = 2.5;
  snapshot.curvature = 0.7;
  snapshot.xy = torch::tensor({1.5, -2.0, 0.25, 40.0}, torch::kFloat64).view({2, 2});
  snapshot.prototypes = torch::full({page.tree.num_nodes(), 2}, std::nan(""), torch::kFloat64);
  snapshot.predicted = torch::tensor({at(1, torso), at(1, low_leg), at(2, torso), at(2, low_leg), torso, std::int64_t{-1}},
                                     torch::kInt64)
                           .view({3, 2});
  snapshot.radius = torch::tensor({2.5, 40.0});
  snapshot.confidence = torch::tensor({0.5, 0.25});
  snapshot.prototype_distance = torch::tensor({1.0, 2.0});
  run.snapshots = {snapshot};
  page.runs = {run};
  return page;
}

TEST(EmbeddingPage, NumbersAreTheirBytes) {
  const EmbeddingPage page = small_page();
  const auto json = nlohmann::json::parse(embedding_json(page));
  const auto& run = json.at("runs").at(0);
  EXPECT_EQ(run.at("view"), "disk");
  EXPECT_THAT(numbers<std::int32_t>(run.at("points").at("row")), ElementsAre(3, 0));
  EXPECT_THAT(numbers<std::int16_t>(run.at("points").at("truth")),
              ElementsAre(page.tree.find("low_hand"), page.tree.find("low_leg")));
  const auto& snapshot = run.at("snapshots").at(0);
  EXPECT_THAT(numbers<float>(snapshot.at("xy")), ElementsAre(1.5F, -2.0F, 0.25F, 40.0F));
  EXPECT_THAT(numbers<std::int16_t>(snapshot.at("predicted").at(2)), ElementsAre(page.tree.find("torso"), -1));
  EXPECT_TRUE(std::isnan(numbers<float>(snapshot.at("prototypes")).front()));
  EXPECT_EQ(snapshot.at("epoch"), 2.5);
}

TEST(EmbeddingPage, TreeAndColoursAreThoseOfTheHierarchy) {
  const EmbeddingPage page = small_page();
  const auto json = nlohmann::json::parse(embedding_json(page)).at("tree");
  const std::vector<Rgb> colors = node_palette(page.tree);
  ASSERT_EQ(json.at("names").size(), static_cast<std::size_t>(page.tree.num_nodes()));
  for (int node = 0; node < page.tree.num_nodes(); ++node) {
    EXPECT_EQ(json.at("paths").at(node), page.tree.path(node));
    EXPECT_EQ(json.at("parents").at(node), page.tree.parent(node));
    EXPECT_EQ(json.at("depths").at(node), page.tree.depth(node));
    EXPECT_EQ(json.at("colors").at(node), hex(colors[node]));
    EXPECT_EQ(json.at("top_copies").at(node), node);
  }
  EXPECT_EQ(json.at("leaves"), page.tree.num_leaves());
  EXPECT_EQ(json.at("levels").at(1).get<std::vector<int>>(), page.tree.level(2));
}

TEST(EmbeddingPage, TextCannotEndTheScript) {
  const std::string text = embedding_json(small_page());
  EXPECT_THAT(text, Not(HasSubstr("<")));
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json.at("runs").at(0).at("name"), "</script>");
  EXPECT_EQ(json.at("images").at(0).at("name"), "a<b.png");
  EXPECT_EQ(json.at("images").at(0).at("width"), 6);
  EXPECT_THAT(json.at("images").at(0).at("src").get<std::string>(), ::testing::StartsWith("data:image/png;base64,iVBOR"));
}

// Height and width of a JPEG by its frame header: FF C0, two bytes of length, one of precision.
std::pair<int, int> jpeg_size(const std::string& bytes) {
  const std::size_t frame = bytes.find("\xFF\xC0");
  const auto number_at = [&](std::size_t i) {
    return static_cast<unsigned char>(bytes.at(i)) << 8 | static_cast<unsigned char>(bytes.at(i + 1));
  };
  return {number_at(frame + 5), number_at(frame + 7)};
}

TEST(EmbeddingPage, LargeImagesAreJpegOfAtMost512Pixels) {
  const std::string start = "data:image/jpeg;base64,";
  for (const auto& [size, stored] : {std::pair{std::pair{200, 300}, std::pair{200, 300}},
                                     {{300, 1024}, {150, 512}}, {{2048, 1024}, {512, 256}}, {{513, 2}, {512, 2}}}) {
    EmbeddingPage page = small_page();
    page.images[0].rgb = torch::full({size.first, size.second, 3}, 7, torch::kUInt8);
    const nlohmann::json image = nlohmann::json::parse(embedding_json(page)).at("images").at(0);
    const std::string source = image.at("src");
    ASSERT_THAT(source, ::testing::StartsWith(start));
    EXPECT_EQ(jpeg_size(decoded(source.substr(start.size()))), stored);
    EXPECT_EQ(image.at("height"), size.first);  // places on the page are those of the image
    EXPECT_EQ(image.at("width"), size.second);
  }
}

TEST(EmbeddingPage, CopiesOfALeafAreMarked) {
  TreeSpec spec;
  spec.roots = {testing::node("sky"), testing::node("animal", {testing::node("cat"), testing::node("dog")})};
  spec.repeat_shallow_leaves = true;
  EmbeddingPage page = small_page();
  page.tree = Hierarchy(spec);
  page.runs[0].truth = torch::zeros({2}, torch::kInt64);
  PageSnapshot& snapshot = page.runs[0].snapshots[0];
  snapshot.prototypes = torch::zeros({page.tree.num_nodes(), 2});
  snapshot.predicted = torch::zeros({2, 2}, torch::kInt64);
  const nlohmann::json tree = nlohmann::json::parse(embedding_json(page)).at("tree");
  const int sky = page.tree.find("sky");
  const int copy = page.tree.find("sky@1");
  EXPECT_EQ(tree.at("top_copies").at(sky), copy);
  EXPECT_EQ(tree.at("top_copies").at(copy), copy);
}

TEST(EmbeddingPage, WhatDoesNotFitIsRefused) {
  const auto message = [](const std::function<void(EmbeddingPage&)>& spoil) -> std::string {
    EmbeddingPage page = small_page();
    spoil(page);
    try {
      (void)embedding_json(page);
    } catch (const c10::ValueError& error) {
      return error.what_without_backtrace();
    }
    return "";
  };
  EXPECT_THAT(message([](EmbeddingPage& p) { p.runs.clear(); }), HasSubstr("expected a run"));
  EXPECT_THAT(message([](EmbeddingPage& p) { p.runs[0].snapshots.clear(); }), HasSubstr("expected a snapshot"));
  EXPECT_THAT(message([](EmbeddingPage& p) { p.images.clear(); }), HasSubstr("image: expected [0, 0)"));
  EXPECT_THAT(message([](EmbeddingPage& p) { p.runs[0].truth[0] = 99; }), HasSubstr("truth"));
  EXPECT_THAT(message([](EmbeddingPage& p) { p.runs[0].row = torch::zeros({3}, torch::kInt64); }), HasSubstr("row: expected shape [2]"));
  EXPECT_THAT(message([](EmbeddingPage& p) { p.runs[0].snapshots[0].xy = torch::zeros({2, 3}); }), HasSubstr("xy: expected shape [2, 2]"));
  EXPECT_THAT(message([](EmbeddingPage& p) { p.runs[0].snapshots[0].curvature = 0; }), HasSubstr("curvature"));
}

TEST(ReportPage, TextIsEscapedAndTheTemplateFilled) {
  const ReportPage page = {"a {{style}} <b>", {{"x", "T & U", "<p>body</p>"}}};
  const std::string text = html(page);
  EXPECT_THAT(text, HasSubstr("<title>a {{style}} &lt;b&gt;</title>"));
  EXPECT_THAT(text, HasSubstr("<a href=\"#x\">T &amp; U</a>"));
  EXPECT_THAT(text, HasSubstr("<section id=\"x\">\n<h2>T &amp; U</h2>\n<p>body</p></section>"));
  EXPECT_THAT(text, Not(HasSubstr("embedding-data\"")));
  EXPECT_THAT(text, Not(HasSubstr("{{script}}")));
  EXPECT_EQ(html_escaped("\"\x01\xFF\n"), "&quot;??\n");
}

TEST(ReportPage, FiguresAreDescribedByTheirTitle) {
  EXPECT_THAT(html_figure(Svg(20, 10, "a \"loss\" < 1")), ::testing::StartsWith("<img alt=\"a &quot;loss&quot; &lt; 1\" width=\"20\""));
}

TEST(ReportPage, TablesBecomeRows) {
  TextTable table({"class", "IoU"});
  table.add({"a<b", "0.5"});
  EXPECT_EQ(table.html(), "<div class=\"table-box\"><table>\n<thead><tr><th>class</th><th>IoU</th></tr></thead>\n"
                          "<tbody><tr><td>a&lt;b</td><td>0.5</td></tr>\n</tbody></table></div>\n");
}

}  // namespace gyroseg::embedding_page_test
