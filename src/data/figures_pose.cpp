#include "gyroseg/data/figures_pose.h"

#include <cmath>

namespace gyroseg {
namespace {

struct Range {
  float low;
  float high;
};

struct LegRanges {
  Range flex;    ///< thigh forward of straight down, degrees
  Range abduct;  ///< thigh outwards
  Range knee;    ///< shin backwards of the thigh
};

struct ArmRanges {
  Range flex;    ///< upper arm forward of straight down
  Range abduct;  ///< upper arm outwards
  Range turn;    ///< upper arm about its own axis, inwards positive
  Range elbow;   ///< forearm forward of the upper arm
};

/// Degrees. The leading leg goes with the trailing arm; a coin decides which side leads.
struct PoseFamily {
  float weight;
  Range lean;
  LegRanges lead_leg;
  LegRanges trail_leg;
  ArmRanges lead_arm;
  ArmRanges trail_arm;
};

constexpr LegRanges kStandingLeg{{-6, 12}, {2, 14}, {0, 14}};
constexpr ArmRanges kHangingArm{{-20, 25}, {6, 32}, {-20, 40}, {0, 50}};

constexpr std::array<PoseFamily, 11> kFamilies{{
    // standing
    {2.0F, {-5, 8}, kStandingLeg, kStandingLeg, kHangingArm, kHangingArm},
    // walking
    {2.0F, {0, 10}, {{15, 38}, {0, 6}, {0, 25}}, {{-25, -5}, {0, 6}, {5, 45}},
     {{10, 50}, {4, 18}, {-10, 30}, {10, 70}}, {{-45, -5}, {4, 18}, {-10, 30}, {5, 50}}},
    // running
    {1.5F, {5, 25}, {{40, 90}, {0, 8}, {40, 110}}, {{-30, 0}, {0, 8}, {15, 100}},
     {{20, 70}, {5, 22}, {0, 40}, {60, 115}}, {{-60, -10}, {5, 25}, {0, 30}, {60, 110}}},
    // sitting
    {1.5F, {-8, 25}, {{65, 100}, {2, 22}, {55, 105}}, {{65, 100}, {2, 22}, {55, 105}},
     {{0, 70}, {4, 35}, {-10, 50}, {10, 100}}, {{0, 70}, {4, 35}, {-10, 50}, {10, 100}}},
    // squatting
    {0.8F, {15, 40}, {{90, 125}, {6, 32}, {95, 140}}, {{90, 125}, {6, 32}, {95, 140}},
     {{20, 100}, {4, 40}, {-10, 40}, {0, 90}}, {{20, 100}, {4, 40}, {-10, 40}, {0, 90}}},
    // kneeling on one knee
    {0.8F, {0, 20}, {{75, 100}, {2, 20}, {75, 100}}, {{-8, 10}, {0, 12}, {75, 105}},
     {{0, 80}, {4, 30}, {-10, 50}, {0, 100}}, {{-20, 40}, {4, 30}, {-10, 50}, {0, 80}}},
    // waving
    {1.2F, {-5, 8}, kStandingLeg, kStandingLeg,
     {{0, 30}, {80, 150}, {-90, -40}, {20, 120}}, kHangingArm},
    // arms up
    {1.0F, {-8, 8}, kStandingLeg, {{-20, 20}, {2, 18}, {0, 40}},
     {{130, 178}, {-5, 35}, {-20, 40}, {0, 70}}, {{130, 178}, {-5, 35}, {-20, 40}, {0, 70}}},
    // arms out
    {1.0F, {-5, 10}, {{-10, 20}, {8, 35}, {0, 20}}, {{-10, 20}, {8, 35}, {0, 20}},
     {{-10, 30}, {60, 110}, {-60, 40}, {0, 80}}, {{-10, 30}, {60, 110}, {-60, 40}, {0, 80}}},
    // hands on hips
    {0.8F, {-5, 8}, kStandingLeg, kStandingLeg,
     {{-25, 0}, {35, 55}, {60, 95}, {70, 115}}, {{-25, 0}, {35, 55}, {60, 95}, {70, 115}}},
    // dancing: everything within wide limits
    {1.4F, {-10, 25}, {{-20, 95}, {0, 40}, {0, 110}}, {{-25, 40}, {0, 30}, {0, 80}},
     {{-40, 160}, {0, 100}, {-60, 60}, {0, 130}}, {{-40, 160}, {0, 100}, {-60, 60}, {0, 130}}},
}};

// Lengths in body heights, and how far the joints lie off the middle line.
constexpr float kTrunk = 0.30F;
constexpr float kNeck = 0.025F;
constexpr float kUpperArm = 0.165F;
constexpr float kForearm = 0.145F;
constexpr float kHand = 0.055F;
constexpr float kThigh = 0.24F;
constexpr float kShin = 0.225F;
constexpr float kFoot = 0.085F;
constexpr float kShoulderOut = 0.118F;
constexpr float kShoulderDown = 0.035F;
constexpr float kHipOut = 0.058F;

/// Sine of an angle in degrees by its Taylor series: libm's last bit differs between machines.
float sine(float degrees) {
  degrees -= 360.0F * std::floor((degrees + 180.0F) / 360.0F);
  if (degrees > 90.0F) degrees = 180.0F - degrees;
  if (degrees < -90.0F) degrees = -180.0F - degrees;
  const float x = degrees * 0.017453292F;
  const float q = x * x;
  return x * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72))));
}

