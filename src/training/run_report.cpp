#include "gyroseg/training/run_report.h"

#include <cstdio>
#include <optional>
#include <set>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/models/safetensors.h"
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
    return page;
  }

 private:
  void leave_out(const std::string& what) {
    left_out_.push_back(what);
    miss_(what);
  }

  void read_metrics_of(ReportedRun& run) {
    try {
      run.evaluation = read_evaluation(run.folder.evaluation(request_.split) / "metrics.json");
    } catch (const DataError&) {
      leave_out("tables of " + run.name + ": no metrics of the " + request_.split + " split; evaluate --run " +
                run.folder.path.string() + " --split " + request_.split + " writes them");
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
                          (matrix ? confusion_ : panel ? panels_ : curves_) += html_figure(figure, name);
                        },
                        [&](const std::string& what) { leave_out(what); }});
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

  // Loads the runs; those that lack a checkpoint are named by draw_runs already where there are panels.
  std::vector<NamedRun> load_runs() {
    std::vector<NamedRun> loaded;
    for (const ReportedRun& run : runs_) {
      const std::string what = "embedding of " + run.name + ": ";
      try {
        loaded.push_back({run.name, load_run(run.folder.path, request_.checkpoint, request_.overrides)});
      } catch (const CheckpointError& error) {
        leave_out(what + error.what());
      } catch (const WeightsError& error) {
        leave_out(what + error.what());
      }
    }
    return loaded;
  }

  std::string embedding_section(ReportPage& page) {
    if (request_.points == 0) {
      return missing_paragraph("Left out, as 0 points were asked for.");
    }
    const std::size_t before = left_out_.size();
    try {
      std::vector<NamedRun> loaded = load_runs();
      if (!loaded.empty()) {
        const EmbeddingPage embedding =
            report_embedding(loaded, request_, [&](const std::string& what) { leave_out(what); });
        page.embedding = embedding.runs.empty() ? "" : embedding_json(embedding);
      }
    } catch (const DataError& error) {
      leave_out(std::string("embeddings: ") + error.what() + "; --set data.root=DIR names another place");
    } catch (const WeightsError& error) {
      leave_out(std::string("embeddings: ") + error.what());
    }
    std::string html = page.embedding.empty() ? "" : embedding_place();
    for (std::size_t i = before; i < left_out_.size(); ++i) {
      html += missing_paragraph(left_out_[i]);
    }
    return html;
  }

  std::string metrics_section() const {
    std::string html;
    std::vector<NamedReport> reports;
    for (const ReportedRun& run : runs_) {
      if (run.evaluation) {
        reports.push_back({run.name, run.evaluation->report,
                           {run.evaluation->context.begin(), run.evaluation->context.end()}});
      } else {
        html += missing_paragraph("Left out: " + run.name + " has no metrics of the " + request_.split + " split; evaluate writes them.");
      }
    }
    if (reports.size() > 1) {
      html += "<h3>mIoU of both</h3>\n" + compare_table(reports, TableStyle::html);
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
      std::string html = missing_paragraph("Nothing to draw.");
      for (const std::string& what : left_out_) {
        html += what.starts_with("embedding") || what.starts_with("tables") ? "" : missing_paragraph(what);
      }
      return html;
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
  std::vector<std::string> left_out_;
  std::string curves_;
  std::string confusion_;
  std::string panels_;
};

}  // namespace

ReportPage run_report(const ReportRequest& request, const std::function<void(const std::string&)>& miss) {
  return RunReport(request, miss).page();
}

}  // namespace gyroseg
