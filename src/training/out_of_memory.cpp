#include "gyroseg/training/out_of_memory.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <new>
#include <regex>

namespace gyroseg {
namespace {

// Most allocators throw an error type of no meaning; their words tell.
constexpr std::array kPhrases = {
    "allocate memory",                   // torch's CPU allocator; strerror(ENOMEM)
    "not enough memory",                 // torch's CPU allocator on other systems
    "out of memory",                     // CUDA
    "_STATUS_ALLOC_FAILED",              // cuBLAS, cuDNN
    "Insufficient memory",               // OpenCV
    "Storage size calculation overflow"  // a tensor of more bytes than 63 bits count
};

bool says_so(const std::exception& error, const std::string& text) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
      dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) {
    return true;
  }
  return std::any_of(kPhrases.begin(), kPhrases.end(),
                     [&](const char* phrase) { return text.find(phrase) != std::string::npos; });
}

}  // namespace

std::string out_of_memory_advice(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  const std::string text = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
  if (!says_so(error, text)) {
    return "";
  }
  static const std::regex kAmount("(?:ried|ailed) to allocate ([0-9.]+ [A-Za-z]+)");
  std::smatch amount;
  const bool known = std::regex_search(text, amount, kAmount);
  return "out of memory" + (known ? " (" + amount[1].str() + " more could not be had)" : "") +
         ": lower training.batch_size or data.image_size; for validation, evaluate and infer set "
         "or "
         "lower inference.window; or take a smaller network (model.encoder, "
         "model.decoder_channels)";
}

}  // namespace gyroseg
