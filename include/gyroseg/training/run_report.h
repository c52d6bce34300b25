#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gyroseg/report/embedding_page.h"
#include "gyroseg/report/report_page.h"
#include "gyroseg/training/run_figures.h"

namespace gyroseg {

struct ReportRequest {
  std::string folder;                  ///< run folder
  std::string against = "";            ///< a second one beside it, or ""
  std::string split = "test";          ///< of tables, panels, confusion matrices and embeddings
  std::string checkpoint = "best";     ///< best | last | a path
  int samples = 4;                     ///< rows of the panels; 0: none
  std::int64_t points = 5000;          ///< pixel embeddings at most; 0: none
  std::vector<std::string> overrides;  ///< as --set, for every run's config
};

/// Everything a run folder tells, as one page (report/report_page.h): facts, embeddings, tables of what
/// evaluate wrote, the figures of run_figures.h, config. What a run lacks is said on the page and to `miss`.
/// Throws CheckpointError on a folder that is no run, ConfigError, HierarchyError; DataError where both
/// folders are the same.
[[nodiscard]] ReportPage run_report(const ReportRequest& request,
                                    const std::function<void(const std::string&)>& miss);

/// Images of a split that pixel embeddings are taken from, at most, spread evenly.
inline constexpr std::int64_t kReportImages = 64;

/// The embedding part: what each training kept at its validations, or pixels at the run's checkpoint; the same
/// ones in every run that has the first one's images at the same size. They are of the val split once a run
/// kept some, else of request.split. Runs of other classes, those without an embedding, and those whose
/// checkpoint or data set is not there are left out and named to `miss`. runs: at least one.
[[nodiscard]] EmbeddingPage report_embedding(const std::vector<FigureRun>& runs, const ReportRequest& request,
                                             const std::function<void(const std::string&)>& miss);

}  // namespace gyroseg
