#include "posix/program/process_supervision.hpp"

#include "posix/program/descriptors.hpp"
#include "posix/program/waits.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace pounce::inline v0::program {

namespace {

std::string end_of(int status) {
  return WIFSIGNALED(status) ? "was ended by signal " + std::to_string(WTERMSIG(status))
                             : "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

ProcessSupervision::ProcessSupervision(const Invocation& invocation, Lasting& lasting, Board& board, Signals& signals)
    : invocation_(invocation), lasting_(lasting), board_(board), signals_(signals) {
  board_.use_meters(lasting_.metering);
  allow_descriptors(2 * std::size_t{most_workers} + 256);  // a channel for each member of two crews, and some more
}

Exit ProcessSupervision::run(Generation::Read first) {
  act(events::Action::start);
  begin(std::move(first), 1, posix::monotonic_now());
  while (turn()) {
  }
  return finish();
}

void ProcessSupervision::act(events::Action action) { board_.state(lasting_.life.act(action)); }

void ProcessSupervision::tell_board() {
  board_.generations(current_ ? current_->number() : 0, draining_.size(), reloaded_, refused_);
}

const Speech& ProcessSupervision::speech() const { return current_->speech(); }

bool ProcessSupervision::turn() {
  wait();
  const Instant now = posix::monotonic_now();
  notifier_.tend(now);
  take_signals(now);  // first: a signal to all processes is a drain, and none of the workers' wishes
  hear();
  replace_leavers(now);
  reap(now);
  tend_next(now);
  tend_announcement(now);
  tend_members(now);
  tend(now);
  retire_finished();
  if (trial_ && trial_->read(now)) finish_trial(now);
  if (reload_wanted_ && !trial_ && !next_ && announce_by_ == never) begin_reload();
  if (next_ || !draining_.empty()) return true;
  return current_ && !(drain_.begun() && current_->members().empty());
}

void ProcessSupervision::wait() {
  std::vector<pollfd> waits{{signals_.descriptor(), POLLIN, 0}};
  Instant next = std::min({drain_.next(), accept_until_, notifier_.next(), announce_by_});
  if (watch_) next = std::min(next, watch_->next());
  if (trial_) {
    waits.push_back({trial_->descriptor(), POLLIN, 0});
    next = trial_->descriptor() < 0 ? Instant{} : std::min(next, trial_->until());
  }
  for (const Restart& one : restarts_) next = std::min(next, one.at);
  each_crew([&](Crew& crew) {
    for (const auto& member : crew.members()) {
      const auto events = static_cast<short>(member->channel.has_unsent() ? POLLIN | POLLOUT : POLLIN);
      waits.push_back({member->channel.descriptor(), events, 0});
      next = std::min({next, member->due, member->kill_at});
    }
  });
  if (current_ && current_->tls() != nullptr) next = std::min(next, current_->tls()->next());
  if (failure_) next = Instant{};
  (void)::poll(waits.data(), waits.size(), milliseconds_until(next));
}

// What is due.
void ProcessSupervision::tend(Instant now) {
  if (current_ && current_->tls() != nullptr) {
    TlsFiles& tls = *current_->tls();
    const tls::TicketKey before = tls.ticket_key();
    if (tls.tend(now)) {
      for (const TlsFiles::Note& note : tls.reload()) current_->speech().remark(note.level, note.text);
      current_->tell(Word::certificates);
    }
    // One key for all: a client comes back to any of them. Those of a file they have read themselves.
    if (const tls::TicketKey key = tls.ticket_key();
        !current_->config().tls_ticket_keys && std::memcmp(&key, &before, sizeof key) != 0) {
      current_->tell(Word::ticket_key, {reinterpret_cast<const char*>(&key), sizeof key});
    }
  }
  if (watch_ && watch_->tend(now) && !drain_.begun()) reload_wanted_ = true;
  if (accept_until_ <= now) stop_accepting(now);
  if (drain_.is_over(now)) {
    cut(now);
  } else if (drain_.begun()) {
    drain_.look(now, board_.connections(), speech());
  }
}

void ProcessSupervision::take_signals(Instant now) {
  for (Signal signal = signals_.next(); signal != Signal::none; signal = signals_.next()) {
    switch (signal) {
      case Signal::child: break;  // `reap` looks
      case Signal::reopen: each_crew([](Crew& crew) { crew.tell(Word::reopen); }); break;
      case Signal::more: add_one(now); break;
      case Signal::fewer: remove_one(now); break;
      case Signal::reload:
        if (!has_lost_its_terminal()) {
          reload_wanted_ = !drain_.begun();
          break;
        }
        [[fallthrough]];
      default:
        if (drain_.begun()) {
          cut(now);
        } else {
          begin_drain(now);
        }
    }
  }
}

// --- members ---

void ProcessSupervision::start(Crew& crew, std::size_t index, Instant now) {
  std::vector<Crew*> others;
  each_crew([&](Crew& other) {
    if (&other != &crew) others.push_back(&other);
  });
  crew.add(index, free_ids(crew.ids()), forked_++, others, now);
}

void ProcessSupervision::hear() {
  each_crew([](Crew& crew) {
    for (const auto& member : crew.members()) crew.listen_to(*member);
  });
}

void ProcessSupervision::reap(Instant now) {
  each_crew([&](Crew& crew) {
    auto& members = crew.members();
    for (std::size_t i = 0; i < members.size();) {
      int status = 0;
      if (::waitpid(members[i]->process, &status, WNOHANG) == members[i]->process) {
        Owned<Member> member = std::move(members[i]);
        members.erase(members.begin() + static_cast<std::ptrdiff_t>(i));
        bury(crew, std::move(member), status, now);
      } else {
        ++i;
      }
    }
  });
}

void ProcessSupervision::bury(Crew& crew, Owned<Member> member, int status, Instant now) {
  crew.listen_to(*member);
  const Board::Left left = board_.close(member->first_id, crew.ids());
  crew.totals += member->ending.totals;
  if (!member->reported) crew.totals.requests += left.requests;  // a moment old
  stop_failed_ = stop_failed_ || member->ending.failed != 0;
  if (member->state == Member::State::leaving || drain_.begun()) {
    if (member->reported) return;
    crew.totals.cut.connections += left.connections;
    if (member->killed || member->failed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return;
    died_leaving_ = died_leaving_ || drain_.begun();
    crew.speech().remark(
        "error", "worker process " + std::to_string(member->process) + " " + end_of(status) + " before it had drained");
    return;
  }
  if (&crew == next_.get()) {
    if (failure_) return;  // one is enough
    if (!member->failed) crew.speech().remark("error", "a worker process " + end_of(status) + " before it was ready");
    failure_.emplace(Refused{member->failed ? member->exit : Exit::no_start, std::move(member->last_words)});
    return;
  }
  if (&crew != current_.get()) return;
  if (!member->wants_to_leave) return has_died(*member, status, now);
  replace(*member, now);  // it was told to end before it served anybody
}

// Somebody has told a worker alone to end: it ends as well as it can, and another one takes its place at once.
void ProcessSupervision::replace_leavers(Instant now) {
  if (!current_ || drain_.begun()) return;
  for (const auto& member : current_->members()) {
    if (member->state != Member::State::serving || !std::exchange(member->wants_to_leave, false)) continue;
    Crew::dismiss(*member, Word::retire, after(now, current_->config().shutdown_timeout));
    replace(*member, now);
  }
}

void ProcessSupervision::replace(const Member& member, Instant now) {
  current_->speech().remark(
      "notice", "worker process " + std::to_string(member.process) + " was told to end; another one begins");
  restarts_.push_back({member.index, now});
}

// It was not asked to.
void ProcessSupervision::has_died(const Member& member, int status, Instant now) {
  board_.count_death();
  const Speech& speech = current_->speech();
  speech.pass_on(member.last_words);
  const std::string what = "worker process " + std::to_string(member.process) + " " + end_of(status);
  budget_.allow(current_->config().worker_restarts);
  const Instant at = budget_.spend(now);
  if (at != never) {
    speech.remark("error", what + "; it is started again");
    restarts_.push_back({member.index, at});
    return;
  }
  speech.remark("error", what + ": more than " + std::to_string(current_->config().worker_restarts) +
                             " within a minute (--worker-restarts), the program ends");
  verdict_ = Exit::failed;
  begin_drain(now);
}

void ProcessSupervision::tend_members(Instant now) {
  each_crew([&](Crew& crew) {
    for (const auto& member : crew.members()) {
      // One that was started again does not wait for others.
      if (&crew == current_.get() && member->state == Member::State::prepared) {
        member->state = Member::State::starting;
        member->channel.post(Word::go);
      }
      if (member->kill_at <= now) {
        member->kill_at = never;
        if (!member->reported) {
          left_behind_ = left_behind_ || drain_.begun();
          crew.speech().remark("error", "worker process " + std::to_string(member->process) +
                                            " is killed: " + (member->in_hook ? "on_start" : "a handler, or a hook,") +
                                            " has not returned");
        }
        member->killed = true;
        ::kill(member->process, SIGKILL);
      }
      if (member->due > now) continue;
      member->due = never;
      if (member->state == Member::State::leaving) {
        Crew::cut(*member, now);
      } else {
        crew.speech().remark("error", "worker process " + std::to_string(member->process) +
                                          " was not ready in time (--worker-start-timeout)");
        ::kill(member->process, SIGKILL);
      }
    }
  });
  if (!current_ || drain_.begun()) return restarts_.clear();
  for (std::size_t i = 0; i < restarts_.size();) {
    if (restarts_[i].at > now) {
      ++i;
      continue;
    }
    const Restart due = restarts_[i];
    restarts_.erase(restarts_.begin() + static_cast<std::ptrdiff_t>(i));
    try {
      start(*current_, due.index, now);
    } catch (const std::exception& error) {
      // No memory, or no more processes: that may pass.
      current_->speech().remark("warning", std::string{"starting a worker process: "} + error.what());
      restarts_.push_back({due.index, after(now, RestartBudget::most_wait)});
      return;
    }
  }
}

void ProcessSupervision::add_one(Instant now) {
  if (!current_ || drain_.begun() || current_->wanted >= most_workers) return;
  std::size_t index = 0;
  const auto is_taken = [&](std::size_t one) {
    return std::ranges::any_of(
               current_->members(),
               [one](const auto& member) { return member->index == one && member->state != Member::State::leaving; }) ||
           std::ranges::any_of(restarts_, [one](const Restart& restart) { return restart.index == one; });
  };
  while (is_taken(index)) ++index;
  restarts_.push_back({index, now});
  current_->speech().remark("notice", "one worker process more: " + std::to_string(current_->wanted + 1));
  current_->want(current_->wanted + 1);
}

void ProcessSupervision::remove_one(Instant now) {
  if (!current_ || drain_.begun()) return;
  if (current_->wanted == 1) return current_->speech().remark("notice", "the last worker process stays");
  current_->speech().remark("notice", "one worker process less: " + std::to_string(current_->wanted - 1));
  dismiss_one(now);
  current_->want(current_->wanted - 1);
}

// The last that has come, or is to come.
void ProcessSupervision::dismiss_one(Instant now) {
  if (!restarts_.empty()) return restarts_.pop_back();
  auto& members = current_->members();
  const auto last = std::max_element(members.begin(), members.end(), [](const auto& left, const auto& right) {
    const auto rank = [](const Member& one) { return one.state == Member::State::leaving ? 0 : one.index + 1; };
    return rank(*left) < rank(*right);
  });
  if (last == members.end()) return;
  Crew::dismiss(**last, Word::retire, after(now, current_->config().reload_timeout));
}

// --- the end ---

void ProcessSupervision::begin_drain(Instant now) {
  reload_wanted_ = false;
  trial_.reset();
  if (!current_ && failure_) return give_up_next(now);
  failure_.reset();
  // What was cut until now was cut by deadlines of its own.
  if (current_) cut_before_ += current_->totals.cut.connections;
  for (const auto& crew : draining_) cut_before_ += crew->totals.cut.connections;
  if (!current_ && !next_) {  // it has failed to start
    for (const auto& crew : draining_) {
      for (const auto& member : crew->members()) Crew::cut(*member, now);
    }
    return;
  }
  if (!current_) {  // nobody has been let in yet
    act(events::Action::drain);
    verdict_ = Exit::clean;
    for (const auto& member : next_->members()) Crew::dismiss(*member, Word::retire, never);
    std::swap(current_, next_);
    drain_.begin(now, current_->config().shutdown_timeout, 0, current_->speech());
    return stop_accepting(now);
  }
  if (announce_by_ != never) announce();
  if (next_) {
    for (const auto& member : next_->members()) Crew::dismiss(*member, Word::retire, never);
    draining_.push_back(std::move(next_));
  }
  const config::Config& config = current_->config();
  const std::uint64_t connections = board_.connections();
  act(events::Action::drain);
  notifier_.stopping("draining " + counted(connections, "connection"),
                     config.shutdown_timeout + std::chrono::seconds{5});
  drain_.begin(now, config.shutdown_timeout, connections, speech());
  current_->tell(Word::tell_drain);
  if (config.drain_delay) {
    accept_until_ = after(now, *config.drain_delay);
  } else {
    stop_accepting(now);
  }
}

void ProcessSupervision::stop_accepting(Instant) {
  accept_until_ = never;
  if (std::exchange(stopped_accepting_, true)) return;
  lasting_.listeners.close();  // those of --admin-bind stay: somebody may ask how far it is
  for (const auto& member : current_->members()) Crew::dismiss(*member, Word::stop, never);
}

void ProcessSupervision::cut(Instant now) {
  stop_accepting(now);
  drain_.cut();
  for (const auto& member : current_->members()) Crew::cut(*member, now);
  for (const auto& crew : draining_) {
    for (const auto& member : crew->members()) Crew::cut(*member, now);
  }
}

Exit ProcessSupervision::finish() {
  act(events::Action::stop);
  if (!current_) return verdict_.value_or(Exit::no_start);
  ended_ += current_->totals;
  speech().stopped(ended_);
  if (verdict_ == Exit::failed) return Exit::failed;
  if (ended_.cut.connections != cut_before_ || left_behind_) return Exit::cut_at_drain;
  return stop_failed_ || died_leaving_ ? Exit::failed : Exit::clean;
}

events::WorkerId ProcessSupervision::free_ids(std::uint32_t count) {
  events::WorkerId first = 0;
  for (bool moved = true; moved;) {
    moved = false;
    each_crew([&](Crew& crew) {
      for (const auto& member : crew.members()) {
        if (member->first_id >= first + count || member->first_id + crew.ids() <= first) continue;
        first = member->first_id + crew.ids();
        moved = true;
      }
    });
  }
  return first;
}

}  // namespace pounce::inline v0::program
