#include "gyroseg/data/random.h"

#include <torch/types.h>

#include <numeric>
#include <utility>

namespace gyroseg {

Random Random::of(std::uint64_t seed, std::int64_t epoch, std::int64_t index) {
  // Each number goes through the mixer before the next is added: seed 1, epoch 0 is unlike seed 0,
  // epoch 1.
  Random random(seed);
  random.state_ = random.next() + static_cast<std::uint64_t>(epoch);
  random.state_ = random.next() + static_cast<std::uint64_t>(index);
  random.state_ = random.next();
  return random;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Random::uniform(double low, double high) { return low + (high - low) * uniform(); }

std::int64_t Random::below(std::int64_t count) {
  TORCH_CHECK_VALUE(count > 0, "Random::below: count must be > 0, got ", count);
  const auto bound = static_cast<std::uint64_t>(count);
  const std::uint64_t rejected =
      (0 - bound) % bound;  // 2^64 mod bound: the first values are one too many
  std::uint64_t value = next();
  while (value < rejected) {
    value = next();
  }
  return static_cast<std::int64_t>(value % bound);
}

std::vector<std::int64_t> epoch_order(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
  TORCH_CHECK_VALUE(count >= 0, "epoch_order: count must be >= 0, got ", count);
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  Random random = Random::of(seed, epoch, -1);  // no sample has the index -1
  for (std::int64_t last = count - 1; last > 0; --last) {
    std::swap(order[last], order[random.below(last + 1)]);
  }
  return order;
}

}  // namespace gyroseg
