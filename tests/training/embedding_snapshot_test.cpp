#include "gyroseg/training/embedding_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>

#include "gyroseg/models/safetensors.h"
#include "gyroseg/training/trainer.h"
#include "support/tiny_run.h"

namespace gyroseg::embedding_snapshot_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

EmbeddingSnapshot small_snapshot() {
  const auto ints = [](std::vector<std::int64_t> values) {
    return torch::tensor(at::ArrayRef<std::int64_t>(values));
  };
  return {12,
          1.5,
          {"poincare", 0.7, "level_sum", torch::tensor({{1.f, 2.f}, {3.f, 4.f}}),
           torch::tensor({2.f, 5.f}), ints({0, 1}), ints({0, 0, 1, -1}).view({2, 2}),
           torch::tensor({0.5f, 0.25f}), ints({3, 17}), ints({4, 5}), ints({6, 7}),
           {{3, "c.png"}, {17, "q, r.png"}}},
          {torch::tensor({{1.0, 2.0}, {std::nan(""), std::nan("")}, {0.1, 0.2}}, torch::kFloat64),
           {PrototypeSource::classifier, PrototypeSource::none, PrototypeSource::frechet_mean}}};
}

TEST(EmbeddingSnapshotFile, HoldsEveryField) {
  const TemporaryFolder folder("snapshot");
  const EmbeddingSnapshot written = small_snapshot();
  write_snapshot(folder.path() / "embeddings", written);
  const auto files = snapshot_files(folder.path() / "embeddings");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].filename(), "step_12.safetensors");
  const EmbeddingSnapshot read = read_snapshot(files[0]);
  EXPECT_EQ(read.step, 12);
  EXPECT_EQ(read.epoch, 1.5);
  EXPECT_EQ(read.pixels.space, "poincare");
  EXPECT_EQ(read.pixels.curvature, 0.7);
  EXPECT_EQ(read.pixels.decode, "level_sum");
  EXPECT_EQ(read.pixels.image_names, written.pixels.image_names);
  const auto fields = [](const PixelEmbeddings& p) {
    return std::vector<torch::Tensor>{p.tangents, p.radius, p.leaves, p.predicted, p.confidence, p.images, p.rows, p.columns};
  };
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_TRUE(torch::equal(fields(read.pixels)[i], fields(written.pixels)[i])) << i;
  }
  EXPECT_EQ(read.prototypes.sources, written.prototypes.sources);
  EXPECT_TRUE(torch::allclose(read.prototypes.tangents, written.prototypes.tangents, 0, 0, /*equal_nan=*/true));
}

TEST(EmbeddingSnapshotFile, OthersAreRefusedAndStepsAreInOrder) {
  const TemporaryFolder folder("snapshot_errors");
  const fs::path other = folder.path() / "step_3.safetensors";
  write_safetensors(other, {{{"tangents", torch::zeros({2})}}, {{"step", "3"}, {"epoch", "1"}, {"space", "sphere"}, {"curvature", "-1"}, {"decode", "level_sum"}}});
  try {
    (void)read_snapshot(other);
    FAIL() << "was read";
  } catch (const WeightsError& error) {
    EXPECT_THAT(error.what(), HasSubstr("step_3.safetensors: is no embedding snapshot: expected a tensor tangents with 2 axes"));
  }
  for (const int step : {100, 20}) {
    EmbeddingSnapshot snapshot = small_snapshot();
    snapshot.step = step;
    write_snapshot(folder.path(), snapshot);
  }
  std::vector<std::string> names;
  for (const fs::path& file : snapshot_files(folder.path())) {
    names.push_back(file.filename());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"step_3.safetensors", "step_20.safetensors", "step_100.safetensors"}));
  EXPECT_TRUE(snapshot_files(folder.path() / "none").empty());
}

// The trainer writes one at each validation; pixels stay, embeddings move.
TEST(EmbeddingSnapshots, EveryValidationKeepsTheSamePixels) {
  const TemporaryFolder folder("snapshots_of_training");
  constexpr int kSize = 32;
  draw_split(folder.path(), "train", 4, kSize);
  draw_split(folder.path(), "val", 3, kSize);
  Config config = tiny_config(folder.path(), kSize);
  config.training.embedding_snapshots = 70;
  const RunFolder run{folder.path() / "run"};
  std::ostringstream table, notes;
  Trainer trainer(config, run, {}, table, notes);
  ASSERT_EQ(trainer.run(), TrainOutcome::finished);
  const auto files = snapshot_files(run.embeddings());
  ASSERT_EQ(files.size(), 2U);
  const EmbeddingSnapshot first = read_snapshot(files[0]), last = read_snapshot(files[1]);
  EXPECT_EQ(first.step, 2);
  EXPECT_EQ(last.epoch, 2);
  EXPECT_GT(last.pixels.size(), 30);
  EXPECT_TRUE(torch::equal(first.pixels.rows, last.pixels.rows));
  EXPECT_TRUE(torch::equal(first.pixels.columns, last.pixels.columns));
  EXPECT_TRUE(torch::equal(first.pixels.images, last.pixels.images));
  EXPECT_FALSE(torch::allclose(first.pixels.tangents, last.pixels.tangents));
  EXPECT_EQ(last.prototypes.tangents.size(0), 10);
  // The last ones are what the finished network says.
  const Hierarchy tree(config.hierarchy);
  LabelDecoder decoder = build_decoder(config, tree);
  const SegmentationDataset data(config.data, tree, "val");
  const auto now = sample_pixel_embeddings({trainer.model(), decoder, config, tree}, data, {70, 0, 0});
  EXPECT_TRUE(torch::allclose(now.value().tangents, last.pixels.tangents, 1e-5, 1e-6));
}

}  // namespace gyroseg::embedding_snapshot_test
