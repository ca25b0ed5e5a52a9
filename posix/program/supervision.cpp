#include "posix/program/supervision.hpp"

#include "posix/program/hook_watch.hpp"
#include "posix/program/waits.hpp"

#include <pounce/posix/clock.hpp>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace pounce::inline v0::program {

bool has_lost_its_terminal() {
  pollfd look{STDERR_FILENO, 0, 0};
  struct stat what{};  // a pipe or a socket hangs up, too, when a reader of logs is started again
  return ::poll(&look, 1, 0) == 1 && (look.revents & POLLHUP) != 0 && ::fstat(STDERR_FILENO, &what) == 0 &&
         S_ISCHR(what.st_mode) && ::isatty(STDERR_FILENO) == 0;
}

Exit Supervision::run() {
  if (auto started = current_->start(0); !started) {
    lasting_.life.act(events::Action::drain);
    print(STDERR_FILENO, started.error().lines);
    (void)end_unserved(signals_, *current_, never);
    return started.error().exit;
  }
  lasting_.generations.current.store(1, std::memory_order_relaxed);
  lasting_.life.act(events::Action::prepared);
  lasting_.life.act(events::Action::serve);
  current_->say_serving();
  notifier_.ready(current_->status());
  while (turn()) {
  }
  return finish();
}

Exit Supervision::end_unserved(Lasting& lasting, Signals& signals, Generation& first) {
  lasting.life.act(events::Action::drain);
  const bool well = end_unserved(signals, first, after(posix::monotonic_now(), first.config().shutdown_timeout));
  first.speech().stopped({});
  return well ? Exit::clean : Exit::failed;
}

bool Supervision::turn() {
  wait();
  const Instant now = posix::monotonic_now();
  notifier_.tend(now);
  if (preparation_ && is_readable(preparation_->descriptor())) finish_preparation(now);
  take_signals(now);
  tend(now);
  retire_finished();
  if (reload_wanted_ && !preparation_) begin_reload();
  const bool is_over = departure_ && departure_->tend();
  if (is_over && draining_.empty() && (!preparation_ || drain_.was_cut())) return false;
  if (give_up_at_ <= now) give_up(is_over);
  return true;
}

void Supervision::wait() {
  std::vector<pollfd> waits{{signals_.descriptor(), POLLIN, 0},
                            {hooks_returned_.descriptor(), POLLIN, 0},
                            {departure_ ? departure_->descriptor() : -1, POLLIN, 0}};
  Instant next =
      std::min({drain_.next(), accept_until_, give_up_at_, preparation_late_at_, notifier_.next(), watch_.next()});
  if (TlsFiles* const tls = current_->tls(); tls != nullptr) next = std::min(next, tls->next());
  if (preparation_) waits.push_back({preparation_->descriptor(), POLLIN, 0});
  for (const Draining& one : draining_) {
    waits.push_back({one.departure->descriptor(), POLLIN, 0});
    next = std::min({next, one.cut_at, one.late_at});
  }
  (void)::poll(waits.data(), waits.size(), milliseconds_until(next));
  hooks_returned_.drain();
}

// What is due.
void Supervision::tend(Instant now) {
  if (TlsFiles* const tls = current_->tls(); tls != nullptr && tls->tend(now)) read_certificates_again();
  if (watch_.tend(now)) want_reload();
  if (accept_until_ <= now) stop_accepting();
  if (preparation_late_at_ <= now) {
    preparation_late_at_ = never;
    current_->speech().remark("warning", generation_text(current_->number() + 1) +
                                             " is not prepared in time (--worker-start-timeout): its on_start has not "
                                             "returned, and there is no other reload until it has");
  }
  if (drain_.is_over(now)) {
    cut();
  } else if (drain_.begun()) {
    drain_.look(now, connections(), current_->speech());
  }
  for (Draining& one : draining_) {
    if (one.cut_at <= now) {
      one.cut_at = never;
      one.late_at = after(now, most_dying);
      one.generation->cut();
    } else if (one.late_at <= now) {
      one.late_at = never;
      current_->speech().remark("warning", one.departure->obstacle() + " has not returned: the generation stays");
    }
  }
}

void Supervision::take_signals(Instant now) {
  for (Signal signal = signals_.next(); signal != Signal::none; signal = signals_.next()) {
    if (signal == Signal::reopen) {
      current_->observation().reopen();
      for (const Draining& one : draining_) one.generation->observation().reopen();
    } else if (signal == Signal::reload && !has_lost_its_terminal()) {
      lasting_.workers.reset();
      want_reload();
    } else if (signal == Signal::more || signal == Signal::fewer) {
      want_workers(signal == Signal::more ? 1 : -1);
    } else if (drain_.begun()) {
      cut();
    } else {
      begin_drain(now);
    }
  }
}

