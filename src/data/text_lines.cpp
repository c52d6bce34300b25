#include "text_lines.h"

#include <sstream>

#include "gyroseg/data/file_bytes.h"

namespace gyroseg {

std::vector<TextLine> read_lines(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> bytes = read_bytes(file);
  std::string text(bytes.begin(), bytes.end());
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.erase(0, 3);
  }
  std::istringstream stream(text);
  std::vector<TextLine> lines;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos) {
      const std::size_t last = line.find_last_not_of(" \t\r");
      lines.push_back({file.string() + ":" + std::to_string(number),
                       line.substr(first, last - first + 1)});
    }
  }
  return lines;
}

}  // namespace gyroseg
