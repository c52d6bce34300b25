#include "gyroseg/report/published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "gyroseg/data/image_io.h"
#include "support/tiny_run.h"

namespace gyroseg::published_test {

using ::testing::HasSubstr;

const std::string kHeader =
    "source,table_or_page,dataset,split,model,loss,level,metric,value,unit\n";

class Published : public ::testing::Test {
 protected:
  Published() : folder_("published") {}

  std::vector<PublishedFigure> read(const std::string& text) {
    std::ofstream(file()) << text;
    return read_published(file());
  }
  std::string message(const std::string& text) {
    try {
      (void)read(text);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }
  /// The message of one bad line behind the header.
  std::string of_line(const std::string& line) { return message(kHeader + line + "\n"); }
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "p.csv"; }

  TemporaryFolder folder_;
};

TEST_F(Published, ReadsFiguresAsPrinted) {
  const auto figures = read("# a comment\r\n" + kHeader +
                            "seed 001,\"README, Results\",Pascal-Part,test,\"a \"\"b\"\"\",,1,miou,0.40,share\n"
                            "\n"
                            "x,p. 3,not stated,val,m,focal,leaf,miou_without_background,,percent\n"
                            "x,p. 3,d,val,m,,,parameters,24.7,millions\n"
                            "x,p. 3,d,val,m,,2,other:cousin accuracy,-1.5,points\n");
  ASSERT_EQ(figures.size(), 4U);
  EXPECT_EQ(figures[0].table_or_page, "README, Results");
  EXPECT_EQ(figures[0].model, "a \"b\"");
  EXPECT_EQ(figures[0].loss, "");
  EXPECT_EQ(figures[0].value, 0.4);
  EXPECT_EQ(figures[0].decimals, 2);
  EXPECT_EQ(figures[0].place, file().string() + ":3");
  EXPECT_EQ(figures[1].value, std::nullopt);
  EXPECT_EQ(figures[2].value, 24.7);
  EXPECT_EQ(figures[3].value, -1.5);
  EXPECT_TRUE(read(kHeader).empty());
}

TEST_F(Published, EveryMistakeHasItsPlace) {
  const std::string at = file().string() + ":2: ";
  const auto expect = [&](const std::string& line, const std::string& what) {
    EXPECT_EQ(of_line(line), at + what) << line;
  };
  expect("s,t,d,v,m,,1,miu,4,percent",
         "metric: expected miou | miou_without_background | pixel_accuracy | mean_class_accuracy | ece | "
         "parameters | images_per_second | other:NAME, found miu; did you mean miou?");
  expect("s,t,d,v,m,,1,miou,4", "expected 10 cells, found 9");
  expect(",t,d,v,m,,1,miou,4,percent", "source: expected text, found nothing");
  expect("s,t,d,,m,,1,miou,4,percent", "split: expected text, found nothing; write: not stated");
  expect("s,t,d,v,m,,1,miou,1.5,share",
         "value: expected a number from 0 to 1 in the unit share, found 1.5");
  expect("s,t,d,v,m,,1,miou,100.1,percent",
         "value: expected a number from 0 to 100 in the unit percent, found 100.1");
  for (const std::string value : {"40%", "1e2", "nan", "4 0", "inf", "--4", "~40"}) {
    expect("s,t,d,v,m,,1,miou," + value + ",percent",
           "value: expected a number as 44.5, or nothing, found " + value);
  }
  expect("s,t,d,v,m,,1,miou,4,points", "unit: expected share | percent for miou, found points");
  expect("s,t,d,v,m,,,parameters,4,percent",
         "unit: expected count | millions for parameters, found percent");
  expect("s,t,d,v,m,,,miou,4,percent",
         "level: expected 1 to 9 or leaf for miou, found nothing");
  expect("s,t,d,v,m,,0,miou,4,percent", "level: expected 1 to 9, leaf or nothing, found 0");
  expect("s,t,d,v,m,,1,parameters,4,count", "level: expected nothing for parameters, found 1");
  expect("s,\"t,d,v,m,,1,miou,4,percent",
         "the quote before t,d,v,m,,1,miou,4,percent does not close");
  expect("s,\"t\" x,d,v,m,,1,miou,4,percent",
         "expected a comma behind the quoted cell \"t\", got  x");
}

TEST_F(Published, AllMistakesAreToldAtOnceAndNumbersOnlyOnce) {
  const std::string line = "s,t,d,v,m,,1,miou,40,percent\n";
  const std::string text = message(kHeader + line + "s,t,d,v,m,,1,miou,0.4,share\n,t,d,v,m,,1,miou,4,x\n");
  EXPECT_EQ(text, file().string() + ":3: value: a second number of what " + file().string() +
                      ":2 gives\n" + file().string() + ":4: source: expected text, found nothing\n" +
                      file().string() + ":4: unit: expected share | percent for miou, found x");
}

TEST_F(Published, TheHeaderIsExpected) {
  EXPECT_THAT(message("source,value\nx,1\n"), HasSubstr(":1: expected the header source,table_or_page"));
  EXPECT_THAT(message("# only a comment\n"), HasSubstr("found none"));
  EXPECT_THROW((void)read_published(folder_.path() / "none.csv"), DataError);
}

}  // namespace gyroseg::published_test