// --- the end ---

void Supervision::begin_drain(Instant now) {
  reload_wanted_ = false;
  const config::Config& config = current_->config();
  lasting_.life.act(events::Action::drain);
  if (preparation_) preparation_->abandon();
  preparation_late_at_ = never;
  notifier_.stopping("draining " + counted(connections(), "connection"),
                     config.shutdown_timeout + std::chrono::seconds{5});
  drain_.begin(now, config.shutdown_timeout, connections(), current_->speech());
  departure_ = make_owned<Departure>(*current_, hooks_returned_);
  if (config.drain_delay) {
    accept_until_ = after(now, *config.drain_delay);
  } else {
    stop_accepting();
  }
}

void Supervision::stop_accepting() {
  accept_until_ = never;
  lasting_.listeners.close();
  current_->drain(Drain::prompt);
}

void Supervision::cut() {
  if (drain_.was_cut()) return;
  stop_accepting();
  drain_.cut();
  give_up_at_ = after(posix::monotonic_now(), most_dying);
  current_->cut();
  for (const Draining& one : draining_) one.generation->cut();
}

// What has been cut does not return. The last line would count what only those who have not ended know: there is none.
void Supervision::give_up(bool current_is_over) {
  std::string what;
  const auto name = [&what](const Departure& one) { what.append(what.empty() ? "" : ", ").append(one.obstacle()); };
  for (const Draining& one : draining_) name(*one.departure);
  if (!current_is_over) name(*departure_);
  lasting_.admin_listeners.close();
  close_logs();
  leave_behind(current_->speech(), what);
}

Exit Supervision::finish() {
  lasting_.life.act(events::Action::stop);
  ended_ += departure_->totals();
  const std::string& error = departure_->error();
  current_->speech().stopped(ended_);
  const Exit exit = ended_.cut.connections != cut_before_ ? Exit::cut_at_drain : Exit::clean;
  if (!error.empty()) current_->speech().remark("error", error);
  if (preparation_ && is_readable(preparation_->descriptor())) {
    if (const Preparation::Result result = std::exchange(preparation_, nullptr)->take(); result) {
      end_unserved(signals_, **result, after(posix::monotonic_now(), most_dying));
    }
  }
  if (preparation_) {
    close_logs();
    leave_behind(current_->speech(), "on_start of " + generation_text(current_->number() + 1));
  }
  if (error.empty()) return exit;
  return exit == Exit::clean ? Exit::failed : exit;
}

// What they hold is written.
void Supervision::close_logs() {
  for (const SharedLog* const log : {&lasting_.logs.access, &lasting_.logs.events}) {
    if (log->writer) log->writer->close();
  }
}

std::size_t Supervision::connections() const {
  std::size_t all = current_->runtime().connections();
  for (const Draining& one : draining_) all += one.generation->runtime().connections();
  return all;
}

// --- reload ---

void Supervision::want_reload() {
  if (drain_.begun()) return;
  // Its hooks and routes belong to the one that linked it.
  if (invocation_.linked != nullptr) return read_certificates_again();
  reload_wanted_ = true;
}

// A runtime has the threads that it began with: another number is another generation.
void Supervision::want_workers(int more) {
  if (drain_.begun() || preparation_ || invocation_.linked != nullptr) {
    return current_->speech().remark(
        "notice",
        "the number of workers stays: " + std::string{invocation_.linked != nullptr ? "the application is linked in"
                                                                                    : "something else is under way"});
  }
  const unsigned now = lasting_.workers.value_or(static_cast<unsigned>(current_->runtime().workers()));
  const unsigned wanted = more > 0 ? std::min(now + 1, most_workers) : std::max(now, 2U) - 1;
  if (wanted == now) return current_->speech().remark("notice", "the last worker stays");
  lasting_.workers = wanted;
  current_->speech().remark("notice", counted(wanted, "worker") + " from now on");
  reload_wanted_ = true;
}

void Supervision::begin_reload() {
  if (draining_.size() >= most_draining) {
    if (!std::exchange(told_of_waiting_, true)) {
      current_->speech().remark("warning",
                                "the reload waits: " + counted(draining_.size(), "generation") + " still drain");
    }
    return;
  }
  reload_wanted_ = told_of_waiting_ = false;
  const std::uint64_t number = current_->number() + 1;
  lasting_.life.act(events::Action::reload);
  notifier_.reloading("preparing " + generation_text(number));
  current_->speech().remark("notice", "reloading: preparing " + generation_text(number));
  try {
    preparation_ = make_owned<Preparation>(invocation_, lasting_, number, current_->before_next());
    preparation_late_at_ = after(posix::monotonic_now(), current_->config().worker_start_timeout);
  } catch (const std::exception& error) {  // no descriptor, no thread, no memory
    keep_current(current_->refused(error.what()).lines);
  }
}

