#include <algorithm>
#include <cmath>

#include "gyroseg/data/figures_paint.h"

namespace gyroseg {
namespace {

// Half-widths in body heights.
constexpr float kShoulderWidth = 0.052F;
constexpr float kElbowWidth = 0.048F;
constexpr float kWristWidth = 0.044F;
constexpr float kHandWidth = 0.048F;
constexpr float kHipWidth = 0.068F;
constexpr float kKneeWidth = 0.059F;
constexpr float kAnkleWidth = 0.049F;
constexpr float kFootWidth = 0.042F;
constexpr float kNeckWidth = 0.04F;

// Of two pieces at about one depth the first of this order is behind: neck, thigh, trunk, the rest.
constexpr float kNeckBias = -0.08F;
constexpr float kThighBias = -0.06F;
constexpr float kTrunkBias = -0.03F;

Vec2 seen(Vec3 v) { return {v.x, v.y}; }

/// Half-width, across a unit direction of the image, of an ellipsoid about the axes of a frame.
float half_width(const Frame& frame, float across, float deep, float tall, Vec2 direction) {
  const auto along = [&](Vec3 axis) { return axis.x * direction.x + axis.y * direction.y; };
  const float a = across * along(frame.right);
  const float b = deep * along(frame.forward);
  const float c = tall * along(frame.down);
  return std::sqrt(a * a + b * b + c * c);
}

/// The unit vector of the image along a direction of the body; down where it points at the viewer.
Vec2 image_axis(Vec3 v) {
  const float length = std::sqrt(v.x * v.x + v.y * v.y);
  return length > 0.05F ? Vec2{v.x / length, v.y / length} : Vec2{0, 1};
}

Piece limb_piece(Vec3 from, Vec3 to, float from_width, float to_width, FigurePart part,
                 const Wardrobe& wardrobe) {
  Piece piece;
  piece.tube = {.from = seen(from),
                .to = seen(to),
                .from_width = wardrobe.build * from_width,
                .to_width = wardrobe.build * to_width,
                .cap = 1,
                .axis = {0, 1}};
  piece.depth = 0.5F * (from.z + to.z);
  piece.part = part;
  piece.bare = wardrobe.skin;
  return piece;
}

Piece trunk_piece(const Skeleton& body, const Wardrobe& wardrobe) {
  const Frame& chest = body.chest;
  const Vec3 top = body.neck + 0.04F * chest.down;
  const Vec3 bottom = body.pelvis + 0.01F * chest.down;
  const Vec2 axis = image_axis(chest.down);
  const Vec2 across{-axis.y, axis.x};
  Piece piece = limb_piece(top, bottom, 1, 1, FigurePart::kTorso, wardrobe);
  piece.tube.from_width = wardrobe.build * half_width(chest, kChestAcross, kChestDepth, 0, across);
  piece.tube.to_width =
      wardrobe.build * half_width(chest, 0.9F * kChestAcross, kChestDepth, 0, across);
  piece.tube.cap = 0.45F;
  piece.tube.axis = axis;
  piece.depth += kTrunkBias;
  piece.cover = wardrobe.top;
  piece.covered = 2;
  return piece;
}

Piece head_piece(const Skeleton& body, const Wardrobe& wardrobe) {
  const Vec2 axis = image_axis(body.head.down);
  const float wide =
      half_width(body.head, kHeadAcross, kHeadDepth, kHeadTall, {-axis.y, axis.x});
  const float tall = half_width(body.head, kHeadAcross, kHeadDepth, kHeadTall, axis);
  Piece piece = limb_piece(body.head_centre, body.head_centre, 1, 1, FigurePart::kHead, wardrobe);
  piece.tube.from_width = wide;
  piece.tube.to_width = wide;
  piece.tube.cap = tall / wide;
  piece.tube.axis = axis;
  return piece;
}

void add_arm(const Limb& arm, const Wardrobe& wardrobe, std::vector<Piece>& pieces) {
  Piece upper = limb_piece(arm.root, arm.middle, kShoulderWidth, kElbowWidth, FigurePart::kUpHand,
                           wardrobe);
  upper.cover = wardrobe.top;
  upper.covered = wardrobe.sleeve >= 1 ? 2 : wardrobe.sleeve;
  Piece fore =
      limb_piece(arm.middle, arm.end, kElbowWidth, kWristWidth, FigurePart::kLowHand, wardrobe);
  fore.cover = wardrobe.top;
  if (wardrobe.sleeve > 1) fore.covered = wardrobe.sleeve - 1;
  Piece hand =
      limb_piece(arm.end, arm.tip, kWristWidth, kHandWidth, FigurePart::kLowHand, wardrobe);
  hand.bare = wardrobe.gloves;
  pieces.insert(pieces.end(), {upper, hand, fore});
}

void add_leg(const Limb& leg, const Wardrobe& wardrobe, std::vector<Piece>& pieces) {
  Piece thigh =
      limb_piece(leg.root, leg.middle, kHipWidth, kKneeWidth, FigurePart::kUpLeg, wardrobe);
  thigh.depth += kThighBias;
  thigh.cover = wardrobe.bottom;
  thigh.covered = wardrobe.trouser >= 1 ? 2 : wardrobe.trouser;
  Piece shin =
      limb_piece(leg.middle, leg.end, kKneeWidth, kAnkleWidth, FigurePart::kLowLeg, wardrobe);
  shin.cover = wardrobe.bottom;
  if (wardrobe.trouser > 1) shin.covered = wardrobe.trouser - 1;
  Piece foot = limb_piece(leg.end, leg.tip, kAnkleWidth, kFootWidth, FigurePart::kLowLeg, wardrobe);
  foot.bare = wardrobe.shoes;
  pieces.insert(pieces.end(), {thigh, foot, shin});
}

}  // namespace

Wardrobe draw_wardrobe(const Scene& scene, FigureRandom& random) {
  Wardrobe wear;
  const Colour skin = draw_skin(random);
  wear.skin = {.first = skin, .second = skin};
  wear.top = scene.draw_material(random);
  wear.bottom = random.chance(0.3F) ? wear.top : scene.draw_material(random);
  wear.shoes = scene.draw_material(random);
  wear.gloves = random.chance(0.12F) ? scene.draw_material(random) : wear.skin;
  if (random.chance(0.12F)) wear.top = wear.skin;
  if (random.chance(0.15F)) wear.shoes = wear.skin;
  const float sleeves[] = {0, random.uniform(0.4F, 1), random.uniform(1.6F, 2.2F)};
  const float trousers[] = {random.uniform(0, 0.3F), random.uniform(0.5F, 1.2F), 2.2F};
  wear.sleeve = sleeves[random.below(3)];
  wear.trouser = trousers[random.below(3)];
  wear.hair = random.chance(0.6F) ? random.uniform(0.05F, 0.5F) * skin : scene.draw_colour(random);
  wear.hairline = random.chance(0.12F) ? 2.0F : random.uniform(-0.1F, 0.45F);
  wear.build = random.uniform(1.1F, 1.3F);
  return wear;
}

std::vector<Piece> dress(const Skeleton& body, const Wardrobe& wardrobe) {
  std::vector<Piece> pieces;
  pieces.reserve(16);
  pieces.push_back(limb_piece(body.neck + 0.03F * body.chest.down, body.head_centre, kNeckWidth,
                              kNeckWidth, FigurePart::kTorso, wardrobe));
  pieces.back().depth += kNeckBias;
  pieces.push_back(trunk_piece(body, wardrobe));
  pieces.push_back(head_piece(body, wardrobe));
  for (const Limb& leg : body.legs) add_leg(leg, wardrobe, pieces);
  for (const Limb& arm : body.arms) add_arm(arm, wardrobe, pieces);
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.depth < b.depth; });
  return pieces;
}

}  // namespace gyroseg
