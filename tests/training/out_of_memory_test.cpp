#include "gyroseg/training/out_of_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>
#include <new>
#include <vector>

namespace gyroseg::out_of_memory_test {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

template <class Body>
std::string advice_after(const Body& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return out_of_memory_advice(error);
  }
  return "no exception";
}

const auto kNamesTheKnobs = AllOf(StartsWith("out of memory"), HasSubstr("training.batch_size"),
                                  HasSubstr("data.image_size"), HasSubstr("inference.window"),
                                  Not(HasSubstr("\n")), Not(HasSubstr(".cpp")));

TEST(OutOfMemory, RealFailuresOfTorchAndOfNewNameTheKnobs) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer ends a program that asks for so much";
#endif
  // 2^50 bytes are more than any machine has; 2^62 floats are more bytes than 64 bits count.
  const std::string cpu =
      advice_after([] { (void)torch::empty({std::int64_t{1} << 50}, torch::kUInt8); });
  EXPECT_THAT(cpu, kNamesTheKnobs);
  EXPECT_THAT(cpu, HasSubstr("(1125899906842624 bytes more could not be had)"));
  EXPECT_THAT(advice_after([] { (void)torch::empty({std::int64_t{1} << 62}); }), kNamesTheKnobs);
  volatile std::size_t count = std::numeric_limits<std::ptrdiff_t>::max();
  EXPECT_THAT(advice_after([&] { std::vector<char> bytes(count); }), kNamesTheKnobs);
}

// What the libraries of a GPU and OpenCV say, from their documentation and reports of users.
TEST(OutOfMemory, IsKnownByTheWordsOfOtherLibraries) {
  const std::string cuda = advice_after([] {
    TORCH_CHECK_WITH(
        OutOfMemoryError, false,
        "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of "
        "7.79 GiB of which 10.00 MiB is free.\nSee documentation.");
  });
  EXPECT_THAT(cuda, kNamesTheKnobs);
  EXPECT_THAT(cuda, HasSubstr("(20.00 MiB more could not be had)"));
  for (const char* text :
       {"CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate",
        "OpenCV(4.6.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes"}) {
    EXPECT_THAT(advice_after([&] { throw std::runtime_error(text); }), kNamesTheKnobs) << text;
  }
}

TEST(OutOfMemory, OtherErrorsAreLeftAlone) {
  EXPECT_EQ(out_of_memory_advice(std::runtime_error("no space left on device")), "");
  EXPECT_EQ(advice_after([] { (void)torch::zeros({2}).view({3}); }), "");
}

}  // namespace gyroseg::out_of_memory_test
