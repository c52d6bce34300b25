#include "gyroseg/models/torch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gyroseg/models/resnet.h"
#include "gyroseg/models/weights.h"
#include "module_checks.h"

namespace gyroseg::torch_file_test {

namespace fs = std::filesystem;
using namespace std::string_literals;
using ::testing::HasSubstr;

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// What read_torch_file says of a file, or "" where it reads it.
std::string error_of(const fs::path& path) {
  try {
    (void)read_torch_file(path);
  } catch (const WeightsError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith(path.string() + ": "));
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "";
}

class OwnFolder : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::path(::testing::TempDir()) / ("gyroseg_torch_file_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static fs::path folder_;
};

fs::path OwnFolder::folder_;

/// Files that Python's torch wrote, in both formats. Few tests: each runs Python anew under ctest.
class TorchFile : public OwnFolder {
 protected:
  static void SetUpTestSuite() {
    OwnFolder::SetUpTestSuite();
    const fs::path own = fs::path(GYROSEG_SOURCE_DIR) / ".venv/bin/python";
    const std::string python = fs::exists(own) ? "'" + own.string() + "'" : "python3";
    const std::string modules = " -c 'import torch, safetensors.torch' 2>/dev/null";
    if (std::system((python + modules).c_str()) != 0) return;
    torch::manual_seed(7);
    const auto source = make_resnet(18, 32);
    randomise_batch_norm(*source);
    TensorFile file{state_of(*source), {}};
    file.tensors["fc.weight"] = torch::randn({10, 512});
    file.tensors["fc.bias"] = torch::randn({10});
    write_safetensors(folder_ / "resnet18.safetensors", file);
    const std::string script = GYROSEG_SOURCE_DIR "/tests/models/torch_files.py";
    status_ = std::system((python + " '" + script + "' '" + folder_.string() + "'").c_str());
  }

  void SetUp() override {
    if (status_ < 0) GTEST_SKIP() << "no Python with torch and safetensors";
    ASSERT_EQ(status_, 0) << "tests/models/torch_files.py failed";
  }

  static fs::path path(const std::string& name, const std::string& form) {
    return folder_ / (name + "." + form + ".pth");
  }

  static void expect_equal(const fs::path& file, const std::string& expected) {
    const auto found = read_torch_file(file).tensors;
    const auto wanted = read_safetensors(folder_ / (expected + ".safetensors")).tensors;
    ASSERT_EQ(found.size(), wanted.size());
    for (const auto& [key, tensor] : wanted) {
      ASSERT_TRUE(found.contains(key)) << key;
      EXPECT_EQ(found.at(key).scalar_type(), tensor.scalar_type()) << key;
      EXPECT_TRUE(torch::equal(found.at(key), tensor)) << key;
    }
  }

