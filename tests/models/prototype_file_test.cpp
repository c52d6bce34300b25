#include "gyroseg/models/prototype_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "gyroseg/models/safetensors.h"
#include "support/trees.h"

namespace gyroseg::prototype_file_test {

using ::testing::HasSubstr;
using torch::Tensor;

/// Leaves: sky, car, tree (index 0, 1, 2); inner: things (3).
Hierarchy small_tree() {
  return Hierarchy({{node("sky", 0), inner("things", {node("car", 1), node("tree", 2)})}, {}});
}

class PrototypeFile : public ::testing::Test {
 protected:
  PrototypeFile()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("prototypes_" + std::to_string(::getpid()) + ".csv")) {}
  ~PrototypeFile() override { std::filesystem::remove(path_); }

  Tensor read(const std::string& text, const std::string& space = "euclidean", int classes = 3,
              double c = 1.0) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_prototypes(path_, small_tree(), classes, *make_manifold(space, c), 2);
  }

  std::string error(const std::string& text, const std::string& space = "euclidean") {
    try {
      (void)read(text, space);
    } catch (const WeightsError& problem) {
      const std::string what = problem.what();
      EXPECT_EQ(what.substr(0, path_.string().size()), path_.string());
      return what.substr(path_.string().size());
    }
    return "";
  }

  std::filesystem::path path_;
};

TEST_F(PrototypeFile, RowsByNameInAnyOrderOthersAside) {
  const Tensor w = read("node,x1,x2\r\ntree,5,-6e-1\r\n\r\nthings,7,8\n\"sky\" , 1,2\nroot,0,0\n"
                        "things/car,3,4\n");
  EXPECT_TRUE(torch::equal(w, torch::tensor({{1.0f, 2.0f}, {3.0f, 4.0f}, {5.0f, -0.6f}})));
  const Tensor all = read("\xef\xbb\xbfnode,x1,x2\nsky,1,2\ncar,3,4\ntree,5,6\n/things,7,8\n",
                          "euclidean", 4);
  EXPECT_EQ(all.size(0), 4);
  EXPECT_EQ(all[3][1].item<double>(), 8);
}

// d(0, p) = 2|w| = 2 artanh |p| at c = 1, and on the hyperboloid d = arcosh X0.
TEST_F(PrototypeFile, PointsOfEverySpaceBecomeNetworkOutputs) {
  const Tensor ball = read("node,x1,x2\nsky,0.5,0\ncar,0,-0.25\ntree,0,0\n", "poincare");
  EXPECT_NEAR(ball[0][0].item<double>(), std::atanh(0.5), 1e-7);
  EXPECT_NEAR(ball[1][1].item<double>(), -std::atanh(0.25), 1e-7);
  EXPECT_EQ(ball[2].abs().max().item<double>(), 0);
  const Tensor lorentz =
      read("node,t,x,y\nsky,1.25,0.75,0\ncar,1,0,0\ntree,1.25,0,-0.75\n", "lorentz");
  EXPECT_NEAR(lorentz[0][0].item<double>(), std::acosh(1.25) / 2, 1e-7);
  EXPECT_NEAR(lorentz[2][1].item<double>(), -std::acosh(1.25) / 2, 1e-7);
  const Tensor sphere = read("node,x1,x2\nsky,1,0\ncar,0.70711,0.70711\ntree,0,-1\n", "sphere");
  EXPECT_NEAR(sphere[1][0].item<double>(), 0.70711, 1e-6);
}

TEST_F(PrototypeFile, ErrorsNameTheLineAndEveryMissingClass) {
  const std::string good = "node,x1,x2\nsky,1,2\ncar,3,4\ntree,5,6\n";
  EXPECT_EQ(error(good), "");
  EXPECT_EQ(error("node,x1,x2\nsky,1,2\ntre,5,6\n"),
            ": expected a row for every class; none for things/car, things/tree (is it tre?)");
  EXPECT_EQ(error("node,x1\nsky,1\n"),
            ":1: expected 3 columns, node and the 2 coordinates of a point (embedding.space: "
            "euclidean), got 2");
  EXPECT_THAT(error(good, "lorentz"), HasSubstr(":1: expected 4 columns, node and the 3 coord"));
  EXPECT_THAT(error("node,x1,x2\nsky,1\n"), HasSubstr(":2: expected 3 columns"));
  EXPECT_EQ(error("node,x1,x2\nsky,1,two\n"), ":2: column 3: expected a number, got \"two\"");
  EXPECT_THAT(error("node,x1,x2\nsky,1,nan\n"), HasSubstr("expected a number, got \"nan\""));
  EXPECT_THAT(error("node,x1,x2\nsky,1,\n"), HasSubstr("column 3: expected a number, got \"\""));
  EXPECT_EQ(error(good + "sky,1,1\n"), ":5: sky stands twice, first in line 2");
  EXPECT_THAT(error("sky,1,2\n"), HasSubstr(":1: expected a header node,x1,x2,..., got sky,1,2"));
  EXPECT_THAT(error(""), HasSubstr("empty, expected a header"));
  EXPECT_EQ(error("node,x1,x2\nsky,1.2,0\ncar,0,0\ntree,0,0\n", "poincare"),
            ":2: sky: not a point of embedding.space: poincare, c = 1");
  EXPECT_THAT(error("node,x1,x2\nsky,1,0\ncar,0,0\ntree,0,1\n", "sphere"),
              HasSubstr(":3: car: not a point"));
  EXPECT_THAT(error("node,t,x,y\nsky,1.25,0.8,0\ncar,1,0,0\ntree,1,0,0\n", "lorentz"),
              HasSubstr(":2: sky: not a point"));
  std::filesystem::remove(path_);
  EXPECT_THROW((void)read_prototypes(path_, small_tree(), 3, *make_manifold("sphere", 1.0), 2),
               WeightsError);
}

}  // namespace gyroseg::prototype_file_test
