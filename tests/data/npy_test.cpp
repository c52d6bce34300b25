#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/mask_io.h"
#include "planted_set.h"
#include "python.h"

namespace gyroseg::npy_test {

using testing::data_error;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ScratchFolder;
using ::testing::StartsWith;

using Bytes = std::vector<std::uint8_t>;

/// A file by the letter of the format: magic, version, length of the header, header, pixels.
Bytes npy(int version, std::string header, const Bytes& pixels) {
  Bytes bytes = {0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<std::uint8_t>(version), 0};
  header += '\n';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    bytes.push_back(static_cast<std::uint8_t>(header.size() >> 8 * i));
  }
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), pixels.begin(), pixels.end());
  return bytes;
}

std::string header(const std::string& dtype, const std::string& order = "False",
                   const std::string& shape = "(2, 3)") {
  return "{'descr': '" + dtype + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

torch::Tensor ints(std::vector<std::int64_t> values, std::int64_t rows = 2) {
  return torch::tensor(values, torch::kInt64).to(torch::kInt32).reshape({rows, -1});
}

class Npy : public ::testing::Test {
 protected:
  torch::Tensor read(const Bytes& bytes) {
    write_bytes(folder_ / "m.npy", bytes);
    const RawMask mask = read_mask(folder_ / "m.npy");
    EXPECT_FALSE(mask.colors.defined());
    return mask.values;
  }
  std::string error(const Bytes& bytes) {
    return data_error([&] { static_cast<void>(read(bytes)); });
  }

  ScratchFolder folder_;
};

TEST_F(Npy, EveryVersionByHand) {
  for (const int version : {1, 2, 3}) {
    const torch::Tensor values = read(npy(version, header("|u1"), {0, 1, 2, 3, 4, 255}));
    EXPECT_EQ(values.scalar_type(), torch::kInt32);
    EXPECT_TRUE(torch::equal(values, ints({0, 1, 2, 3, 4, 255}))) << version;
  }
}

TEST_F(Npy, EveryTypeByHand) {
  EXPECT_TRUE(torch::equal(read(npy(1, header("|i1"), {0, 1, 2, 3, 127, 255})),
                           ints({0, 1, 2, 3, 127, -1})));
  EXPECT_TRUE(torch::equal(read(npy(1, header("|b1"), {0, 1, 1, 0, 0, 1})),
                           ints({0, 1, 1, 0, 0, 1})));
  EXPECT_TRUE(torch::equal(read(npy(1, header("<u2", "False", "(1, 2)"), {1, 2, 255, 255})),
                           ints({513, 65535}, 1)));
  EXPECT_TRUE(torch::equal(read(npy(1, header("<i2", "False", "(1, 2)"), {1, 2, 255, 255})),
                           ints({513, -1}, 1)));
  EXPECT_TRUE(torch::equal(
      read(npy(1, header("<i4", "False", "(2, 1)"), {1, 2, 3, 4, 254, 255, 255, 255})),
      ints({0x04030201, -2})));
  EXPECT_TRUE(torch::equal(read(npy(1, header("<u4", "False", "(1, 1)"), {7, 0, 0, 0})),
                           ints({7}, 1)));
  for (const char* dtype : {"<i8", "<u8"}) {
    EXPECT_TRUE(torch::equal(
        read(npy(1, header(dtype, "False", "(1, 1)"), {6, 1, 0, 0, 0, 0, 0, 0})), ints({262}, 1)));
  }
}

TEST_F(Npy, FortranOrderGoesDownTheColumns) {
  EXPECT_TRUE(torch::equal(read(npy(1, header("|u1", "True"), {0, 3, 1, 4, 2, 5})),
                           ints({0, 1, 2, 3, 4, 5})));
}

TEST_F(Npy, HeadersInOtherHandwriting) {
  const Bytes pixels = {0, 1, 2, 3, 4, 5};
  for (const char* text : {"{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"|u1\"}",
                           "{'descr' : '|u1','fortran_order' :False , 'shape':( 2L , 3L ,)}    "}) {
    EXPECT_TRUE(torch::equal(read(npy(1, text, pixels)), ints({0, 1, 2, 3, 4, 5}))) << text;
  }
}

TEST_F(Npy, SaysWhatItCannotTake) {
  EXPECT_THAT(error(npy(1, header("<f4"), Bytes(24))),
              AllOf(StartsWith((folder_ / "m.npy").string()),
                    HasSubstr("expected little-endian integers, found floating point (<f4)"),
                    HasSubstr("mask.astype('uint8')")));
  EXPECT_THAT(error(npy(1, header(">i2"), Bytes(12))), HasSubstr("big-endian numbers (>i2)"));
  EXPECT_THAT(error(npy(1, header("|O"), Bytes(12))), HasSubstr("pickled objects"));
  EXPECT_THAT(error(npy(1, "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2, 3)}",
                        Bytes(24))),
              HasSubstr("expected an array of integers, found a structured"));
  EXPECT_THAT(error(npy(1, header("|u1", "False", "(2, 3, 1)"), Bytes(6))),
              HasSubstr("expected a mask of shape (height, width), found (2, 3, 1)"));
  EXPECT_THAT(error(npy(1, header("|u1", "False", "(6,)"), Bytes(6))), HasSubstr("found (6,)"));
  EXPECT_THAT(error(npy(1, header("|u1", "False", "()"), Bytes(1))), HasSubstr("found ()"));
  EXPECT_THAT(error(npy(1, header("|u1", "False", "(0, 3)"), Bytes(1))),
              HasSubstr("at least one pixel"));
  EXPECT_THAT(error(npy(1, header("|u1", "Maybe"), Bytes(6))), HasSubstr("no fortran_order"));
  EXPECT_THAT(error(npy(4, header("|u1"), Bytes(6))), HasSubstr("of version 1, 2 or 3, found 4"));
  EXPECT_THAT(error(npy(2, header("|u1") + std::string(20000, ' '), Bytes(6))),
              HasSubstr("damaged .npy file: a header of 20"));
  EXPECT_THAT(error(npy(1, header("|u1"), Bytes(7))),
              HasSubstr("expected 6 bytes behind the header of shape (2, 3), found 7"));
}

TEST_F(Npy, NamesThePixelOfAValueThatNoMaskHolds) {
  Bytes pixels(6 * 8, 0);
  pixels[4 * 8 + 4] = 1;  // 2^32, the fifth in memory
  EXPECT_THAT(error(npy(1, header("<i8"), pixels)),
              HasSubstr("pixel (x 1, y 1): expected a mask value, found 4294967296"));
  EXPECT_THAT(error(npy(1, header("<i8", "True"), pixels)), HasSubstr("pixel (x 2, y 0)"));
}

TEST_F(Npy, RefusesEveryTruncation) {
  const Bytes whole = npy(2, header("<i2"), Bytes(12, 1));
  EXPECT_EQ(error(whole), "");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(error({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}),
                HasSubstr(size < 6 ? "expected a PNG or .npy mask" : "truncated .npy")) << size;
  }
}

