#include "gyroseg/study/prototype_measures.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <map>

#include "support/small_trees.h"

namespace gyroseg::prototype_measures_test {

// b under a, and c beside a: psi is 1 from b to a, 2 from a to c, 3 from b to c, a path.
Hierarchy path_tree() {
  return testing::tree_of({testing::node("a", {testing::node("b")}), testing::node("c")});
}

std::map<std::string, std::optional<double>> figures(const std::map<std::string, double>& x,
                                                     const std::string& space) {
  const Hierarchy tree = path_tree();
  torch::Tensor v = torch::full({3, 2}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  for (const auto& [name, value] : x) {
    v[tree.find(name)] = torch::tensor({value, 0.0}, torch::kFloat64);
  }
  std::map<std::string, std::optional<double>> out;
  for (const Measure& m : prototype_measures(v, tree, *make_manifold(space, 1.0))) {
    EXPECT_EQ(m.corruption, "none");
    EXPECT_EQ(m.level, 0);
    out[m.name] = m.value;
  }
  return out;
}

// Rays from the origin are geodesics in both spaces, twice as long in the ball: an exact copy of the path.
TEST(PrototypeMeasures, APathOnALineIsExact) {
  for (const char* space : {"euclidean", "poincare", "lorentz"}) {
    SCOPED_TRACE(space);
    const auto f = figures({{"b", 0.0}, {"a", 0.5}, {"c", 1.5}}, space);
    EXPECT_EQ(f.at("prototype_nodes"), 3);
    EXPECT_NEAR(f.at("prototype_distortion").value(), 0, 1e-12);
    EXPECT_NEAR(f.at("prototype_worst_distortion").value(), 1, 1e-12);
    EXPECT_NEAR(f.at("prototype_map").value(), 1, 1e-12);
    EXPECT_NEAR(f.at("prototype_delta").value(), 0, 1e-12);
  }
}

// a and c swapped. Balls of b and a that reach the other hold c too: MAP 1/2. e/h = 2, 1/2, 1/3 for ba, ac, bc:
// worst 2 * 3. Radii b 0, c 1, a 2 against depths 2, 1, 1: ranks (1, 2, 3) and (3, 1.5, 1.5), -1.5/sqrt(3).
TEST(PrototypeMeasures, ByHand) {
  const auto f = figures({{"b", 0.0}, {"a", 2.0}, {"c", 1.0}}, "euclidean");
  EXPECT_NEAR(f.at("prototype_map").value(), 0.5, 1e-12);
  EXPECT_NEAR(f.at("prototype_worst_distortion").value(), 6, 1e-12);
  EXPECT_NEAR(f.at("prototype_radius_depth").value(), -1.5 / std::sqrt(3.0), 1e-12);
}

TEST(PrototypeMeasures, WithoutEnoughNodesOrARadius) {
  const auto two = figures({{"b", 0.0}, {"a", 2.0}}, "euclidean");
  EXPECT_EQ(two.at("prototype_nodes"), 2);
  EXPECT_EQ(two.size(), 1U);
  const auto sphere = figures({{"b", 1.0}, {"a", 2.0}, {"c", -1.0}}, "sphere");
  EXPECT_FALSE(sphere.at("prototype_radius_depth"));
  EXPECT_FALSE(sphere.at("prototype_worst_distortion"));  // a and b coincide
}

// b is all that lies below a: means of the same pixels, whose distance of 0 says nothing of the space.
TEST(PrototypeMeasures, AnOnlyChildInItsParentsPlaceIsOneNodeWithIt) {
  EXPECT_EQ(figures({{"b", 1.0}, {"a", 1.0}, {"c", 2.0}}, "euclidean").at("prototype_nodes"), 2);
  EXPECT_EQ(figures({{"b", 1.0}, {"a", 2.0}, {"c", 1.0}}, "euclidean").at("prototype_nodes"), 3);
}

}  // namespace gyroseg::prototype_measures_test
