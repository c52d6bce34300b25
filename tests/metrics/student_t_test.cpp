#include "gyroseg/metrics/student_t.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace gyroseg::student_t_test {

// Student's own pairs (Biometrika 1908): hours of sleep gained by two drugs. Expected values, scipy 1.17.1:
// stats.ttest_rel(a, b), its confidence_interval(0.95), numpy.std(a - b, ddof=1). The interval and
// p = 0.00283 are also those of R's manual page of t.test(extra ~ group, paired = TRUE).
TEST(StudentT, PairedSleepData) {
  const std::vector<double> a = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  const std::vector<double> b = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences.push_back(a[i] - b[i]);
  }
  const SampleMean t = student_t(differences);
  EXPECT_EQ(t.n, 10);
  EXPECT_NEAR(t.mean, -1.58, 1e-12);
  EXPECT_NEAR(t.deviation.value(), 1.2299954832798732, 1e-12);
  EXPECT_NEAR(t.low.value(), -2.459885763276983, 1e-10);
  EXPECT_NEAR(t.high.value(), -0.7001142367230175, 1e-10);
  EXPECT_NEAR(t.p.value(), 0.002832890197384273, 1e-12);
}

// Two degrees of freedom: t is 4.302652729749464 at 97.5 %, so the half interval is 2.484 deviations.
TEST(StudentT, ThreeValuesHaveTheWideInterval) {
  const SampleMean t = student_t({0.61, 0.64, 0.58});
  EXPECT_NEAR(t.mean, 0.61, 1e-15);
  EXPECT_NEAR(t.deviation.value(), 0.03, 1e-15);
  EXPECT_NEAR(t.high.value() - 0.61, 4.302652729749464 * 0.03 / std::sqrt(3.0), 1e-12);
  EXPECT_NEAR(0.61 - t.low.value(), 4.302652729749464 * 0.03 / std::sqrt(3.0), 1e-12);
  // scipy.stats.ttest_1samp([0.61, 0.64, 0.58], 0).pvalue, and confidence_interval(0.9).low
  EXPECT_NEAR(t.p.value(), 0.0008052611693813071, 1e-12);
  EXPECT_NEAR(student_t({0.61, 0.64, 0.58}, 0.9).low.value(), 0.5594243661745885, 1e-10);
}

TEST(StudentT, OneValueHasNoSpread) {
  const SampleMean t = student_t({0.5});
  EXPECT_EQ(t.n, 1);
  EXPECT_EQ(t.mean, 0.5);
  EXPECT_FALSE(t.deviation || t.low || t.high || t.p);
}

// Two equal seeds are chance, or a measure of few values: nothing to be certain of.
TEST(StudentT, WithoutSpreadThereIsNoInterval) {
  EXPECT_EQ(student_t({0, 0, 0}).p, 1);
  for (const std::vector<double>& equal : {std::vector<double>{2, 2}, {0.1 + 0.2, 0.3}}) {
    const SampleMean t = student_t(equal);
    EXPECT_NEAR(t.deviation.value(), 0, 1e-15);
    EXPECT_FALSE(t.low || t.high || t.p);
  }
}

TEST(StudentT, RefusesWhatIsNoSample) {
  EXPECT_THROW((void)student_t({}), c10::ValueError);
  EXPECT_THROW((void)student_t({1, std::nan("")}), c10::ValueError);
  EXPECT_THROW((void)student_t({1, 2}, 1), c10::ValueError);
}

// By hand; R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") gives 0.03 0.06 0.06 0.02.
TEST(Holm, AdjustsInSteps) {
  using ::testing::DoubleEq;
  using ::testing::ElementsAre;
  EXPECT_THAT(holm({0.01, 0.04, 0.03, 0.005}),
              ElementsAre(DoubleEq(0.03), DoubleEq(0.06), DoubleEq(0.06), DoubleEq(0.02)));
  EXPECT_THAT(holm({0.9, 0.8}), ElementsAre(1, 1));
  EXPECT_THAT(holm({}), ElementsAre());
  EXPECT_THROW((void)holm({0.5, 1.5}), c10::ValueError);
}

}  // namespace gyroseg::student_t_test
