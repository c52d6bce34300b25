// What train takes from files at its start, and scripts/fetch_weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "gyroseg/models/resnet.h"
#include "gyroseg/models/weights.h"
#include "support/tiny_run.h"

namespace gyroseg::weights_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kSize = 32;

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

TEST(TrainFromFiles, ReportsWhatItLoadsAndResumesWithoutThem) {
  const TemporaryFolder folder("from_files");
  const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
  draw_split(path("data"), "train", 4, kSize);
  draw_split(path("data"), "val", 2, kSize);
  write_safetensors(path("encoder.safetensors"), {state_of(*make_resnet(18, 16)), {}});
  Config config = tiny_config(path("data"), kSize);
  config.embedding.dim = 2;
  config.classifier.kind = "prototypes";
  config.classifier.prototypes = path("prototypes.csv");
  config.classifier.learn_prototypes = false;
  config.model.pretrained = path("encoder.safetensors");
  std::string csv = "node,x,y\n";
  for (const std::string leaf :
       {"background", "low_hand", "up_hand", "torso", "head", "low_leg", "up_leg"}) {
    csv += leaf + ",0." + std::to_string(csv.size() % 9) + ",0.3\n";
  }
  write_text(path("prototypes.csv"), csv);
  write_text(path("config.yaml"), write_config(config));

  const std::string begin = "--config " + path("config.yaml") + " --output " + path("run");
  const ProgramResult started = run_binary("train", begin + " --stop-after 1");
  ASSERT_EQ(started.status, 0) << started.text;
  EXPECT_THAT(started.text, HasSubstr(path("encoder.safetensors") + ": loaded 120\n"));
  fs::remove(path("encoder.safetensors"));
  fs::remove(path("prototypes.csv"));
  const ProgramResult resumed = run_binary("train", "--resume " + path("run"));
  EXPECT_EQ(resumed.status, 0) << resumed.text;

  const std::string finer = "--config " + path("config.yaml") + " --output " + path("finer") +
                            " --set model.pretrained= --set classifier.prototypes= --set "
                            "classifier.nodes=all --set training.init_from=" + path("run");
  const ProgramResult tuned = run_binary("train", finer);
  EXPECT_EQ(tuned.status, 0) << tuned.text;
  EXPECT_THAT(tuned.text, HasSubstr("mismatched 1: classifier.prototypes (file [7, 2] Float, "
                                    "model [10, 2] Float)"));
}

TEST(FetchWeights, PrintsAddressesAndChecksFilesByName) {
  const std::string script = GYROSEG_SOURCE_DIR "/scripts/fetch_weights ";
  const ProgramResult list = run_shell(script);
  EXPECT_EQ(list.status, 0);
  EXPECT_THAT(list.text, HasSubstr("https://download.pytorch.org/models/resnet101-63fe2227.pth\n"));
  EXPECT_EQ(run_shell(script + "resnet18").text,
            "resnet18   IMAGENET1K_V1  https://download.pytorch.org/models/resnet18-f37072fd.pth\n");
  EXPECT_EQ(run_shell(script + "vgg16").status, 2);

  // sha256("abc") begins with ba7816bf (FIPS 180-4, appendix B.1).
  const TemporaryFolder folder("fetch_weights");
  const std::string good = (folder.path() / "abc-ba7816bf.pth").string();
  const std::string bad = (folder.path() / "abc-ba7816be.pth").string();
  write_text(good, "abc");
  write_text(bad, "abc");
  EXPECT_EQ(run_shell(script + good).text, good + ": ok\n");
  const ProgramResult refused = run_shell(script + good + " " + bad);
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.text, HasSubstr("its SHA-256 begins with ba7816bf, not ba7816be"));
}

}  // namespace gyroseg::weights_test