TEST_F(Npy, ReadsWhatNumpyWrites) {
  if (!testing::python_has("numpy")) {
    GTEST_SKIP() << "no Python with numpy";
  }
  // values[y][x] = 10 y + x, but for -1 where the type has a sign, in each type, order and version.
  const std::string script =
      "import sys, numpy as np\n"
      "m = 10 * np.arange(5)[:, None] + np.arange(7)\n"
      "for kind in 'u1 u2 u4 u8 i1 i2 i4 i8'.split():\n"
      "  a = m.astype(kind)\n"
      "  if kind[0] == 'i': a[3, 2] = -1\n"
      "  for order in 'CF':\n"
      "    for version in (1, 2, 3):\n"
      "      with open(f'{sys.argv[1]}/{kind}_{order}_{version}.npy', 'wb') as f:\n"
      "        np.lib.format.write_array(f, np.asarray(a, order=order), (version, 0))\n"
      "np.save(f'{sys.argv[1]}/saved.npy', m)\n"
      "np.save(f'{sys.argv[1]}/sliced.npy', m[::2, ::-1])\n";
  ASSERT_EQ(testing::run_python(script, folder_.path().string()), 0);
  const torch::Tensor plain =
      (10 * torch::arange(5).unsqueeze(1) + torch::arange(7)).to(torch::kInt32);
  torch::Tensor marked = plain.clone();
  marked[3][2] = -1;
  int count = 0;
  for (const char* kind : {"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"}) {
    for (const char* order : {"C", "F"}) {
      for (const char* version : {"1", "2", "3"}) {
        const std::string name = std::string(kind) + "_" + order + "_" + version + ".npy";
        EXPECT_TRUE(torch::equal(read_mask(folder_ / name).values, kind[0] == 'i' ? marked : plain))
            << name;
        ++count;
      }
    }
  }
  EXPECT_EQ(count, 48);
  EXPECT_TRUE(torch::equal(read_mask(folder_ / "saved.npy").values, plain));
  EXPECT_TRUE(torch::equal(read_mask(folder_ / "sliced.npy").values,
                           plain.slice(0, 0, 5, 2).flip(1)));
}

}  // namespace gyroseg::npy_test
