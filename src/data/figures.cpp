#include "gyroseg/data/figures.h"

#include <algorithm>

#include "gyroseg/data/figures_paint.h"

namespace gyroseg {
namespace {

struct Person {
  Skeleton body;
  Wardrobe wardrobe;
  std::vector<Piece> pieces;
  Vec2 pelvis;
  float height = 1;
};

struct Box {
  Vec2 low{1e9F, 1e9F};
  Vec2 high{-1e9F, -1e9F};
};

Box bounds(const std::vector<Piece>& pieces) {
  Box box;
  for (const Piece& piece : pieces) {
    const Tube& tube = piece.tube;
    const float reach = std::max(tube.from_width, tube.to_width) * std::max(1.0F, tube.cap);
    for (const Vec2 end : {tube.from, tube.to}) {
      box.low = {std::min(box.low.x, end.x - reach), std::min(box.low.y, end.y - reach)};
      box.high = {std::max(box.high.x, end.x + reach), std::max(box.high.y, end.y + reach)};
    }
  }
  return box;
}

/// A place for `low .. high` inside [-slack, 1 + slack] near `wanted`, both ends about the pelvis.
float place(float wanted, float low, float high, float slack) {
  return std::clamp(wanted, -slack - low, std::max(-slack - low, 1 + slack - high));
}

/// Person i of n: the larger, the nearer to the lower edge, and the more to the front.
Person draw_person(const Scene& scene, FigureRandom random, int i, int n) {
  constexpr float kSmallest[] = {0.8F, 0.72F, 0.65F};
  constexpr float kLargest[] = {1.02F, 0.95F, 0.85F};
  Person person;
  person.body = draw_pose(random);
  person.wardrobe = draw_wardrobe(scene, random);
  person.pieces = dress(person.body, person.wardrobe);
  const Box box = bounds(person.pieces);
  const float wide = box.high.x - box.low.x;
  const float tall = box.high.y - box.low.y;
  // A sitting person may be enlarged to fill the picture, but not to a giant.
  const float target = random.uniform(kSmallest[n - 1], kLargest[n - 1]);
  person.height = std::min(target / std::max(tall, 0.72F), 1.0F / wide);
  const float h = person.height;
  const float slot = (static_cast<float>(i) + random.uniform(0.2F, 0.8F)) / static_cast<float>(n);
  const float ground = random.uniform(0.85F, 1.02F);
  const float middle = 0.5F * (box.low.x + box.high.x);
  person.pelvis.x = place(slot - h * middle, h * box.low.x, h * box.high.x, 0.04F);
  person.pelvis.y = place(ground - h * box.high.y, h * box.low.y, h * box.high.y, 0.02F);
  return person;
}

int draw_count(FigureRandom& random) {
  const float ticket = random.uniform();
  return ticket < 0.6F ? 1 : ticket < 0.9F ? 2 : 3;
}

}  // namespace

Figure draw_figure(const FiguresOptions& options, const std::string& split, std::int64_t index) {
  TORCH_CHECK_VALUE(options.size >= 16 && options.size <= 1024,
                    "draw_figure: size must be in [16, 1024], got ", options.size);
  TORCH_CHECK_VALUE(index >= 0, "draw_figure: index must be >= 0, got ", index);
  FigureRandom random =
      FigureRandom(options.seed).fork(split).fork(static_cast<std::uint64_t>(index));
  const Scene scene = draw_scene(random.fork("scene"));
  Canvas canvas(options.size);
  paint_background(canvas, scene, random.fork("background"));

  const int count = draw_count(random);
  std::vector<Person> people;
  for (int i = 0; i < count; ++i) {
    people.push_back(draw_person(scene, random.fork(static_cast<std::uint64_t>(i)), i, count));
  }
  std::stable_sort(people.begin(), people.end(),
                   [](const Person& a, const Person& b) { return a.height < b.height; });
  for (const Person& person : people) {
    paint_person(canvas, scene, person.body, person.wardrobe, person.pieces, person.pelvis,
                 person.height);
  }
  return finish(canvas, scene.light, random.fork("sensor"));
}

std::vector<Rgb> figures_palette() {
  return {{0, 0, 0},     {230, 159, 0}, {86, 180, 233}, {0, 114, 178},
          {240, 228, 66}, {0, 158, 115}, {213, 94, 0}};
}

}  // namespace gyroseg
