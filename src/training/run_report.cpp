#include "gyroseg/training/run_report.h"

#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/report/metrics_files.h"
#include "gyroseg/report/run_names.h"
#include "gyroseg/report/text_table.h"
#include "gyroseg/training/run_figures.h"

namespace gyroseg {
namespace {

std::string missing_paragraph(const std::string& text) { return "<p class=\"missing\">" + html_escaped(text) + "</p>\n"; }

std::string folded_part(const std::string& title, const std::string& html) {
  return "<details><summary>" + html_escaped(title) + "</summary>\n" + html + "</details>\n";
}

std::string fact_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

struct ReportedRun {
  std::string name;
  RunFolder folder;
  Config config;
  std::optional<StoredEvaluation> evaluation;
};

std::string loss_text(const Config& config) {
  std::string text;
  for (const LossConfig& loss : config.loss) {
    text += (text.empty() ? "" : " + ") + (loss.weight == 1 ? "" : fact_number(loss.weight) + " ") + loss.name;
  }
  return text.empty() ? "-" : text;
}

std::string curvature_text(const EmbeddingConfig& embedding) {
  const bool curved = embedding.space == "poincare" || embedding.space == "lorentz";
  return curved ? fact_number(embedding.curvature) + (embedding.learn_curvature ? ", learned from there" : "") : "-";
}

// Names of the classes, level by level.
std::vector<std::vector<std::string>> report_classes(const MetricsReport& report) {
  std::vector<std::vector<std::string>> levels;
  for (const LevelReport& level : report.levels) {
    std::vector<std::string>& names = levels.emplace_back();
    for (const ClassReport& row : level.classes) {
      names.push_back(row.name);
    }
  }
  return levels;
}

class RunReport {
 public:
  RunReport(const ReportRequest& request, const std::function<void(const std::string&)>& miss)
      : request_(request), miss_(miss), folders_{request.folder} {
    if (!request.against.empty()) {
      folders_.push_back(request.against);
    }
    const std::vector<std::string> names = run_names({folders_.begin(), folders_.end()});
    if (std::set(names.begin(), names.end()).size() < names.size()) {
      throw DataError("--against: expected another folder than --run, it is given twice");
    }
    for (std::size_t i = 0; i < folders_.size(); ++i) {
      const RunFolder folder = open_run(folders_[i]);
      runs_.push_back({names[i], folder, read_config(folder.config(), without_first_files(request.overrides)), {}});
      read_metrics_of(runs_.back());
    }
  }

  ReportPage page() {
    collect_figures();
    ReportPage page;
    page.title = runs_.size() == 1 ? runs_[0].name : runs_[0].name + " and " + runs_[1].name;
    const std::string facts = facts_table();
    const std::string embedding = embedding_section(page);
    page.sections = {{"run", "Run", facts},
                     {"embeddings", "Embeddings", embedding},
                     {"metrics", "Metrics", metrics_section()},
                     {"curves", "Curves", figure_section(curves_, "")},
                     {"confusion", "Confusion", figure_section(confusion_, "")},
                     {"panels", "Panels", figure_section(panels_, " wide")},
                     {"config", "Config", config_section()}};
    for (ReportSection& section : page.sections) {
      section.html += left_out_[section.id];
    }
    return page;
  }

 private:
  // section: the id of the one that says so.
  void leave_out(const std::string& section, const std::string& what) {
    left_out_[section] += missing_paragraph(what);
    miss_(what);
  }

  void read_metrics_of(ReportedRun& run) {
    const std::filesystem::path file = run.folder.evaluation(request_.split) / "metrics.json";
    if (!std::filesystem::exists(file)) {
      leave_out("metrics", "tables of " + run.name + ": no metrics of the " + request_.split + " split; evaluate --run " +
                               run.folder.path.string() + " --split " + request_.split + " writes them");
      return;
    }
    try {
      run.evaluation = read_evaluation(file);
    } catch (const DataError& error) {
      leave_out("metrics", "tables of " + run.name + ": " + error.what());
    }
  }

  void collect_figures() {
    FigureRequest figures;
    figures.folders = folders_;
    figures.split = request_.split;
    figures.samples = request_.samples;
    figures.checkpoint = request_.checkpoint;
    figures.overrides = request_.overrides;
    draw_runs(figures, {[&](const std::string& name, const Svg& figure) {
                          const bool matrix = name.find("confusion_") != std::string::npos;
                          const bool panel = name.starts_with("panels_");
                          (matrix ? confusion_ : panel ? panels_ : curves_) += html_figure(figure);
                        },
                        [&](const std::string& what) {
                          leave_out(what.starts_with("curves")      ? "curves"
                                    : what.starts_with("confusion") ? "confusion"
                                                                    : "panels",
                                    what);
                        }});
  }

