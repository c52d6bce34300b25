#include "gyroseg/report/csv.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"

namespace gyroseg {
namespace {

class CsvReader {
 public:
  CsvReader(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {}

  std::vector<CsvRow> rows() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      if (text_[at_] == '#' || text_.find_first_not_of(" \r", at_) >= end) {
        next_line(end);
      } else {
        rows.push_back(row());
      }
    }
    return rows;
  }

 private:
  [[noreturn]] void fail(int line, const std::string& what) const {
    throw DataError(file_ + ":" + std::to_string(line) + ": " + what);
  }

  void next_line(std::size_t end) {
    at_ = end + 1;
    ++line_;
  }

  CsvRow row() {
    CsvRow row{file_ + ":" + std::to_string(line_), line_, {}};
    do {
      row.cells.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : plain());
    } while (at_ < text_.size() && text_[at_++] == ',');
    ++line_;
    return row;
  }

  std::string plain() {
    const std::size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
    std::string cell = text_.substr(at_, end - at_);
    at_ = end;
    if (end == text_.size() || text_[end] == '\n') {
      cell.erase(cell.find_last_not_of(" \r") + 1);
    }
    if (cell.find('"') != std::string::npos) {
      fail(line_, "a cell with quotes must be quoted as a whole, got " + cell);
    }
    return cell;
  }

  std::string quoted() {
    const int first = line_;
    std::string cell;
    for (++at_; at_ < text_.size(); ++at_) {
      line_ += text_[at_] == '\n' ? 1 : 0;
      if (text_[at_] != '"') {
        cell += text_[at_];
      } else if (text_.compare(at_, 2, "\"\"") == 0) {
        cell += text_[++at_];
      } else {
        ++at_;
        const std::string behind = plain();
        if (behind.find_first_not_of(" \r") != std::string::npos) {
          fail(line_, "expected a comma behind the quoted cell \"" + cell + "\", got " + behind);
        }
        return cell;
      }
    }
    fail(first, "the quote before " + cell.substr(0, cell.find('\n')) + " does not close");
  }

  std::string text_;
  std::string file_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos && !cell.starts_with('#')) {
    return cell;
  }
  std::string quoted = "\"";
  for (const char c : cell) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

std::string csv_cell(const std::optional<double>& value) {
  if (!value) {
    return "";
  }
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", *value);
  return buffer;
}

std::vector<CsvRow> read_csv(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> bytes = read_bytes(file);
  std::string text(bytes.begin(), bytes.end());
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.erase(0, 3);
  }
  return CsvReader(std::move(text), file.string()).rows();
}

}  // namespace gyroseg