  static int status_;
};

int TorchFile::status_ = -1;

const std::string kForms[] = {"zip", "legacy"};

TEST_F(TorchFile, ReadsEqualToTheLastBit) {
  for (const std::string& form : kForms) {
    expect_equal(path("resnet18", form), "resnet18");
    expect_equal(path("kinds", form), "kinds");
    expect_equal(path("protocol4", form), "kinds");
    expect_equal(path("small", form), "small");
    for (const std::string holder : {"checkpoint", "model_state_dict", "net"}) {
      expect_equal(path(holder, form), "small");  // the state_dict in it
    }
    const auto tensors = read_torch_file(path("kinds", form)).tensors;
    EXPECT_EQ(tensors.at("base").data_ptr(), tensors.at("tied").data_ptr());

    const auto encoder = make_resnet(18, 16);
    const LoadReport report = load_pretrained(*encoder, path("resnet18", form));
    EXPECT_EQ(describe(report), "loaded 120; unexpected 2: fc.bias, fc.weight");
    const auto state = state_of(*encoder);
    for (const auto& [name, tensor] : read_safetensors(folder_ / "resnet18.safetensors").tensors) {
      if (name.starts_with("fc.")) continue;
      EXPECT_TRUE(torch::equal(state.at(name), tensor)) << name;
    }
  }
}

TEST_F(TorchFile, CodeIsRefusedByNameAndNotRun) {
  for (const std::string& form : kForms) {
    EXPECT_THAT(error_of(path("malicious", form)), HasSubstr("it asks for posix.system, which has"));
    EXPECT_FALSE(fs::exists(folder_ / "executed"));
    EXPECT_THAT(error_of(path("module", form)), HasSubstr("it asks for __main__.LinearWithPlan"));
  }
}

// Cut short anywhere, or any byte changed. A change may go unseen (in the data, in a name): it must
// not do more than that.
TEST_F(TorchFile, DamageIsHarmless) {
  const fs::path file = folder_ / "damaged.pth";
  for (const std::string& form : kForms) {
    const std::string whole = bytes_of(path("small", form));
    for (std::size_t length = 0; length < whole.size(); length += 1 + length / 40) {
      write_file(file, whole.substr(0, length));
      EXPECT_NE(error_of(file), "") << form << " " << length;
    }
    int refused = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string bytes = whole;
      bytes[i] = static_cast<char>(bytes[i] ^ (i % 2 == 0 ? 0xff : 0x01));
      write_file(file, bytes);
      refused += error_of(file).empty() ? 0 : 1;
    }
    EXPECT_GT(refused, 100) << form;
  }
}

/// Legacy files by hand: what their pickle says, and their list of storages with data.
class LegacyPickle : public OwnFolder {
 protected:
  static std::string error_of_pickle(const std::string& pickle,
                                     const std::string& rest = "\x80\x02].") {
    static const std::string kStart =
        "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
        "\x80\x02M\xe9\x03."
        "\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."s;
    write_file(folder_ / "hand.pth", kStart + pickle + rest);
    return error_of(folder_ / "hand.pth");
  }

  /// {"a": a tensor of this storage size, offset, sizes and strides}, and its data.
  static std::string error_of_tensor(const std::string& storage, const std::string& offset,
                                     const std::string& sizes, const std::string& strides) {
    const std::string id = "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00k"
                           "X\x03\x00\x00\x00"s + "cpu" + storage + "tQ";
    const std::string tensor = "ctorch._utils\n_rebuild_tensor_v2\n(" + id + offset + "(" + sizes +
                               "t(" + strides + "t\x89}tR";
    const std::string data(4 * sizeof(float), '\0');
    return error_of_pickle("\x80\x02}X\x01\x00\x00\x00"s + "a" + tensor + "s.",
                           "\x80\x02]X\x01\x00\x00\x00ka."s + "\x04\0\0\0\0\0\0\0"s + data);
  }
};

const std::string kFour = "K\x04";

TEST_F(LegacyPickle, TensorsStayInsideTheirStorage) {
  EXPECT_EQ(error_of_tensor(kFour, "K\x00"s, "K\x02K\x02", "K\x02K\x01"), "");
  EXPECT_EQ(error_of_tensor(kFour, "K\x01", "K\x03", "K\x01"), "");
  const std::string past = "reaches past its storage of 4 elements";
  const std::string huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
  EXPECT_THAT(error_of_tensor(kFour, "K\x02", "K\x03", "K\x01"), HasSubstr(past));
  EXPECT_THAT(error_of_tensor(kFour, "K\x00"s, "K\x02K\x02", "K\x03K\x01"), HasSubstr(past));
  EXPECT_THAT(error_of_tensor(kFour, "K\x00"s, huge + huge, "K\x00K\x00"s), HasSubstr(past));
  EXPECT_THAT(error_of_tensor(kFour, huge, "K\x01", "K\x01"), HasSubstr(past));
  EXPECT_THAT(error_of_tensor(kFour, "K\x00"s, "K\x05", "K\x00"s), HasSubstr(past));  // a repeat
  EXPECT_THAT(error_of_tensor(kFour, "J\xff\xff\xff\xff", "K\x01", "K\x01"), HasSubstr(">= 0"));
  EXPECT_THAT(error_of_tensor(kFour, "K\x00"s, "K\x02", "K\x01K\x01"), HasSubstr("1 sizes and 2"));
  EXPECT_THAT(error_of_tensor("K\x05", "K\x00"s, "K\x01", "K\x01"),
              HasSubstr("has 4 elements, expected 5"));
  EXPECT_THAT(error_of_tensor(huge, "K\x00"s, "K\x01", "K\x01"), HasSubstr("has 4 elements"));
}

