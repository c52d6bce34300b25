#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// One level that a term is applied at.
struct TermLevel {
  int k = 0;
  double weight = 1.0;
  torch::Tensor class_weights;  ///< [n_k], or undefined: all 1
};

/// A term of the config, with what the tree and the training masks add to it.
struct Term {
  LossConfig config;
  std::string label;              ///< key in logs
  std::vector<TermLevel> levels;  ///< none for a loss of the whole tree
};

}  // namespace gyroseg
