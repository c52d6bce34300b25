#pragma once

#include <cstdint>
#include <vector>

namespace gyroseg {

/// The finaliser of SplitMix64: each bit of the result depends on every bit of `z`.
[[nodiscard]] inline std::uint64_t mix_bits(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

/// A small generator whose stream is the same on every machine and compiler (the distributions of
/// <random> are not). Not for cryptography.
///
///   Source   SplitMix64: Steele, Lea & Flood, "Fast splittable pseudorandom number generators",
///   2014
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  /// The generator of one sample in one epoch: streams of different triples are unrelated.
  [[nodiscard]] static Random of(std::uint64_t seed, std::int64_t epoch, std::int64_t index);

  /// The next 64 bits.
  std::uint64_t next() { return mix_bits(state_ += 0x9E3779B97F4A7C15ULL); }
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [low, high); low where low == high.
  double uniform(double low, double high);
  /// Uniform in [0, count) without bias. Throws c10::ValueError unless count > 0.
  std::int64_t below(std::int64_t count);

 private:
  std::uint64_t state_;
};

/// A permutation of [0, count): the order of the samples in an epoch, a function of its arguments
/// only.
[[nodiscard]] std::vector<std::int64_t> epoch_order(std::int64_t count, std::uint64_t seed,
                                                    std::int64_t epoch);

}  // namespace gyroseg
