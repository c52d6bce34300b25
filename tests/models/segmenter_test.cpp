#include "gyroseg/models/segmenter.h"

#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <map>
#include <string>
#include <tuple>

#include "gyroseg/models/memory_format.h"
#include "gyroseg/models/weights.h"
#include "module_checks.h"

namespace gyroseg::segmenter_test {

using ::testing::ElementsAre;
using torch::Tensor;

constexpr int kLeaves = 11;
constexpr int kNodes = 16;

/// The peer's set-up unless a test says otherwise.
struct NetSetup {
  ModelConfig model;
  EmbeddingConfig embedding{.space = "euclidean", .dim = 16, .curvature = 1.0};
  ClassifierConfig classifier;
  bool with_embedding = false;

  NetSetup() { model.auxiliary_weight = 0; }

  Segmenter make() const {
    torch::manual_seed(3);
    return Segmenter(model, embedding, classifier,
                     SegmenterShape{kLeaves, kNodes, with_embedding});
  }
};

NetSetup embedded(const std::string& space) {
  NetSetup setup;
  setup.embedding.space = space;
  setup.classifier.input = "embedding";
  setup.model.auxiliary_weight = 0.4;
  return setup;
}

TEST(Segmenter, HasThePeersParameterCount) {
  // sum(p.numel() for p in Net(Basic, (2, 2, 2, 2), 11).parameters()) in
  // ../shared/peers/step_torch.py
  EXPECT_EQ(count_parameters(*NetSetup().make()), 12'336'059);
  NetSetup setup;
  setup.model.encoder = "resnet50";
  EXPECT_EQ(count_parameters(*setup.make()), 26'693'563);  // Net(Bott, (3, 4, 6, 3), 11)
}

TEST(Segmenter, ShapesAtASizeThatNoStrideDivides) {
  const Tensor images = torch::rand({2, 3, 46, 60});
  NetSetup setup;
  setup.with_embedding = true;
  setup.model.auxiliary_weight = 0.4;
  Segmenter net = setup.make();
  Prediction prediction = net->forward(images);
  EXPECT_THAT(prediction.logits.sizes(), ElementsAre(2, kLeaves, 12, 15));
  EXPECT_THAT(prediction.embedding.sizes(), ElementsAre(2, 16, 3, 4));  // C5, HSSN's choice
  EXPECT_THAT(prediction.auxiliary.sizes(), ElementsAre(2, kLeaves, 3, 4));
  net->eval();
  EXPECT_FALSE(net->forward(images).auxiliary.defined());

  setup = embedded("poincare");
  setup.classifier.nodes = "all";
  prediction = setup.make()->forward(images);
  EXPECT_THAT(prediction.logits.sizes(), ElementsAre(2, kNodes, 12, 15));
  EXPECT_THAT(prediction.embedding.sizes(), ElementsAre(2, 16, 12, 15));

  setup.model.projection_input = "encoder";
  prediction = setup.make()->forward(images);
  EXPECT_THAT(prediction.logits.sizes(), ElementsAre(2, kNodes, 3, 4));
}

TEST(Segmenter, BuildsOnlyWhatIsRead) {
  const Prediction prediction = NetSetup().make()->forward(torch::rand({2, 3, 32, 32}));
  EXPECT_FALSE(prediction.embedding.defined());
  EXPECT_FALSE(prediction.auxiliary.defined());
  std::vector<std::string> parts;
  for (const auto& child : embedded("euclidean").make()->named_children()) {
    parts.push_back(child.key());
  }
  EXPECT_THAT(parts, ElementsAre("encoder", "decoder", "projection", "classifier", "auxiliary"));
}

TEST(Segmenter, SpacesDifferInGeometryOnly) {
  Segmenter euclidean = embedded("euclidean").make();
  Segmenter poincare = embedded("poincare").make();
  const auto ours = state_of(*euclidean);
  const auto theirs = state_of(*poincare);
  ASSERT_EQ(ours.size(), theirs.size());
  for (const auto& [name, value] : ours) {
    ASSERT_TRUE(theirs.contains(name)) << name;
    EXPECT_EQ(value.sizes(), theirs.at(name).sizes()) << name;
  }
  EXPECT_EQ(count_parameters(*euclidean), count_parameters(*poincare));
}

TEST(Segmenter, GradientsReachEveryParameter) {
  std::map<std::string, NetSetup> setups = {{"features", NetSetup()},
                                            {"euclidean", embedded("euclidean")},
                                            {"sphere", embedded("sphere")},
                                            {"poincare", embedded("poincare")},
                                            {"lorentz", embedded("lorentz")}};
  setups["learned c"] = embedded("poincare");
  setups["learned c"].embedding.learn_curvature = true;
  setups["hssn"].with_embedding = true;
  setups["linear"] = embedded("poincare");
  setups["linear"].model.projection = "linear";
  setups["from C5"] = embedded("euclidean");
  setups["from C5"].model.projection_input = "encoder";
  setups["unet"].model.decoder = "unet";
  setups["unet, transposed"] = setups["unet"];
  setups["unet, transposed"].model.upsample = "transposed";
  setups["unet, transposed"].model.output_stride = 8;
  setups["segnet"].model.decoder = "segnet";
  setups["conv_relu"].model.auxiliary_weight = 0.4;
  setups["conv_relu"].model.auxiliary_head = "conv_relu";
  for (const auto& [name, setup] : setups) {
    Segmenter net = setup.make();
    const Prediction prediction = net->forward(torch::rand({2, 3, 40, 56}));
    Tensor loss = prediction.logits.square().mean();
    if (prediction.embedding.defined()) loss = loss + prediction.embedding.square().mean();
    if (prediction.auxiliary.defined()) loss = loss + prediction.auxiliary.square().mean();
    loss.backward();
    for (const auto& parameter : net->named_parameters()) {
      const Tensor& grad = parameter.value().grad();
      ASSERT_TRUE(grad.defined()) << name << ": " << parameter.key();
      EXPECT_TRUE(grad.isfinite().all().item<bool>()) << name << ": " << parameter.key();
      EXPECT_GT(grad.abs().max().item<double>(), 0) << name << ": " << parameter.key();
    }
  }
}

TEST(Segmenter, TheSeedDecidesTheWeights) {
  const auto first = state_of(*embedded("poincare").make());
  const auto second = state_of(*embedded("poincare").make());
  for (const auto& [name, value] : first) EXPECT_TRUE(value.equal(second.at(name))) << name;
}

TEST(Segmenter, OneImageTrains) {
  const Prediction prediction = embedded("poincare").make()->forward(torch::rand({1, 3, 32, 32}));
  EXPECT_TRUE(prediction.logits.isfinite().all().item<bool>());
}

TEST(Segmenter, RefusesWhatItCannotBuild) {
  const auto broken = [](auto change) {
    NetSetup setup = embedded("euclidean");
    setup.model.encoder = "pointwise";
    change(setup);
    EXPECT_THROW((void)setup.make(), c10::ValueError);
  };
  broken([](NetSetup& s) { s.model.encoder = "vgg"; });
  broken([](NetSetup& s) { s.model.decoder = "fcn"; });
  broken([](NetSetup& s) { s.model.projection = "mlp"; });
  broken([](NetSetup& s) { s.model.auxiliary_head = "psp"; });
  broken([](NetSetup& s) { s.model.projection_input = "both"; });
  broken([](NetSetup& s) { s.classifier.input = "pixels"; });
  broken([](NetSetup& s) { s.classifier.nodes = "inner"; });
  broken([](NetSetup& s) { s.embedding.dim = 1; });
  Segmenter net = NetSetup().make();
  EXPECT_THROW((void)net->forward(torch::rand({3, 32, 32})), c10::ValueError);
  EXPECT_THROW((void)net->forward(torch::rand({1, 4, 32, 32})), c10::ValueError);
  EXPECT_THROW((void)net->forward(torch::zeros({1, 3, 32, 32}, torch::kUInt8)), c10::ValueError);
}

/// Calls of operators whose names are given, while this object lives, on this thread.
class OperatorCount {
 public:
  OperatorCount() {
    counts().clear();
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction& f)
                                       -> std::unique_ptr<at::ObserverContext> {
          ++counts()[f.name()];
          return nullptr;
        }).scopes({at::RecordScope::FUNCTION}));
  }
  OperatorCount(const OperatorCount&) = delete;
  OperatorCount& operator=(const OperatorCount&) = delete;
  ~OperatorCount() { at::removeCallback(handle_); }

  int operator[](const std::string& name) const {
    const auto found = counts().find(name);
    return found == counts().end() ? 0 : found->second;
  }

 private:
  static std::map<std::string, int>& counts() {
    static std::map<std::string, int> calls;
    return calls;
  }
  at::CallbackHandle handle_;
};

