#include "gyroseg/report/csv_table.h"

#include <c10/util/Exception.h>

#include "gyroseg/report/csv.h"

namespace gyroseg {

void CsvTable::add(const std::vector<std::string>& cells) {
  TORCH_CHECK_VALUE(cells.size() == columns_, "CsvTable: expected ", columns_, " cells, got ", cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) {
      text_.push_back(',');
    }
    text_.append(csv_cell(cells[i]));
  }
  text_ += '\n';
}

}  // namespace gyroseg
