// report: one HTML file of a run, or of two beside each other, that opens from disk.
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/training/run_report.h"
#include "program.h"

namespace {

using namespace gyroseg;
namespace fs = std::filesystem;

cxxopts::Options command_line() {
  cxxopts::Options options("report", "Writes one HTML file of a run, with everything in it: facts, tables, curves, confusion matrices, panels,\n"
                           "and its pixel embeddings to drag, recolour and look into.\n");
  options.add_options()
      ("run", "run folder", cxxopts::value<std::string>()->default_value(""))
      ("against", "a second run folder, shown beside it", cxxopts::value<std::string>()->default_value(""))
      ("output", "the file (default: RUN/report.html, which is written anew)", cxxopts::value<std::string>()->default_value(""))
      ("overwrite", "replace an --output that is there already")
      ("split", "train | val | test", cxxopts::value<std::string>()->default_value("test"))
      ("checkpoint", "best | last | of one run: a .safetensors file", cxxopts::value<std::string>()->default_value("best"))
      ("samples", "rows of the panels; 0: no panels", cxxopts::value<int>()->default_value("4"))
      ("points", "pixel embeddings at most, up to 5000; 0: none", cxxopts::value<std::int64_t>()->default_value("5000"))
      ("set", "override a key of every run's config, such as --set data.root=DIR; may be repeated", cxxopts::value<std::vector<std::string>>());
  return options;
}

ReportRequest read_request(const cxxopts::ParseResult& arguments) {
  ReportRequest request;
  request.folder = arguments["run"].as<std::string>();
  request.against = arguments["against"].as<std::string>();
  request.split = arguments["split"].as<std::string>();
  request.checkpoint = checkpoint_for(arguments, request.against.empty() ? 1 : 2);
  request.samples = arguments["samples"].as<int>();
  request.points = arguments["points"].as<std::int64_t>();
  if (arguments.count("set") > 0) {
    request.overrides = arguments["set"].as<std::vector<std::string>>();
  }
  if (request.folder.empty()) {
    throw UsageError("expected --run DIR");
  }
  if (request.split != "train" && request.split != "val" && request.split != "test") {
    throw UsageError("--split: expected train | val | test, got " + request.split);
  }
  if (request.samples < 0) {
    throw UsageError("--samples: expected a number from 0, got " + std::to_string(request.samples));
  }
  if (request.points < 0 || request.points > 5000) {
    throw UsageError("--points: expected a number from 0 to 5000, got " + std::to_string(request.points));
  }
  return request;
}

// The report in the run's own folder is written anew each time; any other file is the user's.
fs::path output_file(const cxxopts::ParseResult& arguments, const ReportRequest& request) {
  const fs::path file = arguments["output"].as<std::string>();
  if (file.empty()) {
    return fs::path(request.folder) / "report.html";
  }
  if (fs::is_directory(file)) {
    throw UsageError("--output: expected a file such as " + (file / "report.html").string() + ", got a folder");
  }
  if (fs::exists(file) && arguments.count("overwrite") == 0) {
    throw UsageError(file.string() + " exists already; take another --output, or --overwrite");
  }
  return file;
}

int report(const cxxopts::ParseResult& arguments) {
  const ReportRequest request = read_request(arguments);
  const fs::path file = output_file(arguments, request);
  const ReportPage page = run_report(request, [](const std::string& what) {
    std::cerr << "report: left out: " << what << std::endl;
  });
  if (file.has_parent_path()) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) {
      throw DataError(file.parent_path().string() + ": cannot make the folder: " + error.message());
    }
  }
  write_text(file, html(page));
  std::cout << file.string() << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, report); }
