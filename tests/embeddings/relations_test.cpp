#include "gyroseg/embeddings/relations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/embeddings/taxonomy.h"

namespace gyroseg::relations_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RelationsTest : public ::testing::Test {
 protected:
  RelationsTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("relations_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~RelationsTest() override { std::filesystem::remove_all(folder_); }

  RelationGraph read(const std::string& text, const std::string& name = "a.csv") {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return read_relations(folder_ / name);
  }

  /// What follows the file's name in the message.
  std::string error(const std::string& text, const std::string& name = "a.csv") {
    try {
      (void)transitive_reduction(read(text, name));
    } catch (const std::runtime_error& problem) {
      const std::string what = problem.what(), file = (folder_ / name).string();
      EXPECT_EQ(what.substr(0, file.size()), file);
      return what.substr(std::min(file.size(), what.size()));
    }
    return "";
  }

  std::filesystem::path folder_;
};

TEST_F(RelationsTest, CsvInItsOrder) {
  const RelationGraph graph =
      read("\xef\xbb\xbfid1,id2,weight\r\ncat,mammal,1\r\n\r\n\"a, b\" ,cat,2.5\n");
  EXPECT_THAT(graph.names, ElementsAre("cat", "mammal", "a, b"));
  ASSERT_EQ(graph.relations.size(), 2);
  EXPECT_EQ(graph.relations[1].from, 2);
  EXPECT_EQ(graph.relations[1].to, 0);
  EXPECT_EQ(graph.relations[1].weight, 2.5);
  EXPECT_EQ(graph.relations[1].line, 4);
  EXPECT_THAT(related_nodes(graph.relations, 3)[0], ElementsAre(1));
  EXPECT_EQ(read("id1,id2\na,b\n").relations[0].weight, 1);
}

TEST_F(RelationsTest, ErrorsNameTheLine) {
  EXPECT_EQ(error("a,b\n"), ":1: expected a header id1,id2 or id1,id2,weight, got a,b");
  EXPECT_EQ(error("id1,id2\na,b,1\n"), ":2: expected 2 columns as in the header, got 3");
  EXPECT_EQ(error("id1,id2\na,b\n\na\n"), ":4: expected 2 columns as in the header, got 1");
  EXPECT_EQ(error("id1,id2\n,b\n"), ":2: column 1: expected a name, got nothing");
  EXPECT_EQ(error("id1,id2\na,a\n"), ":2: a is related to itself");
  EXPECT_EQ(error("id1,id2\na,b\nb,c\na,b\n"), ":4: the relation a,b stands twice, first in line 2");
  for (const char* weight : {"0", "-1", "nan", "1x", ""}) {
    EXPECT_THAT(error("id1,id2,weight\na,b," + std::string(weight) + "\n"),
                HasSubstr(":2: column 3: expected a weight, a number > 0, got \"" +
                          std::string(weight)));
  }
  EXPECT_THAT(error(""), HasSubstr("the file is empty"));
  EXPECT_THAT(error("# nothing\n"), HasSubstr("found nothing"));
  EXPECT_THAT(error("id1,id2\n"), HasSubstr("found no relation"));
  EXPECT_THAT(error("id1,id2\na,b\n", "a.txt"), HasSubstr("expected a file .csv"));
  EXPECT_THROW((void)read_relations(folder_ / "none.csv"), DataError);
  EXPECT_THROW((void)read_relations(folder_), DataError);
}

TEST_F(RelationsTest, CyclesAreNamed) {
  EXPECT_EQ(error("id1,id2\nx,a\na,b\nb,c\nc,a\n"),
            ":5: expected relations from node to ancestor without cycles, got a -> b -> c -> a");
}

TEST_F(RelationsTest, NestedNames) {
  const RelationGraph graph = read("root:\n  sky: {}\n  body: {head: {}, arm: {head: {}}}\n", "t.yaml");
  const Taxonomy tree = transitive_reduction(graph);
  EXPECT_THAT(graph.names, ::testing::UnorderedElementsAre("sky", "body", "arm", "body/head", "body/arm/head"));
  for (const Relation& r : graph.relations) EXPECT_EQ(tree.parents[r.from], r.to);
  EXPECT_EQ(graph.relations.size(), 3);
  EXPECT_EQ(read("{\"a\": {\"b\": {}}}", "t.json").relations.size(), 1);
  EXPECT_THAT(error("a: {b: [1, 2]}\n", "t.yaml"), HasSubstr(":1: "));
  EXPECT_THAT(error("a: {b: {}, b: {}}\n", "t.yaml"), HasSubstr(":1: "));
  EXPECT_THAT(error("- a\n", "t.yaml"), HasSubstr("expected nested maps of names"));
  EXPECT_THAT(error("a:\nb:\n", "t.yaml"), HasSubstr("two levels"));
}

// b is between a and c; the file states the closure, c before b.
TEST_F(RelationsTest, ReductionUndoesTheClosure) {
  const RelationGraph graph = read("id1,id2\na,c\na,b\nb,c\nd,c\n");  // a c b d
  const Taxonomy tree = transitive_reduction(graph);
  EXPECT_THAT(tree.parents, ElementsAre(2, -1, 1, 1));
  EXPECT_THAT(tree.notes, IsEmpty());
  EXPECT_THAT(tree_neighbours(tree)[2], ::testing::UnorderedElementsAre(0, 1));
  const torch::Tensor h = tree_distances(tree)(0, 4);
  EXPECT_EQ(h[0][3].item<double>(), 3);
  EXPECT_EQ(h[0][1].item<double>(), 2);
  EXPECT_EQ(tree_distances(tree)(2, 3)[0][3].item<double>(), 2);
  EXPECT_TRUE(torch::equal(h, h.t()));
}

TEST_F(RelationsTest, ClosureOfEdges) {
  const RelationGraph graph = read("id1,id2,weight\na,b,3\nb,c,1\nc,d,1\n");
  const std::vector<Relation> closure = transitive_closure(graph);
  ASSERT_EQ(closure.size(), 6);
  EXPECT_THAT(related_nodes(closure, 4)[0], ElementsAre(1, 2, 3));
  EXPECT_EQ(closure[0].weight, 3);
  EXPECT_EQ(closure[1].weight, 1);
}

TEST_F(RelationsTest, SecondParentsAreLeftOutAloud) {
  const RelationGraph graph = read("id1,id2\nx,p\nx,top\np,top\nq,top\nx,q\n");
  const Taxonomy tree = transitive_reduction(graph);
  EXPECT_EQ(tree.parents[0], 1);  // p
  EXPECT_THAT(tree.notes, ElementsAre("x has 2 parents: kept the first in the file, p (line 2); "
                                      "left out q (line 6)"));
}

TEST_F(RelationsTest, SeveralTopsMeetInAnUnnamedRoot) {
  const Taxonomy tree = transitive_reduction(read("id1,id2\na,s\nb,t\n"));  // a s b t
  EXPECT_THAT(tree.notes, ElementsAre(HasSubstr("2 nodes have no parent (s, t)")));
  EXPECT_EQ(tree_distances(tree)(0, 4)[0][2].item<double>(), 4);
  EXPECT_EQ(tree_links(tree).size(), 5);
  EXPECT_THAT(tree_neighbours(tree)[1], ElementsAre(0));
}

}  // namespace gyroseg::relations_test
