#include "gyroseg/report/latex.h"

#include <gtest/gtest.h>

namespace gyroseg::latex_test {

TEST(Latex, CommandsBecomeLetters) {
  EXPECT_EQ(latex_escaped("poincare_c1 & 95 % #2 $x^2$ {a} ~b \\c"),
            "poincare\\_c1 \\& 95 \\% \\#2 \\$x\\textasciicircum{}2\\$ \\{a\\} "
            "\\textasciitilde{}b \\textbackslash{}c");
  EXPECT_EQ(latex_escaped("p < 0.05 > 0"), "p $<$ 0.05 $>$ 0");
  EXPECT_EQ(latex_escaped("plain text"), "plain text");
}

}  // namespace gyroseg::latex_test