  std::string facts_table() const {
    std::vector<std::string> header = {""};
    for (const ReportedRun& run : runs_) {
      header.push_back(run.name);
    }
    TextTable table(header);
    const auto add = [&](const std::string& title, const std::function<std::string(const ReportedRun&)>& cell) {
      std::vector<std::string> row = {title};
      for (const ReportedRun& run : runs_) {
        row.push_back(cell(run));
      }
      table.add(row);
    };
    add("folder", [](const ReportedRun& run) { return run.folder.path.string(); });
    add("network", [](const ReportedRun& run) { return run.config.model.encoder + ", " + run.config.model.decoder; });
    add("embedding space", [](const ReportedRun& run) {
      return run.config.embedding.space + ", " + std::to_string(run.config.embedding.dim) + " dimensions";
    });
    add("curvature c", [](const ReportedRun& run) { return curvature_text(run.config.embedding); });
    add("classifier reads", [](const ReportedRun& run) {
      const ClassifierConfig& classifier = run.config.classifier;
      return classifier.input == "embedding" ? "the embedding (" + classifier.kind + ")" : classifier.input;
    });
    add("loss", [](const ReportedRun& run) { return loss_text(run.config); });
    add("epochs", [](const ReportedRun& run) { return std::to_string(run.config.training.epochs); });
    add("seed", [](const ReportedRun& run) { return std::to_string(run.config.seed); });
    for (const std::string key : {"split", "checkpoint", "step", "resolution", "parameters", "images"}) {
      const auto known = [&](const ReportedRun& run) { return run.evaluation && run.evaluation->context.contains(key); };
      if (known(runs_.front()) || known(runs_.back())) {
        add("evaluated: " + key, [&](const ReportedRun& run) { return known(run) ? run.evaluation->context.at(key) : "-"; });
      }
    }
    return table.html();
  }

  std::string embedding_section(ReportPage& page) {
    if (request_.points == 0) {
      return missing_paragraph("Left out, as 0 points were asked for.");
    }
    std::vector<FigureRun> runs;
    for (const ReportedRun& run : runs_) {
      runs.push_back({run.folder.path.string(), run.name, run.config});
    }
    const EmbeddingPage embedding =
        report_embedding(runs, request_, [&](const std::string& what) { leave_out("embeddings", what); });
    page.embedding = embedding.runs.empty() ? "" : embedding_json(embedding);
    return page.embedding.empty() ? "" : embedding_place();
  }

  std::string metrics_section() const {
    std::string html;
    std::vector<NamedReport> reports;
    for (const ReportedRun& run : runs_) {
      if (run.evaluation) {
        reports.push_back({run.name, run.evaluation->report,
                           {run.evaluation->context.begin(), run.evaluation->context.end()}});
      }
    }
    if (reports.size() > 1 && report_classes(reports[0].report) == report_classes(reports[1].report)) {
      html += "<h3>mIoU of both</h3>\n" + compare_table(reports, TableStyle::html);
    } else if (reports.size() > 1) {
      html += missing_paragraph("mIoU of both: " + reports[0].name + " and " + reports[1].name +
                                " were evaluated on different classes, so their numbers do not compare.");
    }
    for (const ReportedRun& run : runs_) {
      if (run.evaluation) {
        html += "<h3>" + html_escaped(run.name + ": " + request_.split + " split, " + run.evaluation->mode) + "</h3>\n" +
                level_table(run.evaluation->report, TableStyle::html) +
                folded_part("Classes of " + run.name, class_table(run.evaluation->report, TableStyle::html));
      }
    }
    return html;
  }

  std::string figure_section(const std::string& figures, const std::string& kind) const {
    if (figures.empty()) {
      return missing_paragraph("Nothing to draw.");
    }
    return "<div class=\"figures" + kind + "\">\n" + figures + "</div>\n";
  }

  std::string config_section() const {
    std::string html;
    for (const ReportedRun& run : runs_) {
      const std::vector<std::uint8_t> bytes = read_bytes(run.folder.config());
      html += folded_part(run.folder.config().string(), "<pre>" + html_escaped({bytes.begin(), bytes.end()}) + "</pre>\n");
    }
    return html;
  }

  const ReportRequest& request_;
  const std::function<void(const std::string&)>& miss_;
  std::vector<std::string> folders_;
  std::vector<ReportedRun> runs_;
  std::map<std::string, std::string> left_out_;  ///< paragraphs by the id of their section
  std::string curves_;
  std::string confusion_;
  std::string panels_;
};

}  // namespace

ReportPage run_report(const ReportRequest& request, const std::function<void(const std::string&)>& miss) {
  return RunReport(request, miss).page();
}

}  // namespace gyroseg
