// embed_tree: places the nodes of a tree or edge list in an embedding space, and measures how well.
#include <algorithm>
#include <chrono>
#include <cxxopts.hpp>
#include <filesystem>
#include <iostream>

#include "gyroseg/data/image_io.h"
#include "gyroseg/embeddings/construction.h"
#include "gyroseg/embeddings/embedding_files.h"
#include "gyroseg/embeddings/learn.h"
#include "gyroseg/report/progress.h"
#include "manifolds/manifold.h"
#include "program.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options(
      "embed_tree",
      "Embeds a tree: learned (Nickel & Kiela 2017) or by construction (Sala et al. 2018).\n");
  const LearnOptions learn;
  const auto number = [](auto value) {
    return cxxopts::value<decltype(value)>()->default_value(
        json_number(static_cast<double>(value)));
  };
  options.add_options()("i,input",
                        "CSV with header id1,id2[,weight] (node, ancestor), or a tree of nested "
                        "names, .json or .yaml",
                        cxxopts::value<std::string>())(
      "o,output", "folder for coordinates.csv, tangent.csv, metrics.json",
      cxxopts::value<std::string>()->default_value(""))("overwrite",
                                                        "replace such files of an earlier run")(
      "space", "poincare | lorentz | euclidean | sphere",
      cxxopts::value<std::string>()->default_value("poincare"))(
      "dim", "dimensions", number(learn.dim))("curvature", "c of poincare and lorentz",
                                              number(1.0))(
      "method", "learned | construction (poincare only)",
      cxxopts::value<std::string>()->default_value("learned"));
  options.add_options("learned")("relations",
                                 "file: as they stand | closure: every node with every ancestor | "
                                 "auto: file for CSV, closure for a tree",
                                 cxxopts::value<std::string>()->default_value("auto"))(
      "epochs", "passes after burn-in", number(learn.epochs))("burn-in", "passes before",
                                                              number(learn.burn_in))(
      "burn-in-factor", "of the learning rate during burn-in", number(learn.burn_in_factor))(
      "lr", "learning rate", number(learn.lr))("negatives", "negatives of each relation",
                                               number(learn.negatives))(
      "batch-size", "relations a step", number(learn.batch_size))(
      "negative-power", "negatives ~ (relations of a node)^power; 0: uniform",
      number(learn.negative_power))(
      "initial-range", "coordinates start within it, about the origin",
      number(learn.initial_range))("seed", "of all that is drawn", number(learn.seed));
  options.add_options("construction")(
      "edge",
      "hyperbolic length of an edge; default: the longest that float64 coordinates can tell",
      cxxopts::value<double>())("distortion", "or the worst-case distortion wanted, > 1",
                                cxxopts::value<double>());
  return options;
}

/// What either method leaves.
struct Embedded {
  std::vector<std::vector<std::string>> points, tangents;
  DistanceRows distances;
  EmbeddingSettings settings;
};

Embedded learned(const cxxopts::ParseResult& arguments, const std::vector<Relation>& relations,
                 std::int64_t nodes) {
  LearnOptions o;
  o.dim = arguments["dim"].as<std::int64_t>();
  o.epochs = arguments["epochs"].as<std::int64_t>();
  o.burn_in = arguments["burn-in"].as<std::int64_t>();
  o.burn_in_factor = arguments["burn-in-factor"].as<double>();
  o.lr = arguments["lr"].as<double>();
  o.negatives = arguments["negatives"].as<std::int64_t>();
  o.batch_size = arguments["batch-size"].as<std::int64_t>();
  o.negative_power = arguments["negative-power"].as<double>();
  o.initial_range = arguments["initial-range"].as<double>();
  o.seed = arguments["seed"].as<std::uint64_t>();
  const auto space =
      make_manifold(arguments["space"].as<std::string>(), arguments["curvature"].as<double>());
  Progress progress(std::cerr, on_terminal(), o.burn_in + o.epochs);
  const auto start = std::chrono::steady_clock::now();
  const Learned result =
      learn_embedding(space, relations, nodes, o, [&](std::int64_t passes, double loss) {
        progress.update(passes, "loss " + json_number(std::round(1e4 * loss) / 1e4));
      });
  progress.clear();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cout << o.burn_in + o.epochs << " passes in " << seconds << " s, loss " << result.loss
            << "\n";
  if (result.projected > 0)
    std::cout << result.projected << " steps ended on the rim of the ball and were brought back\n";
  if (result.skipped > 0)
    std::cout << result.skipped << " relations left out: their nodes are related to all others\n";
  const auto rows = [space, points = result.points](std::int64_t begin, std::int64_t end) {
    return space->cdist(points.slice(0, begin, end), points);
  };
  EmbeddingSettings settings = {
      {"epochs", std::to_string(o.epochs)},
      {"burn_in", std::to_string(o.burn_in)},
      {"burn_in_factor", json_number(o.burn_in_factor)},
      {"lr", json_number(o.lr)},
      {"negatives", std::to_string(o.negatives)},
      {"batch_size", std::to_string(o.batch_size)},
      {"negative_power", json_number(o.negative_power)},
      {"initial_range", json_number(o.initial_range)},
      {"seed", std::to_string(o.seed)},
      {"loss", json_number(result.loss)},
      {"projected", std::to_string(result.projected)},
      {"seconds_per_pass", json_number(seconds / static_cast<double>(std::max<std::int64_t>(
                                                     1, o.burn_in + o.epochs)))}};
  return {decimal_cells(result.points), decimal_cells(space->unembed(result.points)), rows,
          settings};
}

