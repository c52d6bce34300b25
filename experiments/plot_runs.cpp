// plot_runs: curves, confusion matrices and image / prediction / truth panels of one or several runs.
#include <cxxopts.hpp>
#include <iostream>

#include "figure_folder.h"
#include "program.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("plot_runs", "Draws one or several runs of train, each figure as SVG and PNG: loss and mIoU curves, confusion\n"
                           "matrices of evaluate, and panels of images, predictions and truth.\n");
  add_figure_options(options, "figures", 4);
  return options;
}

int plot(const cxxopts::ParseResult& arguments) {
  const FigureRequest request = read_figures(arguments);
  FigureFolder folder(arguments, request.folders, "figures");
  draw_runs(request, {[&](const std::string& name, const Svg& figure) { folder.add(name, figure); },
                      [](const std::string& what) {
                        std::cerr << "plot_runs: left out: " << what << std::endl;
                      }});
  folder.finish();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, plot); }