TEST_F(LegacyPickle, OnlyTheNamesOfStateDicts) {
  const auto call = [](const std::string& global) {
    return "\x80\x02" + global + "(X\x02\x00\x00\x00lstR."s;
  };
  for (const std::string name : {"os system", "builtins eval", "builtins exec", "posix system",
                                 "torch load", "torch._utils _rebuild_qtensor",
                                 "collections OrderedDict.fromkeys"}) {
    const std::size_t space = name.find(' ');
    const std::string module = name.substr(0, space), function = name.substr(space + 1);
    EXPECT_THAT(error_of_pickle(call("c" + module + "\n" + function + "\n")),
                HasSubstr("it asks for " + module + "." + function));
  }
  EXPECT_THAT(error_of_pickle("\x80\x04\x8c\x02os\x8c\x06system\x93."),
              HasSubstr("it asks for os.system"));
  EXPECT_THAT(error_of_pickle(call("ctorch\nFloatStorage\n")),
              HasSubstr("which is a type of storage"));
  for (const char* op : {"i", "o", "\x81", "\x92", "\x82", "P", "I", "\x8f"}) {
    EXPECT_THAT(error_of_pickle("\x80\x02}"s + op), HasSubstr("has no place in a state")) << op;
  }
}

TEST_F(LegacyPickle, NonsenseIsAnError) {
  EXPECT_EQ(error_of_pickle("\x80\x02}."), "");
  for (const std::string& pickle :
       {"."s, "0."s, "\x80\x02"s, "\x80\x06}."s, "N."s, "]."s, "}}."s, "}t."s, "(."s, "h\x00."s,
        "}K\x01K\x02s."s, "}X\x01\x00\x00\x00kNs."s, "}(K\x01u."s, "}NR."s, "Nb."s, "NNb."s, "NQ."s,
        "\x8d\xff\xff\xff\xff\xff\xff\xff\xff."s, "X\xff\xff\xff\xff."s, "}r\xff\xff\xff\xff."s,
        "c\n\n."s, "c"s, "a"s, "\x8a\x09"s, "G\x00"s}) {
    EXPECT_NE(error_of_pickle(pickle), "") << ::testing::PrintToString(pickle);
  }
  EXPECT_THAT(error_of_pickle("\x80\x02}.", "\x80\x02]X\x01\x00\x00\x00ka."s),
              HasSubstr("belongs to no tensor"));
  write_file(folder_ / "empty.pth", "");
  EXPECT_NE(error_of(folder_ / "empty.pth"), "");
  EXPECT_THAT(error_of(folder_ / "none.pth"), HasSubstr("cannot be read"));
}

// A list that holds itself, and 200000 lists in one another: no endless walk, no deep recursion.
TEST_F(LegacyPickle, CyclesAndDepthAreHarmless) {
  EXPECT_NE(error_of_pickle("\x80\x02]q\x00h\x00"s + "a."), "");
  const std::string deep = std::string(200'000, ']') + std::string(199'999, 'a');
  EXPECT_THAT(error_of_pickle("\x80\x02" + deep + "."), HasSubstr("holds no dict"));
}

}  // namespace gyroseg::torch_file_test