Embedded constructed(const cxxopts::ParseResult& arguments, const Taxonomy& tree,
                     const std::vector<std::string>& names) {
  if (arguments["space"].as<std::string>() != "poincare")
    throw UsageError("--method construction: expected --space poincare, got " +
                     arguments["space"].as<std::string>());
  ConstructionOptions o;
  o.dim = arguments["dim"].as<std::int64_t>();
  o.curvature = arguments["curvature"].as<double>();
  if (arguments.count("edge") > 0) o.edge = arguments["edge"].as<double>();
  if (arguments.count("distortion") > 0) o.distortion = arguments["distortion"].as<double>();
  const Construction result = construct_embedding(tree, o);
  const std::string centre = result.centre < static_cast<std::int64_t>(names.size())
                                 ? names[result.centre]
                                 : "the unnamed root";
  std::cout << "edges of length " << result.edge << ", "
            << (o.edge         ? "as asked for"
                : o.distortion ? "the shortest for the distortion asked for"
                               : "the longest that float64 coordinates can tell")
            << "; centre " << centre << ", radius " << result.radius << ", " << result.digits
            << " digits a coordinate"
            << (result.digits > 17 ? " (float64 reads 17 of them: too few for the farthest nodes)"
                                   : "")
            << "\n";
  return {result.points,
          result.tangents,
          rows_of(result.distances),
          {{"edge", json_number(result.edge)},
           {"radius", json_number(result.radius)},
           {"digits", std::to_string(result.digits)},
           {"centre", json_text(centre)}}};
}

/// Refuses before any work to replace what an earlier run has left.
void claim(const std::filesystem::path& folder, bool overwrite) {
  for (const char* name : {"coordinates.csv", "tangent.csv", "metrics.json"}) {
    if (std::filesystem::exists(folder / name) && !overwrite)
      throw UsageError((folder / name).string() +
                       " is there already: name another --output, or --overwrite");
  }
  std::filesystem::create_directories(folder);
}

int embed(const cxxopts::ParseResult& arguments) {
  const auto text = [&](const char* name) { return arguments[name].as<std::string>(); };
  if (arguments.count("input") == 0) throw UsageError("expected --input FILE");
  const bool by_construction = text("method") == "construction";
  if (!by_construction && text("method") != "learned")
    throw UsageError("--method: expected learned | construction, got " + text("method"));
  const std::vector<std::string> kinds = {"auto", "file", "closure"};
  if (std::find(kinds.begin(), kinds.end(), text("relations")) == kinds.end())
    throw UsageError("--relations: expected auto | file | closure, got " + text("relations"));
  const std::filesystem::path output = text("output");
  if (!output.empty()) claim(output, arguments.count("overwrite") > 0);

  const RelationGraph graph = read_relations(text("input"));
  const Taxonomy tree = transitive_reduction(graph);
  const bool closed = text("relations") == "closure" ||
                      (text("relations") == "auto" && !graph.file.ends_with(".csv"));
  const std::vector<Relation> relations = closed ? transitive_closure(graph) : graph.relations;
  const auto nodes = static_cast<std::int64_t>(graph.names.size());
  std::cout << graph.file << ": " << nodes << " nodes, " << relations.size()
            << (closed ? " relations (closure)\n" : " relations\n");
  for (const std::string& note : tree.notes) std::cout << note << "\n";

  const Embedded embedded = by_construction ? constructed(arguments, tree, graph.names)
                                            : learned(arguments, relations, nodes);
  const EmbeddingQuality quality = measure_embedding(embedded.distances, relations, tree);
  std::cout << "\n" << quality_table(quality, false);
  if (output.empty()) return 0;
  EmbeddingSettings settings = {
      {"input", json_text(std::filesystem::path(graph.file).filename().string())},
      {"nodes", std::to_string(nodes)},
      {"relations", std::to_string(relations.size())},
      {"closed", closed ? "true" : "false"},
      {"notes", json_list(tree.notes)},
      {"method", json_text(text("method"))},
      {"space", json_text(text("space"))},
      {"dim", std::to_string(arguments["dim"].as<std::int64_t>())},
      {"curvature", json_number(arguments["curvature"].as<double>())}};
  settings.insert(settings.end(), embedded.settings.begin(), embedded.settings.end());
  write_coordinates(output / "coordinates.csv", graph.names, embedded.points);
  write_coordinates(output / "tangent.csv", graph.names, embedded.tangents);
  write_embedding_metrics(output / "metrics.json", settings, quality);
  std::cerr << "written to " << output.string() << ": coordinates.csv, tangent.csv, metrics.json\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(command_line(), argc, argv, [](const cxxopts::ParseResult& arguments) {
    try {
      return embed(arguments);
    } catch (const c10::ValueError& error) {
      throw UsageError(error.what_without_backtrace());  // options out of range
    }
  });
}
