#pragma once

#include <array>

#include "gyroseg/data/figures_random.h"

namespace gyroseg {

/// A point or direction: x to the right of the image, y down, z towards the viewer.
struct Vec3 {
  float x = 0;
  float y = 0;
  float z = 0;
};

[[nodiscard]] inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
[[nodiscard]] inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
[[nodiscard]] inline Vec3 operator*(float s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
[[nodiscard]] inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

/// The axes of a body segment as the viewer sees them, orthonormal.
struct Frame {
  Vec3 right{1, 0, 0};
  Vec3 down{0, 1, 0};
  Vec3 forward{0, 0, 1};
};

/// One arm or leg: root (shoulder, hip), middle (elbow, knee), end (wrist, ankle), tip (fingers,
/// toes).
struct Limb {
  Vec3 root;
  Vec3 middle;
  Vec3 end;
  Vec3 tip;
};

/// A posed person. Lengths in body heights: upright it is 1 from crown to sole; the pelvis is at 0.
struct Skeleton {
  Frame chest;
  Frame head;
  Vec3 pelvis;
  Vec3 neck;         ///< where the neck leaves the trunk
  Vec3 head_centre;
  std::array<Limb, 2> arms;  ///< left, right
  std::array<Limb, 2> legs;
};

/// Half-axes of chest and head, in body heights: across (ear to ear), front to back, and for the
/// head chin to crown.
inline constexpr float kChestAcross = 0.115F;
inline constexpr float kChestDepth = 0.085F;
inline constexpr float kHeadAcross = 0.082F;
inline constexpr float kHeadDepth = 0.086F;
inline constexpr float kHeadTall = 0.097F;

/// Poses a person at random: a family (standing, walking, running, sitting, squatting, kneeling,
/// waving, arms up, arms out, hands on hips, dancing), joint angles within the family's ranges,
/// which lie within human limits, seen from any side and slightly from above or below.
[[nodiscard]] Skeleton draw_pose(FigureRandom& random);

}  // namespace gyroseg
