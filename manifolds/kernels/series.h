#pragma once

namespace gyroseg::detail {

// Taylor coefficients where closed forms cancel, the constant term first, with the bound below which
// they are used. At the bound the last term is below 1e-16 of the sum unless said otherwise.

/// psi(u) = (1/sqrt(1+u) - phi)/u; term k is (-1)^k (2k)!/(4^k k!^2) 2k/(2k+1) (derivations.md). The
/// closed form loses 3 eps/u.
inline constexpr double kPsiBound = 0.05;
inline constexpr double kPsiSeries[] = {-1.0 / 3,           3.0 / 10,           -15.0 / 56,
                                        35.0 / 144,         -315.0 / 1408,      693.0 / 3328,
                                        -1001.0 / 5120,     6435.0 / 34816,     -109395.0 / 622592,
                                        230945.0 / 1376256, -969969.0 / 6029312, 2028117.0 / 13107200};

/// h/c of exp0 in q = c|v|^2 (B12). Five terms reach 1e-14; the closed form loses eps/q.
inline constexpr double kExpBendBound = 0.003;
inline constexpr double kExpBendSeries[] = {-2.0 / 3, 8.0 / 15, -34.0 / 105, 496.0 / 2835,
                                            -2764.0 / 31185};

/// k/c of log0 in q = c|y|^2: term m is 2m/(2m+1) (E).
inline constexpr double kLogBendBound = 0.05;
inline constexpr double kLogBendSeries[] = {2.0 / 3,   4.0 / 5,   6.0 / 7,   8.0 / 9,
                                            10.0 / 11, 12.0 / 13, 14.0 / 15, 16.0 / 17,
                                            18.0 / 19, 20.0 / 21, 22.0 / 23, 24.0 / 25};

/// j(t) = (t cosh t - sinh t)/t^3 in t^2: term k is (2k+2)/(2k+3)!. Used up to t = 2, where the
/// closed form would still lose a digit.
inline constexpr double kCoshRestSeries[] = {1.0 / 3,
                                             1.0 / 30,
                                             1.0 / 840,
                                             1.0 / 45360,
                                             1.0 / 3991680,
                                             1.0 / 518918400,
                                             1.0 / 93405312000,
                                             1.0 / 22230464256000,
                                             1.0 / 6758061133824000,
                                             1.0 / 2554547108585472000,
                                             1.0 / 1175091669949317120000.0};

/// sinh(t)/t in t^2, up to t = 1.
inline constexpr double kSinhcSeries[] = {1.0,           1.0 / 6,        1.0 / 120,
                                          1.0 / 5040,    1.0 / 362880,   1.0 / 39916800,
                                          1.0 / 6227020800.0, 1.0 / 1307674368000.0,
                                          1.0 / 355687428096000.0};

/// kap(u) = (sqrt(1+u) phi - 1)/u: f_k = -f_(k-1) 2(k-1)/(2k+1), f_1 = 1/3 (C). The closed form loses
/// 3 eps/u.
inline constexpr double kKapBound = 0.05;
inline constexpr double kKapSeries[] = {1.0 / 3,           -2.0 / 15,        8.0 / 105,
                                        -16.0 / 315,       128.0 / 3465,     -256.0 / 9009,
                                        1024.0 / 45045,    -2048.0 / 109395, 32768.0 / 2078505,
                                        -65536.0 / 4849845, 262144.0 / 22309287, -524288.0 / 50702925};

}  // namespace gyroseg::detail
