#include "gyroseg/data/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "gyroseg/data/figures_canvas.h"
#include "gyroseg/data/figures_pose.h"
#include "gyroseg/data/figures_random.h"
#include "gyroseg/data/parallel.h"

namespace gyroseg::figures_test {

bool same(const Figure& a, const Figure& b) {
  return torch::equal(a.image, b.image) && torch::equal(a.mask, b.mask);
}

std::vector<Figure> draw_many(int size, const std::string& split, int count) {
  std::vector<Figure> figures;
  for (int i = 0; i < count; ++i) figures.push_back(draw_figure({size, 0}, split, i));
  return figures;
}

std::size_t id(FigurePart part) { return static_cast<std::size_t>(part); }

// Reference values of SplitMix64 with seed 1234567, from Rosetta Code ("Pseudo-random
// numbers/Splitmix64"), which took them from the authors' C code.
TEST(FigureRandom, IsSplitMix64) {
  FigureRandom random(1234567);
  EXPECT_EQ(random.bits(), 6457827717110365317ULL);
  EXPECT_EQ(random.bits(), 3203168211198807973ULL);
  EXPECT_EQ(random.bits(), 9817491932198370423ULL);
  EXPECT_EQ(random.bits(), 4593380528125082431ULL);
}

TEST(FigureRandom, ForkDependsOnKeyAndTagOnly) {
  FigureRandom used(5);
  FigureRandom forked = FigureRandom(5).fork("a");
  FigureRandom other = FigureRandom(5).fork("b");
  (void)used.bits();
  const std::uint64_t first = forked.bits();
  EXPECT_EQ(used.fork("a").bits(), first);
  EXPECT_NE(other.bits(), first);
}

TEST(FigureRandom, NormalHasMeanZeroAndVarianceOne) {
  FigureRandom random(1);
  constexpr int kDraws = 100000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  // Five standard errors: 1/sqrt(n) of the mean, below sqrt(2/n) of the variance.
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
}

TEST(TubeMap, DistanceOfACapsuleIsThatToItsAxisLessTheRadius) {
  const TubeMap map({.from = {0, 0}, .to = {3, 4}, .from_width = 0.5F, .to_width = 0.5F, .cap = 1});
  // (1.5, 2) is the middle; (-0.8, 0.6) is the unit normal of the axis, (0.6, 0.8) its direction.
  const TubePoint side = map.locate({1.5F - 0.8F * 2, 2 + 0.6F * 2});
  EXPECT_NEAR(side.distance, 1.5, 1e-5);  // float arithmetic on numbers near 5
  EXPECT_NEAR(side.along, 0.5, 1e-5);
  EXPECT_NEAR(std::abs(side.across), 4, 1e-5);
  const TubePoint end = map.locate({3 + 0.6F, 4 + 0.8F});
  EXPECT_NEAR(end.distance, 0.5, 1e-5);
  EXPECT_NEAR(end.slope.x, 2 * 0.6, 1e-5);
  EXPECT_NEAR(end.slope.y, 2 * 0.8, 1e-5);
}

TEST(Canvas, MaskIsTheMajorityAndATieGoesToTheCentre) {
  Canvas canvas(1);
  // The single pixel's 3 x 3 samples in the order of painting, by a tube that covers everything.
  const Tube all{.from = {0.5F, 0.5F}, .to = {0.5F, 0.5F}, .from_width = 9, .to_width = 9};
  const auto set = [&](const std::array<int, 9>& ids) {
    std::size_t next = 0;
    canvas.paint(all, 0, [&](Vec2, Colour&, std::uint8_t& at) {
      at = static_cast<std::uint8_t>(ids[next++]);
    });
    return next;
  };
  ASSERT_EQ(set({1, 1, 1, 1, 2, 1, 0, 0, 0}), 9U);
  EXPECT_EQ(canvas.pixel_id(0, 0), 1);
  set({1, 1, 1, 1, 2, 2, 2, 2, 0});
  EXPECT_EQ(canvas.pixel_id(0, 0), 2);
  set({2, 2, 2, 2, 1, 1, 1, 1, 0});
  EXPECT_EQ(canvas.pixel_id(0, 0), 1);
}

double length(Vec3 v) { return std::sqrt(dot(v, v)); }

TEST(Pose, BonesKeepTheirLengthAndJointsTheirLimits) {
  FigureRandom random(3);
  for (int i = 0; i < 1000; ++i) {
    const Skeleton body = draw_pose(random);
    for (const auto& limbs : {body.arms, body.legs}) {
      for (const Limb& limb : limbs) {
        const Vec3 upper = limb.middle - limb.root;
        const Vec3 lower = limb.end - limb.middle;
        // Rotations in float keep a length to about 1e-6; the two sides are one person.
        EXPECT_NEAR(length(upper), length(limbs[0].middle - limbs[0].root), 1e-5);
        EXPECT_NEAR(length(lower), length(limbs[0].end - limbs[0].middle), 1e-5);
        // Elbow and knee of a person fold to about 145 degrees from straight.
        EXPECT_GT(dot(upper, lower) / (length(upper) * length(lower)), std::cos(145 * 0.0174533));
      }
    }
    // Upright: the head is above the pelvis however the trunk leans.
    EXPECT_LT(body.head_centre.y, body.pelvis.y);
  }
}

TEST(DrawFigure, IsAFunctionOfItsArguments) {
  for (const std::int64_t i : {0, 7, 100000}) {
    EXPECT_TRUE(same(draw_figure({64, 9}, "val", i), draw_figure({64, 9}, "val", i)));
  }
}

TEST(DrawFigure, DoesNotDependOnOrderOrThreads) {
  constexpr int kCount = 24;
  const std::vector<Figure> one_by_one = draw_many(32, "train", kCount);
  std::vector<Figure> threaded(kCount);
  for_each_index(kCount, 3, [&](std::int64_t i) {
    threaded[static_cast<std::size_t>(kCount - 1 - i)] =
        draw_figure({32, 0}, "train", kCount - 1 - i);
  });
  for (int i = 0; i < kCount; ++i) EXPECT_TRUE(same(one_by_one[i], threaded[i])) << i;
}

TEST(DrawFigure, SplitsSeedsAndIndicesDiffer) {
  const Figure base = draw_figure({32, 0}, "train", 0);
  EXPECT_FALSE(torch::equal(base.image, draw_figure({32, 0}, "val", 0).image));
  EXPECT_FALSE(torch::equal(base.image, draw_figure({32, 0}, "test", 0).image));
  EXPECT_FALSE(torch::equal(base.image, draw_figure({32, 1}, "train", 0).image));
  EXPECT_FALSE(torch::equal(base.image, draw_figure({32, 0}, "train", 1).image));
}

TEST(DrawFigure, ShapesAndTypesAtEverySize) {
  for (const int size : {16, 33, 64, 130}) {
    const Figure figure = draw_figure({size, 0}, "train", 4);
    EXPECT_EQ(figure.image.sizes(), (std::vector<std::int64_t>{size, size, 3}));
    EXPECT_EQ(figure.mask.sizes(), (std::vector<std::int64_t>{size, size}));
    EXPECT_EQ(figure.image.scalar_type(), torch::kUInt8);
    EXPECT_EQ(figure.mask.scalar_type(), torch::kUInt8);
    EXPECT_LT(figure.mask.max().item<int>(), kFigureParts);
  }
}

TEST(DrawFigure, RefusesArgumentsOutOfRange) {
  EXPECT_THROW((void)draw_figure({15, 0}, "train", 0), c10::ValueError);
  EXPECT_THROW((void)draw_figure({1025, 0}, "train", 0), c10::ValueError);
  EXPECT_THROW((void)draw_figure({64, 0}, "train", -1), c10::ValueError);
}

// The scene does not depend on the size: halving a mask of twice the size changes outlines only.
// People of 64 x 64 have outlines of some 150 pixels of 4096, of which rounding moves a part.
TEST(DrawFigure, SizeChangesTheResolutionOnly) {
  double agreeing = 0;
  constexpr int kCount = 20;
  for (int i = 0; i < kCount; ++i) {
    const auto small = draw_figure({64, 0}, "train", i).mask;
    const auto large = draw_figure({128, 0}, "train", i).mask;
    using torch::indexing::None;
    using torch::indexing::Slice;
    const auto halved = large.index({Slice(0, None, 2), Slice(0, None, 2)});
    agreeing += small.eq(halved).to(torch::kFloat64).mean().item<double>() / kCount;
  }
  EXPECT_GT(agreeing, 0.94);
  EXPECT_LT(agreeing, 1.0);
}

TEST(DrawFigure, EveryPartAppearsWithModerateImbalance) {
  auto counts = torch::zeros({kFigureParts}, torch::kInt64);
  constexpr int kCount = 50;
  constexpr int kSize = 64;
  for (const Figure& figure : draw_many(kSize, "train", kCount)) {
    counts += torch::bincount(figure.mask.flatten().to(torch::kInt64), {}, kFigureParts);
    EXPECT_LT(figure.mask.eq(0).to(torch::kFloat64).mean().item<double>(), 0.97);
  }
  ASSERT_EQ(counts.numel(), kFigureParts);  // an id beyond the parts would lengthen it
  const auto share = counts.to(torch::kFloat64) / (kCount * kSize * kSize);
  EXPECT_LT(share[0].item<double>(), 0.85);
  // A hundredth of the pixels: the rarest part is at most 85 times rarer than the background.
  EXPECT_GT(share.min().item<double>(), 0.01);
}

/// touches[a][b]: pairs of neighbouring pixels, one of part a, the other of b.
using Touches = std::array<std::array<std::int64_t, kFigureParts>, kFigureParts>;

Touches count_touches(const std::vector<Figure>& figures) {
  Touches touches{};
  for (const Figure& figure : figures) {
    const auto mask = figure.mask.accessor<std::uint8_t, 2>();
    for (std::int64_t row = 0; row + 1 < mask.size(0); ++row) {
      for (std::int64_t column = 0; column + 1 < mask.size(1); ++column) {
        const auto here = mask[row][column];
        for (const auto there : {mask[row + 1][column], mask[row][column + 1]}) {
          if (here == there) continue;
          ++touches[here][there];
          ++touches[there][here];
        }
      }
    }
  }
  return touches;
}

TEST(DrawFigure, PartsTouchTheirAnatomicalNeighbours) {
  const Touches touches = count_touches(draw_many(64, "train", 100));
  const auto most_touched = [&](FigurePart part) {
    auto row = touches[id(part)];
    row[0] = 0;  // everything borders the background most
    return static_cast<FigurePart>(std::max_element(row.begin(), row.end()) - row.begin());
  };
  EXPECT_EQ(most_touched(FigurePart::kHead), FigurePart::kTorso);
  EXPECT_EQ(most_touched(FigurePart::kLowLeg), FigurePart::kUpLeg);
  EXPECT_EQ(most_touched(FigurePart::kUpHand), FigurePart::kTorso);
  const auto& thigh = touches[id(FigurePart::kUpLeg)];
  EXPECT_GT(thigh[id(FigurePart::kTorso)], thigh[id(FigurePart::kUpHand)]);
  EXPECT_GT(thigh[id(FigurePart::kTorso)], 10 * thigh[id(FigurePart::kHead)]);
}

// A head fits into a disc of radius kHeadTall body heights; of three people each is drawn at most
// 0.85 / 0.72 high, the largest total of 1, 2 or 3 (figures.cpp).
TEST(DrawFigure, HeadsAreNeverLargerThanHeads) {
  const double radius = kHeadTall * 0.85 / 0.72;
  const double bound = 3 * 3.14159 * radius * radius;
  for (const Figure& figure : draw_many(64, "train", 100)) {
    const auto heads = figure.mask.eq(static_cast<int>(FigurePart::kHead));
    EXPECT_LT(heads.to(torch::kFloat64).mean().item<double>(), bound);
  }
}

/// Pixels of 8 x 8 x 8 colours by part.
torch::Tensor colour_histogram(const std::vector<Figure>& figures) {
  auto histogram = torch::zeros({512 * kFigureParts}, torch::kInt64);
  for (const Figure& figure : figures) {
    const auto bins = figure.image.to(torch::kInt64).div(32, "floor").reshape({-1, 3});
    const auto bin = bins.select(1, 0) * 64 + bins.select(1, 1) * 8 + bins.select(1, 2);
    const auto part = figure.mask.to(torch::kInt64).flatten();
    histogram += torch::bincount(bin * kFigureParts + part, {}, 512 * kFigureParts);
  }
  return histogram.reshape({512, kFigureParts});
}

// What a network of 1 x 1 convolutions can know of a pixel is its colour, so the best it can do is
// this table from colours to parts (at 512 colours). With the demo's square-root class weights and
// without any, it must stay below half of the leaf mIoU of 0.40 that the demo asks of a network
// with context.
TEST(DrawFigure, ColourDoesNotGiveThePartAway) {
  const auto known = colour_histogram(draw_many(64, "train", 150)).to(torch::kFloat64) + 1e-3;
  const auto fresh = colour_histogram(draw_many(64, "test", 150));
  for (const bool weighted : {false, true}) {
    const auto scores = weighted ? known / known.sum(0).sqrt() : known;
    const auto guess = scores.argmax(1);
    auto confusion = torch::zeros({kFigureParts, kFigureParts}, torch::kInt64);
    confusion.index_add_(0, guess, fresh);
    const auto hit = confusion.diag().to(torch::kFloat64);
    const auto iou = hit / (confusion.sum(0) + confusion.sum(1) - confusion.diag());
    EXPECT_LT(iou.mean().item<double>(), 0.20) << iou;
    RecordProperty(weighted ? "weighted" : "plain", std::to_string(iou.mean().item<double>()));
  }
}

TEST(FiguresPalette, HasADistinctColourForEveryPart) {
  std::vector<Rgb> palette = figures_palette();
  ASSERT_EQ(palette.size(), static_cast<std::size_t>(kFigureParts));
  EXPECT_EQ(palette[0], (Rgb{0, 0, 0}));
  std::sort(palette.begin(), palette.end());
  EXPECT_EQ(std::adjacent_find(palette.begin(), palette.end()), palette.end());
}

}  // namespace gyroseg::figures_test
