#include "gyroseg/training/assembly.h"

#include <gtest/gtest.h>

namespace gyroseg::assembly_test {

Activation activation(const std::vector<std::string>& losses) {
  Config config;
  for (const std::string& name : losses) {
    config.loss.emplace_back().name = name;
  }
  return activation_of(config);
}

TEST(ActivationOf, FollowsTheLossesThatTrainTheChannels) {
  for (const std::string name : {"cross_entropy", "focal", "dice", "boundary"}) {
    EXPECT_EQ(activation({"tree_min", "hierarchical_softmax", name}), Activation::softmax) << name;
  }
  EXPECT_EQ(activation({"hierarchical_softmax", "tree_triplet"}), Activation::siblings);
  EXPECT_EQ(activation({"tree_min", "tree_triplet"}), Activation::sigmoid);
  EXPECT_EQ(activation({"bce", "total_variation"}), Activation::sigmoid);
}

}  // namespace gyroseg::assembly_test
