#pragma once

#include <cstdint>
#include <string_view>

#include "gyroseg/data/random.h"

namespace gyroseg {

/// The random numbers of the drawn set, in float and exact on every machine.
///
///   Laws  1  the sequence is a function of the key only
///         2  fork(tag) depends on the key and the tag, not on how much was drawn before: a change
///            to how the background is drawn leaves the people as they are
class FigureRandom {
 public:
  explicit FigureRandom(std::uint64_t key) : key_(key), stream_(key) {}

  [[nodiscard]] std::uint64_t bits() { return stream_.next(); }

  /// In [0, 1), a multiple of 2^-24: exact in float.
  [[nodiscard]] float uniform() { return static_cast<float>(bits() >> 40U) * 0x1p-24F; }
  [[nodiscard]] float uniform(float low, float high) { return low + (high - low) * uniform(); }

  /// In [0, count), count >= 1.
  [[nodiscard]] int below(int count) {
    return static_cast<int>((bits() >> 32U) * static_cast<std::uint64_t>(count) >> 32U);
  }
  [[nodiscard]] bool chance(float probability) { return uniform() < probability; }

  /// Mean 0, variance 1, within +-3.5: the sum of four uniforms, scaled (no logarithm, so exact).
  [[nodiscard]] float normal() {
    const std::uint64_t b = bits();
    const auto sum = static_cast<float>((b & 0xFFFFU) + (b >> 16U & 0xFFFFU) +
                                        (b >> 32U & 0xFFFFU) + (b >> 48U));
    return (sum * 0x1p-16F - 2.0F) * 1.7320508F;
  }

  [[nodiscard]] FigureRandom fork(std::string_view tag) const {
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
    for (const char letter : tag) {
      hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3ULL;
    }
    return fork(hash);
  }
  [[nodiscard]] FigureRandom fork(std::uint64_t tag) const {
    return FigureRandom(mix_bits(key_ ^ mix_bits(tag + 0x632BE59BD9B4E019ULL)));
  }

 private:
  std::uint64_t key_;
  Random stream_;
};

}  // namespace gyroseg
