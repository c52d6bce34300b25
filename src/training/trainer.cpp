#include "gyroseg/training/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <utility>

#include <torch/types.h>

#include "gyroseg/config/read.h"
#include "gyroseg/data/class_weights.h"
#include "gyroseg/models/batch_norm.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/training/data_parallel.h"
#include "gyroseg/training/interrupt.h"
#include "gyroseg/training/schedule.h"
#include "loader_plan.h"

namespace gyroseg {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string step_note(std::int64_t epoch, double loss, double images_per_second) {
  char text[96];
  std::snprintf(text, sizeof text, "epoch %lld  loss %.4f  %.1f img/s",
                static_cast<long long>(epoch + 1), loss, images_per_second);
  return text;
}

}  // namespace

Trainer::Trainer(Config config, RunFolder run, TrainOptions options, std::ostream& table,
                 std::ostream& progress, ProcessGroup group)
    : config_(std::move(config)),
      group_(std::move(group)),
      run_(std::move(run)),
      options_(std::move(options)),
      progress_out_(progress),
      tree_(config_.hierarchy),
      train_set_(config_.data, tree_, "train"),
      val_set_(config_.data, tree_, "val"),
      train_(train_set_, loader_options(config_, group_, true)),
      val_(val_set_, loader_options(config_, group_, false)),
      train_evaluation_(config_.training.evaluate_train > 0
                            ? std::make_unique<Loader>(train_set_, evaluation_options(config_, group_))
                            : nullptr),
      model_(build_model(config_, tree_, &progress_out_)),
      criterion_(build_criterion(
          config_, tree_, model_,
          needs_class_counts(config_) ? class_counts(train_set_, config_.data.threads)
                                      : torch::Tensor())),
      decoder_(build_decoder(config_, tree_)),
      optimizer_(make_optimizer(config_.optimizer, *model_)),
      average_(config_.training.ema > 0
                   ? std::make_unique<WeightAverage>(*model_, config_.training.ema)
                   : nullptr),
      nonfinite_(run_.path, config_.training.max_nonfinite, group_.first()),
      log_(run_.metrics(), table, tree_.num_levels()) {
  start();
}

void Trainer::start() {
  if (options_.resume) {
    state_ = load_training(find_checkpoint(run_, "last", config_), objects());
    if (group_.first()) {
      log_.rewind(state_.step);
    }
    progress_out_ << "resuming at step " << state_.step << std::endl;
  } else if (!config_.training.init_from.empty()) {
    // Prototypes that the user gave are no start to be replaced.
    std::set<std::string> keep;
    if (!config_.classifier.prototypes.empty()) {
      keep.insert("classifier.prototypes");
    }
    progress_out_ << init_weights(config_.training.init_from, *model_, tree_, keep) << std::endl;
  }
  if (group_.first()) {
    const std::string shared = describe_shared(config_.data, "train", "val",
                                               shared_images(train_set_.files(), val_set_.files()));
    if (!shared.empty()) {
      progress_out_ << "warning: " << shared << std::endl;
    }
  }
  check_shares(config_, train_set_.size(), group_);
  state_.total_steps = steps_in_all(config_, train_);
  if (!options_.resume && group_.first()) {
    begin_run(run_, config_, options_.config_file);
  }
  if (config_.training.tensorboard && group_.first()) {
    events_ = std::make_unique<EventLog>(config_, tree_, val_set_, run_.events(), state_.step);
    shown_epoch_ = epoch();
  }
  if (!group_.alone()) {
    share_state(group_, *model_);
    if (config_.training.sync_batch_norm) {
      synchronise_batch_norm(*model_, [group = group_](torch::Tensor& t) { group.sum(t); });
    }
  }
}

TrainOutcome Trainer::run() {
  const InterruptGuard interrupt;
  Progress progress(progress_out_, options_.terminal, state_.total_steps, state_.step);
  const std::int64_t first_step = state_.step;
  const std::int64_t per_epoch = train_.batches_per_epoch();
  if (out_of_patience()) {  // resumed after its end
    return TrainOutcome::early_stop;
  }
  while (state_.step < state_.total_steps && !stop_asked_) {
    const Clock::time_point epoch_start = Clock::now();
    std::int64_t images = 0;
    train_.start_epoch(epoch(), state_.step % per_epoch);
    const std::int64_t this_epoch = epoch();
    double seconds_before = train_seconds_;
    Clock::time_point segment = epoch_start;
    while (std::optional<Batch> batch = train_.next()) {
      const double loss = step(*batch);
      if (nonfinite_.exhausted()) {
        return TrainOutcome::diverged;
      }
      images += batch->images.size(0) * group_.size();  // shares differ by one image at most
      train_seconds_ = seconds_before + seconds_since(segment);
      progress.update(state_.step, step_note(this_epoch, loss,
                                             static_cast<double>(images) / seconds_since(epoch_start)));
      stop_asked_ = stop_asked_ || (group_.alone() && InterruptGuard::requested()) ||
                    (options_.stop_after > 0 && state_.step - first_step >= options_.stop_after);
      if (validation_due()) {
        progress.clear();
        validate_and_save();
        seconds_before = 0;
        segment = Clock::now();
        if (out_of_patience()) {
          show_embedding();
          return TrainOutcome::early_stop;
        }
      }
      if (stop_asked_ || state_.step >= state_.total_steps) {
        break;
      }
    }
  }
  progress.clear();
  if (state_.step < state_.total_steps) {
    save_last();
    return TrainOutcome::interrupted;
  }
  show_embedding();
  return TrainOutcome::finished;
}

bool Trainer::out_of_patience() const {
  const int patience = config_.training.early_stopping;
  return patience > 0 && state_.stale_validations >= patience;
}

