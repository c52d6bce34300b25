#include "gyroseg/models/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace gyroseg::safetensors_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using torch::Tensor;

class Safetensors : public ::testing::Test {
 protected:
  Safetensors()
      : folder_(fs::path(::testing::TempDir()) /
                ("safetensors_" + std::string(::testing::UnitTest::GetInstance()
                                                  ->current_test_info()
                                                  ->name()) +
                 "_" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Safetensors() override { fs::remove_all(folder_); }

  fs::path folder_;
};

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void put(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A file by the format's description: length, header, data.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, '\1');
}

TensorFile every_dtype() {
  torch::manual_seed(0);
  TensorFile file;
  for (const auto dtype : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16}) {
    file.tensors[c10::toString(dtype)] = torch::randn({3, 5}).to(dtype);
  }
  for (const auto dtype : {torch::kInt64, torch::kInt32, torch::kInt16, torch::kInt8}) {
    file.tensors[c10::toString(dtype)] = torch::randint(-128, 128, {7}, dtype);
  }
  file.tensors["Byte"] = torch::randint(0, 256, {2, 2, 3}, torch::kUInt8);
  file.tensors["Bool"] = torch::randint(0, 2, {9}, torch::kInt64).to(torch::kBool);
  file.tensors["scalar"] = torch::tensor(-0.0, torch::kFloat64);
  file.tensors["empty"] = torch::empty({0, 4});
  file.tensors["special"] = torch::tensor({std::numeric_limits<float>::quiet_NaN(),
                                           std::numeric_limits<float>::infinity(), 1e-45f});
  file.tensors["strided"] = torch::rand({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  file.metadata = {{"format", "pt"}, {"note", "line\n\"quoted\" \u00e9"}};
  return file;
}

void expect_same(const TensorFile& a, const TensorFile& b) {
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    const Tensor& other = b.tensors.at(name);
    ASSERT_EQ(tensor.sizes(), other.sizes()) << name;
    ASSERT_EQ(tensor.scalar_type(), other.scalar_type()) << name;
    const Tensor left = tensor.contiguous();
    const Tensor right = other.contiguous();
    EXPECT_TRUE(left.numel() == 0 ||
                std::memcmp(left.data_ptr(), right.data_ptr(), left.nbytes()) == 0)
        << name;
  }
}

TEST_F(Safetensors, RoundTripIsBitForBit) {
  const TensorFile file = every_dtype();
  write_safetensors(folder_ / "a", file);
  const TensorFile back = read_safetensors(folder_ / "a");
  expect_same(file, back);
  write_safetensors(folder_ / "b", back);
  EXPECT_EQ(bytes_of(folder_ / "a"), bytes_of(folder_ / "b"));
}

TEST_F(Safetensors, HeaderIsAlignedAndSorted) {
  TensorFile file;
  file.tensors["b"] = torch::ones({3}, torch::kFloat32);
  file.tensors["a"] = torch::ones({3}, torch::kUInt8);
  file.tensors["c"] = torch::ones({1}, torch::kInt64);
  write_safetensors(folder_ / "f", file);
  const std::string bytes = bytes_of(folder_ / "f");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  std::string header = bytes.substr(8, length);
  header.erase(header.find_last_not_of(' ') + 1);
  EXPECT_EQ(header,
            R"({"a":{"data_offsets":[20,23],"dtype":"U8","shape":[3]},)"
            R"("b":{"data_offsets":[8,20],"dtype":"F32","shape":[3]},)"
            R"("c":{"data_offsets":[0,8],"dtype":"I64","shape":[1]}})");
  EXPECT_EQ(bytes.size(), 8 + length + 23);
}

TEST_F(Safetensors, EmptyFileRoundTrips) {
  write_safetensors(folder_ / "f", {});
  const TensorFile back = read_safetensors(folder_ / "f");
  EXPECT_TRUE(back.tensors.empty());
  EXPECT_TRUE(back.metadata.empty());
}

struct Bad {
  const char* name;
  std::string bytes;
  const char* message;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadSafetensors : public ::testing::TestWithParam<Bad> {};

TEST_P(BadSafetensors, IsOneLineWithTheFile) {
  const fs::path path = fs::path(::testing::TempDir()) /
                        ("bad_" + std::to_string(::getpid()) + ".safetensors");
  put(path, GetParam().bytes);
  try {
    (void)read_safetensors(path);
    ADD_FAILURE() << "no error";
  } catch (const WeightsError& error) {
    const std::string text = error.what();
    EXPECT_THAT(text, ::testing::StartsWith(path.string() + ": "));
    EXPECT_THAT(text, HasSubstr(GetParam().message));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("\n")));
  }
  fs::remove(path);
}

const char* const kOne = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

INSTANTIATE_TEST_SUITE_P(
    Cases, BadSafetensors,
    ::testing::Values(
        Bad{"empty", "", "0 bytes"}, Bad{"short", "abc", "3 bytes"},
        Bad{"length_beyond_file", file_of(kOne, 8).substr(0, 30), "a header of 54 bytes"},
        Bad{"length_absurd", std::string(8, '\xff') + kOne, "a header of 18446744073709551615"},
        Bad{"a_png", "\x89PNG\r\n\x1a\n0000000000", "not a safetensors file"},
        Bad{"not_json", file_of("{\"w\":", 8), "not JSON"},
        Bad{"not_utf8", file_of("{\"\xff\":1}", 8), "not JSON"},
        Bad{"not_an_object", file_of("[1]", 0), "not a JSON object"},
        Bad{"number_too_large", file_of(R"({"w":1e999})", 0), "not JSON"},
        Bad{"entry_not_object", file_of(R"({"w":3})", 0), "tensor w: its entry is not an object"},
        Bad{"data_cut_short", file_of(kOne, 7), "leave the file's data of 7 bytes"},
        Bad{"data_too_long", file_of(kOne, 9), "the tensors take 8 bytes, the file has 9"},
        Bad{"unknown_dtype",
            file_of(R"({"w":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", 8),
            "dtype F8_E4M3 is unknown"},
        Bad{"no_dtype", file_of(R"({"w":{"shape":[8],"data_offsets":[0,8]}})", 8),
            "dtype is not a string"},
        Bad{"no_shape", file_of(R"({"w":{"dtype":"U8","data_offsets":[0,8]}})", 8),
            "no list shape"},
        Bad{"negative_size",
            file_of(R"({"w":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}})", 8),
            "shape holds -8"},
        Bad{"fraction", file_of(R"({"w":{"dtype":"U8","shape":[1.5],"data_offsets":[0,8]}})", 8),
            "shape holds 1.5"},
        Bad{"size_mismatch",
            file_of(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8),
            "F32 [3] takes 12 bytes, its data_offsets give 8"},
        Bad{"overflow",
            file_of(R"({"w":{"dtype":"F32","shape":[4294967296,4294967296],)"
                    R"("data_offsets":[0,0]}})",
                    0),
            "is too large"},
        Bad{"overflow_beside_zero",
            file_of(R"({"w":{"dtype":"U8","shape":[0,4294967296,4294967296],)"
                    R"("data_offsets":[0,0]}})",
                    0),
            "is too large"},
        Bad{"offsets_reversed",
            file_of(R"({"w":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}})", 8),
            "data_offsets [8,0]"},
        Bad{"one_offset", file_of(R"({"w":{"dtype":"U8","shape":[8],"data_offsets":[8]}})", 8),
            "data_offsets [8]"},
        Bad{"overlap",
            file_of(R"({"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                    8),
            "overlap"},
        Bad{"gap",
            file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                    8),
            "a gap"},
        Bad{"twice",
            file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                    R"("a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                    8),
            "the header names a twice"},
        Bad{"metadata_number", file_of(R"({"__metadata__":{"epoch":3}})", 0),
            "__metadata__: epoch is not a string"},
        Bad{"bool_of_two",
            file_of(R"({"w":{"dtype":"BOOL","shape":[0],"data_offsets":[0,0]},)"
                    R"("v":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})",
                    0) + "\2",
            "a BOOL is neither 0 nor 1"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(Safetensors, EveryCutOfAFileIsAnError) {
  write_safetensors(folder_ / "f", {{{"w", torch::rand({3})}, {"v", torch::rand({2})}}, {}});
  const std::string bytes = bytes_of(folder_ / "f");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    put(folder_ / "cut", bytes.substr(0, size));
    EXPECT_THROW((void)read_safetensors(folder_ / "cut"), WeightsError) << size;
  }
}

TEST_F(Safetensors, MissingFilesAndFoldersAreErrors) {
  EXPECT_THROW((void)read_safetensors(folder_ / "none"), WeightsError);
  EXPECT_THROW((void)read_safetensors(folder_), WeightsError);
  EXPECT_THROW(write_safetensors(folder_ / "none" / "f", {}), WeightsError);
  EXPECT_THROW(write_safetensors(folder_, {}), WeightsError);
}

TEST_F(Safetensors, AFailedWriteLeavesTheOldFileAndNothingElse) {
  TensorFile good{{{"w", torch::rand({3})}}, {}};
  write_safetensors(folder_ / "f", good);
  const std::string before = bytes_of(folder_ / "f");
  TensorFile bad = good;
  bad.tensors["z"] = torch::zeros({2}, torch::kComplexFloat);
  EXPECT_THROW(write_safetensors(folder_ / "f", bad), c10::ValueError);
  bad = good;
  bad.tensors["__metadata__"] = torch::zeros({2});
  EXPECT_THROW(write_safetensors(folder_ / "f", bad), c10::ValueError);
  bad = good;
  bad.tensors["\xff"] = torch::zeros({2});
  EXPECT_THROW(write_safetensors(folder_ / "f", bad), c10::ValueError);
  EXPECT_EQ(bytes_of(folder_ / "f"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}), 1);
}

}  // namespace gyroseg::safetensors_test
