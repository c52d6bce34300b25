#include "same_network.h"

#include <algorithm>
#include <sstream>

#include "gyroseg/config/read.h"
#include "gyroseg/losses/criterion.h"

namespace gyroseg {
namespace {

// `trained` with the network of `given`.
Config with_network_of(const Config& given, const Config& trained) {
  Config config = trained;
  config.model = given.model;
  config.model.pretrained = trained.model.pretrained;
  config.model.auxiliary_weight = trained.model.auxiliary_weight;
  config.model.auxiliary_head = trained.model.auxiliary_head;
  config.classifier = given.classifier;
  config.classifier.prototypes = trained.classifier.prototypes;
  if (trained.classifier.input == "embedding" || Criterion::needs_embedding(trained.loss)) {
    config.embedding = given.embedding;
    if (trained.embedding.learn_curvature) {
      config.embedding.curvature = trained.embedding.curvature;
    }
  }
  return config;
}

std::string without_indent(const std::string& line) {
  return line.substr(std::min(line.find_first_not_of(' '), line.size()));
}

}  // namespace

bool same_channels(const Hierarchy& a, const Hierarchy& b, bool all_nodes) {
  bool same = a.num_leaves() == b.num_leaves() && (!all_nodes || a.num_nodes() == b.num_nodes());
  const int channels = all_nodes ? a.num_nodes() : a.num_leaves();
  for (int node = 0; same && node < channels; ++node) {
    same = a.path(node) == b.path(node) && (!all_nodes || a.depth(node) == b.depth(node));
  }
  return same;
}

std::string network_difference(const Config& given, const Config& trained) {
  if (!same_channels(Hierarchy(given.hierarchy), Hierarchy(trained.hierarchy),
                     trained.classifier.nodes == "all")) {
    return "hierarchy: other classes, or in another order, than it was trained with";
  }
  std::istringstream ours(write_config(with_network_of(given, trained)));
  std::istringstream theirs(write_config(trained));
  std::string section;
  std::string line;
  std::string expected;
  while (std::getline(ours, line)) {
    std::getline(theirs, expected);
    section = line.starts_with(' ') ? section : line;
    if (line != expected) {
      return (line.starts_with(' ') ? section + " " : "") + without_indent(line) + "; it was trained with " +
             without_indent(expected);
    }
  }
  return "";
}

}  // namespace gyroseg
