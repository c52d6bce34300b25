#pragma once

/// The loops of this folder are compiled once for each level of x86-64 (AVX-512, AVX2, baseline) and
/// the loader picks at run time: a binary built on one machine is fast on another. What such a
/// function calls in its loops must be GYROSEG_INLINE, or it is compiled for the baseline only.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define GYROSEG_EVERY_ISA \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GYROSEG_EVERY_ISA
#endif
#define GYROSEG_INLINE inline __attribute__((always_inline))
