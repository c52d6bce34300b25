// Every config of configs/ is read, and comes back as it was written.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gyroseg/config/read.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg::examples_test {

namespace fs = std::filesystem;

const fs::path kConfigs = fs::path(GYROSEG_SOURCE_DIR) / "configs";
// Weights and GPUs are not everywhere.
const std::vector<std::string> kAnywhere = {"model.pretrained=\"\"", "device=cpu"};

TEST(Examples, AreRead) {
  int read = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kConfigs)) {
    const std::string extension = entry.path().extension().string();
    const bool config = extension == ".yaml" || extension == ".yml" || extension == ".json";
    const bool plan = entry.path().parent_path() == kConfigs / "topologies";
    if (config && !plan) {
      SCOPED_TRACE(entry.path());
      EXPECT_NO_THROW({ (void)read_config(entry.path(), kAnywhere); });
      ++read;
    }
  }
  EXPECT_GE(read, 41);
}

/// Seeds 001, 002 and 004 are about one tree.
TEST(Examples, TheThreeFormsOfPascalPartAreOneTree) {
  for (const char* name : {"leaves.yaml", "inner_nodes.yaml", "augmented.yaml"}) {
    SCOPED_TRACE(name);
    const Hierarchy tree(read_config(kConfigs / "pascal_part" / name, kAnywhere).hierarchy);
    EXPECT_EQ(tree.num_leaves(), 7);
    EXPECT_EQ(tree.num_levels(), 3);
    EXPECT_EQ(tree.level(2).size(), 3U);
    EXPECT_EQ(tree.path(tree.nodes_by_label().at(6)), "body/upper_body/up_hand");
    EXPECT_EQ(tree.path(tree.nodes_by_label().at(3)), "body/lower_body/low_leg");
  }
}

}  // namespace gyroseg::examples_test
