#pragma once

#include <vector>

#include "gyroseg/report/paper_table.h"

namespace gyroseg {

/// A row a name, in the order given, with every figure that the runs have. Throws DataError as paper_table.
[[nodiscard]] std::vector<PaperRow> run_rows(const std::vector<RunSummary>& runs);

/// A row a published model, or one a table or page of it. num_levels: of the table, whose level of this
/// number is "leaf". Throws DataError as paper_table.
[[nodiscard]] std::vector<PaperRow> published_rows(const std::vector<PublishedFigure>& published,
                                                   int num_levels, CompareRows shown);

}  // namespace gyroseg
