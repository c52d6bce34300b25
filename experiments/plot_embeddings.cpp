// plot_embeddings: where one or several runs embed pixels and classes, what the radius tells, and all that
// plot_runs draws.
#include <cxxopts.hpp>
#include <iostream>

#include "figure_folder.h"
#include "gyroseg/training/embedding_figures.h"
#include "program.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("plot_embeddings", "Draws the embeddings of one or several runs of train, each figure as SVG and PNG: pixels and class\n"
                           "prototypes with geodesic tree edges (the coordinates also as CSV), distances from the origin by depth and\n"
                           "by class, uncertainty maps; and the curves, confusion matrices and panels of plot_runs.\n");
  add_figure_options(options, "embedding_figures", 3);
  options.add_options()
      ("points", "pixels at most, the same number of each leaf", cxxopts::value<int>()->default_value("5000"))
      ("projection", "auto | plane (a 2-D head as it is) | tangent_pca | horo_pca; auto: plane for 2-D heads, horo_pca for other hyperbolic ones, else tangent_pca",
       cxxopts::value<std::string>()->default_value("auto"));
  return options;
}

EmbeddingFigureRequest read_request(const cxxopts::ParseResult& arguments) {
  EmbeddingFigureRequest request{read_figures(arguments)};
  request.points = number_from(arguments, "points", 1);
  request.projection = projection_of(one_of(arguments, "projection", {"auto", "plane", "tangent_pca", "horo_pca"}));
  return request;
}

int plot(const cxxopts::ParseResult& arguments) {
  const EmbeddingFigureRequest request = read_request(arguments);
  FigureFolder folder(arguments, request.folders, "embedding_figures");
  EmbeddingSink sink;
  sink.add = [&](const std::string& name, const Svg& figure) { folder.add(name, figure); };
  sink.table = [&](const std::string& name, const std::string& csv) { folder.add_csv(name, csv); };
  sink.miss = [](const std::string& what) { std::cerr << "plot_embeddings: left out: " << what << std::endl; };
  draw_embeddings(request, sink);
  folder.finish();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, plot); }