TEST(Segmenter, ChannelsLastStaysThroughTheNet) {
  at::set_num_threads(2);  // with one thread torch's own interpolation copies inside
  NetSetup setup;
  setup.with_embedding = true;
  setup.model.auxiliary_weight = 0.4;
  Segmenter net = setup.make();
  use_channels_last(*net);
  const auto format = at::MemoryFormat::ChannelsLast;
  const Tensor images = torch::rand({2, 3, 64, 64}).contiguous(format);
  Prediction prediction;
  {
    const OperatorCount count;
    prediction = net->forward(images);
    ASSERT_GT(count["aten::conv2d"], 20);
    // The one clone lays the image's mean out beside the other branches.
    EXPECT_EQ(count["aten::clone"], 1);
    // That of the clone, and a scalar inside aten::mean.
    EXPECT_EQ(count["aten::copy_"], 2);
  }
  EXPECT_TRUE(prediction.embedding.is_contiguous(format));
  EXPECT_TRUE(prediction.auxiliary.is_contiguous(format));
  net->eval();
  for (const Tensor& stage : net->encoder().forward(images)) {
    EXPECT_TRUE(stage.is_contiguous(format));
  }
}

TEST(Segmenter, ChannelsLastStaysThroughEveryDecoder) {
  at::set_num_threads(2);
  const auto format = at::MemoryFormat::ChannelsLast;
  const Tensor images = torch::rand({2, 3, 64, 64}).contiguous(format);
  for (const auto& [encoder, decoder, upsample] :
       {std::tuple{"resnet18", "unet", "nearest"}, std::tuple{"resnet18", "unet", "bilinear"},
        std::tuple{"convnet", "unet", "transposed"}, std::tuple{"convnet", "segnet", "nearest"}}) {
    NetSetup setup;
    setup.model.encoder = encoder;
    setup.model.encoder_channels = {8, 16, 32};
    setup.model.decoder = decoder;
    setup.model.upsample = upsample;
    Segmenter net = setup.make();
    use_channels_last(*net);
    Prediction prediction;
    {
      const OperatorCount count;
      prediction = net->forward(images);
      EXPECT_EQ(count["aten::clone"], 0) << decoder << " " << upsample;
    }
    EXPECT_TRUE(prediction.logits.is_contiguous(format)) << decoder << " " << upsample;
    const Tensor plain = setup.make()->forward(images.contiguous()).logits;
    // The same float32 sums in another order, through 25 layers and batch norms of few values.
    EXPECT_LT(relative_error(prediction.logits, plain), 1e-3) << decoder << " " << upsample;
  }
}

