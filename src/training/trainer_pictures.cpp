// What a training shows and keeps besides its figures: panels, snapshots of the embedding, the projector's.
#include <torch/types.h>

#include "gyroseg/training/embedding_snapshot.h"
#include "gyroseg/training/trainer.h"

namespace gyroseg {

// With the weights that are validated. At the first validation after an epoch's end, and at the last one.
void Trainer::show_panels() {
  if (events_ && (epoch() > shown_epoch_ || state_.step >= state_.total_steps)) {
    shown_epoch_ = epoch();
    events_->panels(model_, decoder_, state_.step);
  }
}

// With the weights that are validated.
void Trainer::keep_embedding() {
  if (!group_.first() || config_.training.embedding_snapshots == 0) {
    return;
  }
  const EmbeddingNetwork network = {model_, decoder_, config_, tree_};
  const std::optional<PixelEmbeddings> pixels = sample_pixel_embeddings(
      network, val_set_, {config_.training.embedding_snapshots, kSnapshotImages, 0});
  if (pixels) {
    const double epochs =
        static_cast<double>(state_.step) / static_cast<double>(train_.batches_per_epoch());
    write_snapshot(run_.embeddings(), {state_.step, epochs, *pixels, class_prototypes(network, *pixels)});
  }
}

void Trainer::show_embedding() {
  if (!events_) {
    return;
  }
  if (average_) {
    average_->swap(*model_);
  }
  events_->embedding(model_, decoder_);
  if (average_) {
    average_->swap(*model_);
  }
}

}  // namespace gyroseg
