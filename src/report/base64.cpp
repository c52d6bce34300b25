#include "base64.h"

namespace gyroseg {

std::string base64(const std::vector<std::uint8_t>& bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t triple = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                 (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0) |
                                 (left > 2 ? static_cast<std::uint32_t>(bytes[i + 2]) : 0);
    text += kDigits[triple >> 18];
    text += kDigits[triple >> 12 & 63];
    text += left > 1 ? kDigits[triple >> 6 & 63] : '=';
    text += left > 2 ? kDigits[triple & 63] : '=';
  }
  return text;
}

}  // namespace gyroseg
