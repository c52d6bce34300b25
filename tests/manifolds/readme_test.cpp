// The example of manifolds/README.md, line by line.
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <fstream>
#include <sstream>
#include <string>

#include "manifolds/nn/classifier.h"
#include "manifolds/tree_triplet.h"

namespace readme_test {

TEST(ManifoldsReadme, ExampleRuns) {
  torch::manual_seed(1);
  // README begin
  const auto space = gyroseg::make_manifold("poincare", 1.0);
  const auto v = torch::randn({2, 16, 8, 8}).requires_grad_(true);  // pixels, channel first
  gyroseg::HyperplaneClassifier head(16, 3, space);
  const auto labels = torch::randint(0, 3, {2, 8, 8}, torch::kInt64);  // 0, 1 siblings; 2 alone
  const gyroseg::TreeTables tree{torch::tensor({{0, 2, 3}, {2, 0, 3}, {3, 3, 0}}, torch::kInt64),
                                 torch::tensor({3, 3, -1}, torch::kInt64), 2};
  const auto loss = torch::nn::functional::cross_entropy(head->forward(v), labels) +
                    gyroseg::tree_triplet_loss(v, labels, tree, *space).value;
  loss.backward();
  const auto radius = space->tangent_dist(v, torch::zeros_like(v), 1);  // [2,8,8], equals 2|v|
  // README end
  EXPECT_TRUE(v.grad().isfinite().all().item<bool>());
  EXPECT_TRUE(torch::allclose(radius, 2 * v.norm(2, 1)));
}

/// The lines between two markers, without leading blanks.
std::string lines_between(const std::string& file, const std::string& begin,
                          const std::string& end) {
  std::ifstream in(file);
  std::string line, result;
  bool inside = false;
  while (std::getline(in, line)) {
    const auto first = line.find_first_not_of(' ');
    const auto text = first == std::string::npos ? std::string() : line.substr(first);
    if (inside && text == end) break;
    if (inside && !text.empty() && text.rfind("#include", 0) != 0) result += text + "\n";
    if (text == begin) inside = true;
  }
  return result;
}

TEST(ManifoldsReadme, ShowsTheseLines) {
  const std::string root = GYROSEG_SOURCE_DIR;
  EXPECT_EQ(
      lines_between(root + "/manifolds/README.md", "```cpp", "```"),
      lines_between(root + "/tests/manifolds/readme_test.cpp", "// README begin", "// README end"));
}

}  // namespace readme_test