float cosine(float degrees) { return sine(degrees + 90.0F); }

/// Flexion: what hangs down goes forward.
Frame flexed(const Frame& f, float degrees) {
  const float c = cosine(degrees);
  const float s = sine(degrees);
  return {f.right, c * f.down + s * f.forward, c * f.forward - s * f.down};
}

/// Abduction: what hangs down goes to the right.
Frame abducted(const Frame& f, float degrees) {
  const float c = cosine(degrees);
  const float s = sine(degrees);
  return {c * f.right - s * f.down, c * f.down + s * f.right, f.forward};
}

/// Rotation about the long axis: what looks forward looks to the right.
Frame turned(const Frame& f, float degrees) {
  const float c = cosine(degrees);
  const float s = sine(degrees);
  return {c * f.right - s * f.forward, f.down, c * f.forward + s * f.right};
}

float draw(FigureRandom& random, Range range) { return random.uniform(range.low, range.high); }

const PoseFamily& draw_family(FigureRandom& random) {
  float total = 0;
  for (const PoseFamily& family : kFamilies) total += family.weight;
  float ticket = random.uniform(0, total);
  for (const PoseFamily& family : kFamilies) {
    ticket -= family.weight;
    if (ticket < 0) return family;
  }
  return kFamilies.back();
}

// The angles below are drawn one statement each: the order of evaluation of arguments is the
// compiler's.

/// side: -1 left, +1 right, in the image of a person who faces the viewer.
Limb draw_arm(FigureRandom& random, const ArmRanges& ranges, const Frame& chest, Vec3 shoulder,
              float side) {
  const float flex = draw(random, ranges.flex);
  const float abduct = draw(random, ranges.abduct);
  const float turn = draw(random, ranges.turn);
  const float elbow = draw(random, ranges.elbow);
  const float wrist = random.uniform(-25, 35);
  const Frame upper = turned(abducted(flexed(chest, flex), side * abduct), -side * turn);
  const Frame fore = flexed(upper, elbow);
  const Frame hand = flexed(fore, wrist);
  Limb arm{.root = shoulder, .middle = {}, .end = {}, .tip = {}};
  arm.middle = arm.root + kUpperArm * upper.down;
  arm.end = arm.middle + kForearm * fore.down;
  arm.tip = arm.end + kHand * hand.down;
  return arm;
}

Limb draw_leg(FigureRandom& random, const LegRanges& ranges, const Frame& pelvis, Vec3 hip,
              float side) {
  const float flex = draw(random, ranges.flex);
  const float abduct = draw(random, ranges.abduct);
  const float turn = random.uniform(-5, 25);
  const float knee = draw(random, ranges.knee);
  const float ankle = random.uniform(65, 95);
  const Frame thigh = abducted(flexed(pelvis, flex), side * abduct);
  const Frame shin = flexed(turned(thigh, side * turn), -knee);
  const Frame foot = flexed(shin, ankle);
  Limb leg{.root = hip, .middle = {}, .end = {}, .tip = {}};
  leg.middle = leg.root + kThigh * thigh.down;
  leg.end = leg.middle + kShin * shin.down;
  leg.tip = leg.end + kFoot * foot.down;
  return leg;
}

/// Pelvis, chest and head: seen from any side and a little from above or below.
Frame draw_trunk(FigureRandom& random, Range lean_range, Skeleton& body) {
  const float pitch = random.uniform(-8, 14);
  const float yaw = random.uniform(-180, 180);
  const float roll = random.uniform(-5, 5);
  const float lean = draw(random, lean_range);
  const float bend = random.uniform(-8, 8);
  const float twist = random.uniform(-15, 15);
  const float nod = random.uniform(-18, 15);
  const float look = random.uniform(-45, 45);
  const float tilt = random.uniform(-14, 14);
  const Frame pelvis = abducted(turned(flexed(Frame{}, pitch), yaw), roll);
  body.chest = turned(abducted(flexed(pelvis, -lean), bend), twist);
  body.head = abducted(turned(flexed(body.chest, nod), look), tilt);
  body.neck = body.pelvis - kTrunk * body.chest.down;
  body.head_centre = body.neck - kNeck * body.chest.down - (0.9F * kHeadTall) * body.head.down;
  return pelvis;
}

}  // namespace

Skeleton draw_pose(FigureRandom& random) {
  const PoseFamily& family = draw_family(random);
  Skeleton body;
  const Frame pelvis = draw_trunk(random, family.lean, body);
  const int lead = random.below(2);
  for (int i = 0; i < 2; ++i) {
    const float side = i == 0 ? -1.0F : 1.0F;
    const bool leads = i == lead;
    const Vec3 shoulder =
        body.neck + kShoulderDown * body.chest.down + (side * kShoulderOut) * body.chest.right;
    const Vec3 hip = body.pelvis + (side * kHipOut) * pelvis.right;
    body.legs[i] = draw_leg(random, leads ? family.lead_leg : family.trail_leg, pelvis, hip, side);
    body.arms[i] =
        draw_arm(random, leads ? family.trail_arm : family.lead_arm, body.chest, shoulder, side);
  }
  return body;
}

}  // namespace gyroseg
