#pragma once

#include <cstdint>
#include <string_view>

namespace gyroseg {

/// The random numbers of the drawn set: SplitMix64 (Steele, Lea, Flood: Fast splittable
/// pseudorandom number generators, 2014). Written out because the std distributions differ between
/// libraries.
///
///   Laws  1  the sequence is a function of the key only
///         2  fork(tag) depends on the key and the tag, not on how much was drawn before: a change
///            to how the background is drawn leaves the people as they are
class FigureRandom {
 public:
  explicit FigureRandom(std::uint64_t key) : key_(key), state_(key) {}

  [[nodiscard]] std::uint64_t bits() {
    state_ += 0x9E3779B97F4A7C15ULL;
    return mix(state_);
  }

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
    return FigureRandom(mix(key_ ^ mix(tag + 0x632BE59BD9B4E019ULL)));
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

  std::uint64_t key_;
  std::uint64_t state_;
};

}  // namespace gyroseg
