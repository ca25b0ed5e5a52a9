// The crew that begins: at the start, and at each reload beside the one that serves.
#include "posix/program/process_supervision.hpp"

#include "posix/program/waits.hpp"
#include "posix/program/worker_mode.hpp"

#include <pounce/posix/own_threads.hpp>

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <span>
#include <string>
#include <utility>

namespace pounce::inline v0::program {

namespace {

std::string processes_text(std::size_t number) {
  return std::to_string(number) + (number == 1 ? " worker process" : " worker processes");
}

}  // namespace

void ProcessSupervision::begin(Generation::Read read, std::uint64_t number, Instant now) {
  next_ = make_owned<Crew>(invocation_, lasting_, board_, std::move(read), number);
  if (!posix::are_all_threads_known() && !std::exchange(told_of_threads_, true)) {
    next_->speech().remark("warning",
                           "the application has started threads before on_start: worker processes do not have them");
  }
  if (auto opened = next_->listen(); !opened) {
    next_->speech().remark("error", opened.error());
    failure_.emplace(Refused{Exit::no_start, {}});
    return;
  }
  try {
    for (std::size_t i = 0; i < next_->wanted; ++i) start(*next_, i, now);
  } catch (const std::exception& error) {
    next_->speech().remark("error", std::string{"starting worker processes: "} + error.what());
    failure_.emplace(Refused{Exit::no_start, {}});
  }
}

// They serve when all are prepared, and take over when all serve.
void ProcessSupervision::tend_next(Instant now) {
  if (!next_) return;
  if (failure_) return give_up_next(now);
  auto& members = next_->members();
  if (members.size() != next_->wanted) return;
  const auto all = [&](Member::State state) {
    return std::ranges::all_of(members, [state](const auto& one) { return one->state == state; });
  };
  if (all(Member::State::prepared)) {
    for (const auto& member : members) {
      member->state = Member::State::starting;
      member->channel.post(Word::go);
    }
  } else if (all(Member::State::serving)) {
    serve_next(now);
  }
}

// Those who have been let in by it are served, or cut.
void ProcessSupervision::give_up_next(Instant now) {
  const Refused why = std::move(*std::exchange(failure_, std::nullopt));
  for (const auto& member : next_->members()) {
    Crew::dismiss(*member, Word::retire, after(now, next_->config().shutdown_timeout));
  }
  draining_.push_back(std::move(next_));
  if (current_) {
    current_->keep_listeners();
    return keep_current(why.lines);
  }
  print(STDERR_FILENO, why.lines);
  act(events::Action::drain);
  lasting_.listeners.close();
  lasting_.admin_listeners.close();
  verdict_ = why.exit;
}

void ProcessSupervision::serve_next(Instant now) {
  const bool first = !current_;
  next_->keep_listeners();
  std::swap(current_, next_);
  Owned<Crew> before = std::move(next_);
  budget_.allow(current_->config().worker_restarts);
  reload_wanted_ = (watch_ && watch_->has_seen_more()) || reload_wanted_;  // too late for it, perhaps
  watch_.emplace(current_->config());
  restarts_.clear();
  announce_by_ = first ? now : after(now, most_closing);
  if (first) {
    act(events::Action::prepared);
    act(events::Action::serve);
  } else {
    ++reloaded_;
    act(events::Action::reloaded);
    for (const auto& member : before->members()) {
      Crew::dismiss(*member, Word::retire, after(now, current_->config().reload_timeout));
    }
    draining_.push_back(std::move(before));
  }
  tell_board();
}

// Who connects when this has been said meets those who serve now: deploy scripts look at it right then.
void ProcessSupervision::tend_announcement(Instant now) {
  if (announce_by_ == never) return;
  const bool closed = std::ranges::all_of(draining_, [](const auto& crew) {
    return std::ranges::all_of(crew->members(), [](const auto& member) { return member->closed; });
  });
  if (closed || announce_by_ <= now) announce();
}

void ProcessSupervision::announce() {
  announce_by_ = never;
  const Speech& speech = current_->speech();
  speech.serving({.generation = current_->number(),
                  .workers = current_->wanted,
                  .processes = true,
                  .addresses = current_->addresses,
                  .admin = current_->admin});
  warn_of_doors(current_->config(), current_->config().admin_bind.empty() ? current_->addresses : current_->admin,
                speech);
  for (const std::string& line : remarks_on_shares(current_->config(), current_->wanted)) speech.remark("notice", line);
  if (current_->number() == 1 && current_->tls() != nullptr && !current_->tls()->fingerprint().empty()) {
    speech.remark("notice", "a certificate was made for this run, SHA-256 " + current_->tls()->fingerprint());
  }
  notifier_.ready(status_text(current_->number(), processes_text(current_->wanted), current_->addresses));
}

// --- reload ---

void ProcessSupervision::begin_reload() {
  if (!current_ || drain_.begun()) return;
  if (draining_.size() >= most_draining) {
    if (!std::exchange(told_of_waiting_, true)) {
      speech().remark("warning", "the reload waits: " + counted(draining_.size(), "generation") + " still drain");
    }
    return;
  }
  reload_wanted_ = told_of_waiting_ = false;
  const std::string what = "preparing " + generation_text(current_->number() + 1);
  act(events::Action::reload);
  notifier_.reloading(what);
  speech().remark("notice", "reloading: " + what);
  trial_.emplace(invocation_);
}

// What has passed its trial is read here, so that every worker of it, also one that is started again, has the same.
void ProcessSupervision::finish_trial(Instant now) {
  auto passed = trial_->result();
  trial_.reset();
  if (drain_.begun()) return;
  if (!passed) return keep_current(passed.error().lines);
  try {
    auto read = Generation::read(invocation_, current_->before_next());
    if (!read) return keep_current(read.error().lines);
    print(STDERR_FILENO, read->outcome.warnings);
    if (read->outcome.next == Outcome::Next::leave) return keep_current(read->outcome.text);
    if (!wants_processes(*read->outcome.config, *read->target)) {
      speech().remark("warning", "worker processes stay processes until the program is started again (--worker-mode)");
    }
    begin(std::move(*read), current_->number() + 1, now);
  } catch (const std::exception& error) {
    keep_current(std::string{config::program_name(invocation_.program)} + ": error: " + error.what() + "\n");
  }
}

void ProcessSupervision::keep_current(const std::string& lines) {
  if (drain_.begun()) return;
  ++refused_;
  act(events::Action::reloaded);
  tell_board();
  speech().pass_on(lines);
  speech().remark("error", "the reload failed: " + generation_text(current_->number()) + " goes on");
  notifier_.ready(status_text(current_->number(), processes_text(current_->wanted), current_->addresses));
}

void ProcessSupervision::retire_finished() {
  for (std::size_t i = 0; i < draining_.size();) {
    if (!draining_[i]->members().empty()) {
      ++i;
      continue;
    }
    const Owned<Crew> old = std::move(draining_[i]);
    draining_.erase(draining_.begin() + static_cast<std::ptrdiff_t>(i));
    ended_ += old->totals;
    if (!drain_.begun()) cut_before_ += old->totals.cut.connections;
    tell_board();
    if (!current_) continue;  // it never served
    current_->speech().retired(old->number(), old->totals);
  }
}

}  // namespace pounce::inline v0::program
