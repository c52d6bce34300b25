#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gyroseg {

/// Bytes as text, for data URIs (RFC 4648, with padding).
[[nodiscard]] std::string base64(const std::vector<std::uint8_t>& bytes);

}  // namespace gyroseg
