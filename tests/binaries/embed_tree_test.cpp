#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "binaries/program.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/models/prototype_file.h"
#include "support/tiny_run.h"

namespace gyroseg::embed_tree_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class EmbedTree : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
    return folder_.path() / name;
  }
  ProgramResult run(const std::string& input, const std::string& arguments) {
    return run_binary("embed_tree", "--input " + input + " --output " + out().string() + " " + arguments);
  }
  [[nodiscard]] fs::path out() const { return folder_.path() / "out"; }
  [[nodiscard]] nlohmann::json metrics() const {
    return nlohmann::json::parse(std::ifstream(out() / "metrics.json"));
  }
  void expect_user_error(const ProgramResult& result, const std::string& part) {
    EXPECT_EQ(result.status, 2) << result.text;
    EXPECT_THAT(result.text, HasSubstr("embed_tree: "));
    EXPECT_THAT(result.text, HasSubstr(part));
    EXPECT_FALSE(fs::exists(out() / "metrics.json"));
  }

  TemporaryFolder folder_{"embed_tree"};
};

constexpr const char* kTree = "sky: {}\nbody: {upper: {head: {}, arm: {}}, lower: {leg: {}, foot: {}}}\n";

TEST_F(EmbedTree, ConstructionGivesPrototypesOfAClassTree) {
  const std::string input = write("tree.yaml", kTree).string();
  const ProgramResult result = run(input, "--method construction --dim 2");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("an unnamed root joins them"));
  EXPECT_THAT(result.text, HasSubstr("MAP, edges of the tree"));
  EXPECT_EQ(metrics()["tree_map"], 1.0);
  EXPECT_LT(metrics()["worst_distortion"], 1.5);
  EXPECT_EQ(metrics()["relations"], 10);  // closure
  const Hierarchy tree({{{"sky", {}, {}, ""}, {"leg", {}, {}, ""}}, {}});
  const auto w = read_prototypes(out() / "coordinates.csv", tree, 2, *make_manifold("poincare", 1.0), 2);
  EXPECT_GT((w[0] - w[1]).norm().item<double>(), 1);
  // tangent.csv holds the network outputs themselves.
  const auto v = read_prototypes(out() / "tangent.csv", tree, 2, *make_manifold("euclidean", 1.0), 2);
  EXPECT_LT((w - v).abs().max().item<double>(), 1e-4);
}

TEST_F(EmbedTree, LearnsAnEdgeList) {
  const std::string input = write("e.csv", "id1,id2\nb,a\nc,a\nd,b\ne,b\nf,c\ng,c\n").string();
  const ProgramResult result = run(input, "--relations closure --dim 3 --epochs 200 --negatives 3 --lr 0.1 --seed 3");
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("7 nodes, 10 relations (closure)"));
  EXPECT_GT(metrics()["map"], 0.9);
  EXPECT_EQ(metrics()["method"], "learned");
  const ProgramResult twice = run(input, "--epochs 1");
  EXPECT_EQ(twice.status, 2);
  EXPECT_THAT(twice.text, HasSubstr("is there already"));
  EXPECT_EQ(run(input, "--epochs 1 --overwrite --space sphere").status, 0);
  EXPECT_EQ(metrics()["space"], "sphere");
}

TEST_F(EmbedTree, SaysWhatIsWrong) {
  const std::string good = write("e.csv", "id1,id2\nb,a\nc,a\n").string();
  expect_user_error(run_binary("embed_tree", ""), "expected --input FILE");
  expect_user_error(run(good, "--method magic"), "learned | construction, got magic");
  expect_user_error(run(good, "--relations all"), "got all");
  expect_user_error(run(good, "--space torus"), "torus");
  expect_user_error(run(good, "--dim 0"), "dim");
  expect_user_error(run(good, "--method construction --space sphere"), "got sphere");
  expect_user_error(run(good, "--method construction --edge 1e4"), "at most");
  expect_user_error(run(write("bad.csv", "id1,id2\na,b\nb,a\n").string(), ""), "bad.csv:");
  expect_user_error(run((folder_.path() / "none.csv").string(), ""), "none.csv: expected a file, found none");
}

}  // namespace gyroseg::embed_tree_test
