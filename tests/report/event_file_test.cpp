// What TensorBoard itself makes of these files: tests/python/event_files_test.py.
#include "gyroseg/report/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/report/projector.h"
#include "support/tiny_run.h"
#include "support/value_error.h"

namespace gyroseg::event_file_test {

using ::testing::HasSubstr;

// RFC 3720, B.4, whose bytes are little endian; and the check value of the CRC catalogue.
TEST(Crc32c, KnownAnswers) {
  std::string ascending;
  for (int i = 0; i < 32; ++i) {
    ascending += static_cast<char>(i);
  }
  const std::string descending(ascending.rbegin(), ascending.rend());
  std::string scsi_read(48, '\0');
  for (const auto& [place, value] :
       std::vector<std::pair<int, int>>{{0, 0x01}, {1, 0xC0}, {16, 0x14}, {22, 0x04}, {27, 0x14},
                                        {31, 0x18}, {32, 0x28}, {40, 0x02}}) {
    scsi_read[place] = static_cast<char>(value);
  }
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(ascending), 0x46DD794EU);
  EXPECT_EQ(crc32c(descending), 0x113FDB5CU);
  EXPECT_EQ(crc32c(scsi_read), 0xD9963A56U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

// Files opened within one second: no one is written over, and names sort by age.
TEST(EventFile, NewFilesSortAfterOldOnes) {
  const TemporaryFolder folder("event_files");
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 3; ++i) {
    EventFile file(folder.path() / "events", 1);
    file.scalars(i, {{"loss", i}});
    file.flush();
    files.push_back(file.path());
  }
  EXPECT_LT(files[0].filename(), files[1].filename());
  EXPECT_LT(files[1].filename(), files[2].filename());
  EXPECT_EQ(read_bytes(files[0]).size(), read_bytes(files[2]).size());
}

// A record by hand: length 0x18, its masked checksum, then wall time, step and file version.
TEST(EventFile, BeginsWithTheVersion) {
  const TemporaryFolder folder("event_version");
  const EventFile file(folder.path(), 300);
  const std::vector<std::uint8_t> bytes = read_bytes(file.path());
  const std::string text(bytes.begin(), bytes.end());
  const std::string length("\x1B\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(text.substr(0, 8), length);
  const std::string event = text.substr(12, 0x1B);
  EXPECT_EQ(event[0], '\x09');  // field 1, eight bytes
  EXPECT_EQ(event.substr(9), std::string("\x10\xAC\x02\x1A\x0D") + "brain.Event:2");
}

TEST(EventFile, AFolderThatCannotBeMade) {
  const TemporaryFolder folder("event_error");
  std::ofstream(folder.path() / "file") << "x";
  try {
    const EventFile file(folder.path() / "file" / "events", 1);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder.path() / "file" / "events").string()));
  }
}

TEST(Projector, SpriteIsRowsOfThumbnails) {
  const TemporaryFolder folder("sprite");
  ProjectorPoints points{"p", torch::rand({5, 3}), {"a", "b"}, {}, {}};
  std::vector<torch::Tensor> tiles;
  for (int i = 0; i < 5; ++i) {
    points.rows.push_back({std::to_string(i), "tab\tand\nline"});
    tiles.push_back(torch::full({4, 4, 3}, 10 * (i + 1), torch::kUInt8));
  }
  points.thumbnails = torch::stack(tiles);
  write_projector(folder.path(), points);
  const torch::Tensor sprite = read_image(folder.path() / "sprite.png");
  EXPECT_EQ(sprite.sizes(), torch::IntArrayRef({12, 12, 3}));
  for (int i = 0; i < 9; ++i) {
    const torch::Tensor tile =
        sprite.slice(0, i / 3 * 4, i / 3 * 4 + 4).slice(1, i % 3 * 4, i % 3 * 4 + 4);
    EXPECT_TRUE(tile.eq(i < 5 ? 10 * (i + 1) : 0).all().item<bool>()) << i;
  }
  const std::vector<std::uint8_t> table = read_bytes(folder.path() / "metadata.tsv");
  EXPECT_THAT(std::string(table.begin(), table.end()), HasSubstr("a\tb\n0\ttab and line\n1\t"));
}

TEST(Projector, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder("projector_errors");
  const ProjectorPoints right{"p", torch::rand({1, 3}), {"a", "b"}, {{"x", "y"}},
                              torch::zeros({1, 4, 4, 3}, torch::kUInt8)};
  const auto refused = [&](auto change, const std::string& part) {
    ProjectorPoints points = right;
    change(points);
    testing::expect_value_error([&] { write_projector(folder.path(), points); }, part);
  };
  refused([](auto& p) { p.points = torch::rand({0, 3}); }, "[0, 3]");
  refused([](auto& p) { p.columns = {"a"}; }, "two or more columns, got 1");
  refused([](auto& p) { p.rows = {}; }, "expected 1 rows, got 0");
  refused([](auto& p) { p.rows = {{"x"}}; }, "2 cells a row, got 1");
  refused([](auto& p) { p.thumbnails = torch::zeros({1, 4, 5, 3}, torch::kUInt8); }, "[1, 4, 5, 3]");
  refused([](auto& p) { p.thumbnails = torch::zeros({1, 8193, 8193, 3}, torch::kUInt8); }, "8192");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace gyroseg::event_file_test
