#pragma once

#include <string>
#include <vector>

#include "loss_batch.h"

namespace gyroseg::losses {

struct Measured {
  torch::Tensor value;       ///< scalar, unweighted
  std::int64_t support = 0;  ///< as LossTerm::support
};

/// One loss of the config by its name. Exactly one of the two functions is there.
struct TermKind {
  std::string name;
  /// Of the classes of one level; a term is the weighted sum over its levels.
  torch::Tensor (*at_level)(const Term&, const TermLevel&, LossBatch&) = nullptr;
  /// Of the whole tree.
  Measured (*of_tree)(const Term&, LossBatch&) = nullptr;
};

/// Every loss.
[[nodiscard]] const std::vector<TermKind>& term_kinds();

/// The value of a term whose name is one of term_kinds.
[[nodiscard]] Measured measure(const Term& term, LossBatch& batch);

}  // namespace gyroseg::losses