void Supervision::finish_preparation(Instant now) {
  Preparation::Result result = preparation_->take();
  preparation_.reset();
  preparation_late_at_ = never;
  if (!result) return keep_current(result.error().lines);
  Owned<Generation> next = std::move(*result);
  std::string why;
  if (drain_.begun()) {
    // nobody needs it any more
  } else if (auto started = next->start(free_ids(next->ids())); started) {
    return replace(std::move(next), now);
  } else {
    why = std::move(started.error().lines);
  }
  end_unserved(signals_, *next, drain_.begun() ? after(now, most_dying) : never);
  next.reset();
  keep_current(why);
}

bool Supervision::end_unserved(Signals& signals, Generation& one, Instant until) {
  HookWatch watch{signals, one.speech(), "on_stop of " + generation_text(one.number()), one.config().shutdown_timeout,
                  until};
  const std::string error = one.end();
  if (watch.end()) Signals::put_back(Signal::terminate);
  if (!error.empty()) one.speech().remark("error", error);
  return error.empty();
}

void Supervision::replace(Owned<Generation> next, Instant now) {
  std::swap(current_, next);
  // What has changed since this generation was asked for may have come too late for it.
  reload_wanted_ = watch_.has_seen_more() || reload_wanted_;
  watch_ = Watch{current_->config()};
  Owned<Generation> old = std::move(next);
  lasting_.generations.current.store(current_->number(), std::memory_order_relaxed);
  lasting_.generations.reloaded.fetch_add(1, std::memory_order_relaxed);
  lasting_.generations.draining.store(draining_.size() + 1, std::memory_order_relaxed);
  lasting_.life.act(events::Action::reloaded);
  old->drain(Drain::patient);
  // Who connects when this has been said meets the new generation: deploy scripts look at it right then.
  wait_until_readable(old->runtime().closed_descriptor(), most_closing);
  current_->say_serving();
  notifier_.ready(current_->status());
  Owned<Departure> departure = make_owned<Departure>(*old, hooks_returned_);
  draining_.push_back({std::move(old), std::move(departure), after(now, current_->config().reload_timeout), never});
}

void Supervision::keep_current(const std::string& lines) {
  if (drain_.begun()) return;
  if (lasting_.workers) lasting_.workers = static_cast<unsigned>(current_->runtime().workers());
  lasting_.generations.refused.fetch_add(1, std::memory_order_relaxed);
  lasting_.life.act(events::Action::reloaded);
  current_->speech().pass_on(lines);
  current_->speech().remark("error", "the reload failed: " + generation_text(current_->number()) + " goes on");
  notifier_.ready(current_->status());
}

// Without a generation for it: nothing else has changed.
void Supervision::read_certificates_again() {
  if (current_->tls() == nullptr) return;
  lasting_.life.act(events::Action::reload);
  for (const TlsFiles::Note& note : current_->tls()->reload()) current_->speech().remark(note.level, note.text);
  lasting_.life.act(events::Action::reloaded);
}

void Supervision::retire_finished() {
  const auto is_over = [](const Draining& one) { return one.departure->tend(); };
  bool any = false;
  for (auto one = std::find_if(draining_.begin(), draining_.end(), is_over); one != draining_.end();
       one = std::find_if(draining_.begin(), draining_.end(), is_over)) {
    const Draining gone = std::move(*one);
    draining_.erase(one);
    any = true;
    lasting_.generations.draining.store(draining_.size(), std::memory_order_relaxed);
    const posix::Totals& totals = gone.departure->totals();
    ended_ += totals;
    if (!drain_.begun()) cut_before_ += totals.cut.connections;
    const std::string& error = gone.departure->error();
    if (!error.empty()) gone.generation->speech().remark("error", error);
    current_->speech().retired(gone.generation->number(), totals);
  }
  if (any) give_memory_back();
}

// What a generation has freed lies in the arenas of threads that are gone; nobody would ask for it soon.
void Supervision::give_memory_back() noexcept {
#ifdef __GLIBC__
  (void)::malloc_trim(0);
#endif
}

// The first that no generation has.
events::WorkerId Supervision::free_ids(std::uint32_t count) const {
  events::WorkerId first = 0;
  const auto collides = [&](const Generation& one) {
    return first < one.first_id() + one.ids() && one.first_id() < first + count;
  };
  for (bool moved = true; moved;) {
    moved = false;
    const auto move_behind = [&](const Generation& one) {
      if (!collides(one)) return;
      first = one.first_id() + one.ids();
      moved = true;
    };
    move_behind(*current_);
    for (const Draining& one : draining_) move_behind(*one.generation);
  }
  return first;
}

}  // namespace pounce::inline v0::program