double Trainer::step(const Batch& batch) {
  model_->train();
  const torch::Device device(config_.device);
  const torch::Tensor labels = batch.labels.to(device);
  const double rate = learning_rate(config_.schedule, config_.optimizer.lr, state_.step,
                                    state_.total_steps);
  set_learning_rate(*optimizer_, rate);
  optimizer_->zero_grad();
  const BufferBackup before(*model_);
  const Prediction prediction = model_->forward(batch.images.to(device));
  const LossSum losses = criterion_({prediction.logits, prediction.embedding, prediction.auxiliary,
                                     labels, state_.step, state_.total_steps, config_.seed});
  // Whatever decides the course of the run is agreed on: no process may skip what another does.
  const JointLoss joint = agree(group_, losses, labels, InterruptGuard::requested());
  stop_asked_ = !group_.alone() && joint.stop;
  double loss = joint.total;
  double gradient_norm = 0;
  if (std::isfinite(loss)) {
    (group_.alone() ? losses.total : losses.total * joint.share).backward();
    sum_gradients(group_, *model_);
    gradient_norm = clip_gradients(model_->parameters(), config_.optimizer.clip_norm);
    loss = std::isfinite(gradient_norm) ? loss : std::numeric_limits<double>::quiet_NaN();
  }
  if (nonfinite_.reject(loss, batch, state_.step, progress_out_)) {
    before.restore();
  } else {
    optimizer_->step();
    if (average_) {
      average_->update(*model_);
      state_.ema_updates = average_->updates();
    }
    state_.losses["total"].add(loss);
    for (std::size_t i = 0; i < losses.terms.size(); ++i) {
      state_.losses[losses.terms[i].label].add(joint.terms[i]);
    }
    state_.losses["gradient_norm"].add(gradient_norm);
    if (events_) {
      events_->step(state_.step + 1, rate, loss, losses.terms, joint.terms);
    }
  }
  ++state_.step;
  return loss;
}

void Trainer::save_last() {
  if (group_.first() && config_.training.save_checkpoints) {
    save_training(run_.last(), objects(), state_, config_);
  }
}

void Trainer::save_best() {
  if (!group_.first() || !config_.training.save_checkpoints) {
    return;
  }
  save_weights(run_.best(), *model_, state_, config_);
  if (config_.training.link_best) {
    try {
      link_best(run_, config_);
    } catch (const CheckpointError& error) {  // the training is worth more than the link
      progress_out_ << "warning: " << error.what() << std::endl;
    }
  }
}

bool Trainer::validation_due() const {
  if (state_.step >= state_.total_steps) {
    return true;
  }
  const std::int64_t interval = config_.training.validate_every > 0
                                    ? config_.training.validate_every
                                    : train_.batches_per_epoch();
  return state_.step % interval == 0;
}

Validation Trainer::measure(Loader& loader) {
  loader.start_epoch(0);
  return validate(model_, [&loader] { return loader.next(); },
                  {tree_, decoder_, config_.decode, config_.metrics.background, &criterion_,
                   config_.seed, validation_inference(config_), group_});
}

void Trainer::validate_and_save() {
  const Clock::time_point start = Clock::now();
  if (average_) {
    average_->swap(*model_);
  }
  if (!config_.training.sync_batch_norm) {
    // Every process has running statistics of its own; those of rank 0 count, as in its checkpoint.
    share_state(group_, *model_);
  }
  const Validation validation = measure(val_);
  const double validation_seconds = seconds_since(start);
  const std::optional<Validation> train_evaluation =
      train_evaluation_ ? std::optional(measure(*train_evaluation_)) : std::nullopt;
  const double value = best_value(validation);
  const bool best = improves(value);
  if (best) {
    state_.best = value;
    state_.best_step = state_.step;
  }
  state_.stale_validations = best ? 0 : state_.stale_validations + 1;
  const std::map<std::string, Moments> train_losses = std::exchange(state_.losses, {});
  if (best) {
    save_best();
  }
  show_panels();
  keep_embedding();
  if (average_) {
    average_->swap(*model_);
  }
  if (group_.first()) {
    const LogEntry entry{
        static_cast<double>(state_.step) / static_cast<double>(train_.batches_per_epoch()),
        state_.step,
        learning_rate(config_.schedule, config_.optimizer.lr, state_.step - 1, state_.total_steps),
        train_losses, &validation, train_seconds_, validation_seconds, best,
        config_.embedding.learn_curvature ? std::optional<double>(model_->manifold()->curvature())
                                          : std::nullopt,
        count_parameters(*model_), train_evaluation ? &*train_evaluation : nullptr};
    log_.add(entry);
    if (events_) {
      events_->validation(entry);
    }
  }
  // After its line in the log: going on from here drops later lines, and writes no earlier one.
  save_last();
  if (!validation.collapsed.empty()) {
    progress_out_ << "warning: more than 99 % of the validation pixels are predicted as "
                  << validation.collapsed << "; class weights (check_data proposes some) or a lower "
                  << "learning rate may help" << std::endl;
  }
  train_seconds_ = 0;
}

double Trainer::best_value(const Validation& validation) const {
  const std::string& best = config_.training.best;
  if (best == "val_loss") {
    return validation.loss;
  }
  const std::string level = best.substr(best.find('@') + 1);
  const MetricsReport& report = validation.reports.front();
  const LevelReport& chosen =
      level == "leaf" ? report.levels.back() : report.levels.at(std::stoul(level) - 1);
  return chosen.miou.value_or(std::nan(""));
}

bool Trainer::improves(double value) const {
  if (!std::isfinite(value)) {
    return false;
  }
  if (state_.best_step < 0) {
    return true;
  }
  return config_.training.best == "val_loss" ? value < state_.best : value > state_.best;
}

}  // namespace gyroseg
