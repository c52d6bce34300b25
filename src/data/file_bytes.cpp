#include "gyroseg/data/file_bytes.h"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "gyroseg/data/image_io.h"

namespace gyroseg {

namespace fs = std::filesystem;

std::vector<std::uint8_t> read_bytes(const fs::path& file) {
  std::error_code code;
  const fs::file_status status = fs::status(file, code);
  if (!fs::exists(status)) {
    throw DataError(file.string() + ": expected a file, found none");
  }
  if (fs::is_directory(status)) {
    throw DataError(file.string() + ": expected a file, found a folder");
  }
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) {
    throw DataError(file.string() + ": cannot be opened; check its permissions");
  }
  const std::streamoff size = in.tellg();
  if (size <= 0) {
    throw DataError(file.string() + ": the file is empty");
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), size);
  if (!in) {
    throw DataError(file.string() + ": reading failed after " + std::to_string(in.gcount()) +
                    " of " + std::to_string(size) + " bytes");
  }
  return bytes;
}

void write_bytes(const fs::path& file, const std::vector<std::uint8_t>& bytes) {
  write_text(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void write_text(const fs::path& file, std::string_view text) {
  static std::atomic<unsigned> counter{0};
  fs::path temporary = file;
  temporary += ".tmp" + std::to_string(::getpid()) + "_" + std::to_string(counter++);
  std::error_code code;
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    if (!out) {
      throw DataError(file.string() +
                      ": cannot be written; check that its folder exists and is writable");
    }
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.flush();
    if (!out) {
      fs::remove(temporary, code);
      throw DataError(file.string() + ": writing failed; is the disk full?");
    }
  }
  fs::rename(temporary, file, code);
  if (code) {
    const std::string reason = code.message();
    fs::remove(temporary, code);
    throw DataError(file.string() + ": cannot be replaced: " + reason);
  }
}

}  // namespace gyroseg
