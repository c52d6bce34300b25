#pragma once

#include "gyroseg/data/figures_canvas.h"
#include "gyroseg/data/figures_pose.h"
#include "gyroseg/data/figures_scene.h"

namespace gyroseg {

/// What a person wears and looks like. Sleeves and trouser legs may end anywhere, trousers may be
/// of the shirt's cloth, and cloth may have the colour of skin or of the wall behind.
struct Wardrobe {
  Material skin;
  Material top;
  Material bottom;
  Material shoes;
  Material gloves;
  Colour hair;
  float sleeve = 0;       ///< share of the arm covered: 0 bare, 1 to the elbow, 2 to the wrist
  float trouser = 0;      ///< share of the leg covered, likewise
  float hairline = 0;     ///< cosine from the pole of the hair; above 1 is bald
  float build = 1;        ///< factor on every width
};

[[nodiscard]] Wardrobe draw_wardrobe(const Scene& scene, FigureRandom& random);

/// One part of a dressed body, in body heights about the pelvis.
struct Piece {
  Tube tube;
  float depth = 0;  ///< larger is nearer to the viewer
  FigurePart part = FigurePart::kTorso;
  Material bare;
  Material cover;
  /// `cover` is worn from the cap at `from` up to this share of the length; -1e9 is not at all.
  float covered = -1e9F;
};

/// The pieces of a posed person, farthest first; the head is the one of part kHead.
[[nodiscard]] std::vector<Piece> dress(const Skeleton& body, const Wardrobe& wardrobe);

/// Paints the pieces of a person scaled to `height` with the pelvis at `pelvis`, farthest first,
/// each with a contact shadow on what lies behind it.
void paint_person(Canvas& canvas, const Scene& scene, const Skeleton& body,
                  const Wardrobe& wardrobe, const std::vector<Piece>& pieces, Vec2 pelvis,
                  float height);

/// Light, blur and sensor noise; rounds to bytes.
[[nodiscard]] Figure finish(const Canvas& canvas, const Light& light, FigureRandom random);

}  // namespace gyroseg