// Seed 000's head: 1 x 1 convolution without bias, batch norm, ReLU on 256 channels of C4.
TEST(Segmenter, TheAuxiliaryHeadMayBeOneBlock) {
  NetSetup setup;
  const std::int64_t without = count_parameters(*setup.make());
  setup.model.auxiliary_weight = 0.4;
  setup.model.auxiliary_head = "conv_relu";
  Segmenter net = setup.make();
  EXPECT_EQ(count_parameters(*net) - without, 256 * kLeaves + 2 * kLeaves);
  net->compute_in(torch::kBFloat16);
  const Tensor logits = net->forward(torch::rand({2, 3, 46, 60})).auxiliary;
  EXPECT_THAT(logits.sizes(), ElementsAre(2, kLeaves, 3, 4));
  EXPECT_EQ(logits.min().item<double>(), 0);
  EXPECT_EQ(logits.scalar_type(), torch::kFloat32);
  EXPECT_FALSE(logits.to(torch::kBFloat16).to(torch::kFloat32).equal(logits));
}

TEST(MemoryFormat, KeepsValuesAndNames) {
  Segmenter net = NetSetup().make();
  std::map<std::string, Tensor> before;
  for (const auto& [name, value] : state_of(*net)) before.emplace(name, value.clone());
  use_channels_last(*net);
  const auto after = state_of(*net);
  ASSERT_EQ(after.size(), before.size());
  for (const auto& [name, value] : before) EXPECT_TRUE(value.equal(after.at(name))) << name;
  EXPECT_TRUE(after.at("encoder.conv1.weight").is_contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace gyroseg::segmenter_test
