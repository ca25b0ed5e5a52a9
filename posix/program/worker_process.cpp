#include "posix/program/worker_process.hpp"

#include "posix/program/hook_watch.hpp"
#include "posix/program/waits.hpp"
#include "posix/program/worker_mode.hpp"

#include <pounce/posix/clock.hpp>
#include <pounce/posix/ids.hpp>
#include <pounce/posix/module.hpp>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <utility>

namespace pounce::inline v0::program {

void become_worker(pid_t supervisor, Lasting& lasting) noexcept {
#ifdef __linux__
  // Whoever is asked to end by this does so well; the channel tells the same where there is no such call.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
  if (::getppid() != supervisor) ::_exit(static_cast<int>(Exit::failed));
  // As an application expects it. SIGTTIN and SIGTTOU stay blocked: a signal to all processes must stop none of them.
  sigset_t mine;
  sigemptyset(&mine);
  sigaddset(&mine, SIGCHLD);
  ::pthread_sigmask(SIG_UNBLOCK, &mine, nullptr);
  lasting.listeners.leave_to_others();
  lasting.admin_listeners.leave_to_others();
}

WorkerProcess::WorkerProcess(const Invocation& invocation, Lasting& lasting, const Channel& channel,
                             Generation::Read read, Place place)
    : invocation_(invocation),
      lasting_(lasting),
      channel_(channel),
      supervisor_(::getppid()),
      first_id_(place.first_id),
      signals_(Signals::Wanted{.reload = true}) {
  posix::process_ids().begin_process(place.number);
  if (read.tls) read.tls->allow_handshakes(place.share.config.tls_max_handshakes);
  generation_ =
      make_owned<Generation>(invocation_, lasting_, std::move(read), place.generation, std::move(place.share));
}

Exit WorkerProcess::run() {
  if (auto prepared = generation_->prepare(); !prepared) return refuse(prepared.error());
  channel_.send(Word::prepared);
  if (!await_go()) {
    (void)generation_->end();
    return Exit::clean;
  }
  if (auto started = generation_->start(first_id_); !started) {
    (void)generation_->end();
    return refuse(started.error());
  }
  publish();
  channel_.send(Word::serving);
  Instant publish_at = posix::monotonic_now();
  while (!departure_ || !departure_->tend()) turn(publish_at);
  return finish();
}

Exit WorkerProcess::refuse(const Refused& refused) {
  channel_.send(Word::failed, std::string(1, static_cast<char>(refused.exit)) + refused.lines);
  return refused.exit;
}

// False: nobody needs it any more.
bool WorkerProcess::await_go() {
  while (true) {
    std::array<pollfd, 2> waits{{{channel_.descriptor(), POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}}};
    (void)::poll(waits.data(), waits.size(), -1);
    Channel::Message message;
    const Channel::Got got = channel_.receive(message);
    if (got == Channel::Got::closed) return false;
    if (got == Channel::Got::message) {
      if (message.word == Word::go) return true;
      if (message.word == Word::retire || message.word == Word::stop || message.word == Word::cut) return false;
      obey(message, posix::monotonic_now());
    }
    for (Signal signal = signals_.next(); signal != Signal::none; signal = signals_.next()) {
      if (signal != Signal::terminate) continue;
      (void)channel_.send(Word::leaving);
      return false;
    }
  }
}

void WorkerProcess::turn(Instant& publish_at) {
  const posix::Runtime& runtime = generation_->runtime();
  std::array<pollfd, 5> waits{{{orphaned_ ? -1 : channel_.descriptor(), POLLIN, 0},
                               {signals_.descriptor(), POLLIN, 0},
                               {hooks_returned_.descriptor(), POLLIN, 0},
                               {departure_ ? departure_->descriptor() : -1, POLLIN, 0},
                               {stopping_ && !closed_ ? runtime.closed_descriptor() : -1, POLLIN, 0}}};
  (void)::poll(waits.data(), waits.size(), milliseconds_until(std::min({publish_at, cut_at_, give_up_at_})));
  hooks_returned_.drain();
  const Instant now = posix::monotonic_now();
  if (stopping_ && !closed_ && is_readable(runtime.closed_descriptor())) say_closed();
  take_signals(now);
  Channel::Message message;
  while (!orphaned_) {
    const Channel::Got got = channel_.receive(message);
    if (got == Channel::Got::nothing) break;
    if (got == Channel::Got::message) {
      obey(message, now);
    } else {
      orphaned_ = true;
      retire(now);
    }
  }
  if (cut_at_ <= now) {
    cut_at_ = never;
    generation_->cut();
    if (orphaned_) give_up_at_ = after(now, most_dying);  // else the supervisor looks after that
  }
  if (give_up_at_ <= now) {
    lasting_.logs = Logs{};
    leave_behind(generation_->speech(), departure_->obstacle());
  }
  if (publish_at > now) return;
  publish();
  publish_at = after(now, publish_every);
}

void WorkerProcess::take_signals(Instant now) {
  for (Signal signal = signals_.next(); signal != Signal::none; signal = signals_.next()) {
    if (signal == Signal::reopen) generation_->observation().reopen();
    if (signal != Signal::terminate) continue;
    // All processes may have got it: whether this is a drain, and with what delay, is the supervisor's to say, where there still is one.
    const bool orphaned = orphaned_ || ::getppid() != supervisor_;
    if (orphaned || !channel_.send(Word::leaving)) retire(now);
  }
}

void WorkerProcess::obey(const Channel::Message& message, Instant now) {
  switch (message.word) {
    case Word::tell_drain: tell_drain(); break;
    case Word::stop: stop_accepting(Drain::prompt); break;
    case Word::retire: stop_accepting(Drain::patient); break;
    case Word::cut:
      stop_accepting(Drain::prompt);
      cut_at_ = now;
      break;
    case Word::reopen: generation_->observation().reopen(); break;
    case Word::certificates:
      if (generation_->tls() == nullptr) break;
      for (const TlsFiles::Note& note : generation_->tls()->reload()) {
        if (lasting_.speaks && note.level == "error") generation_->speech().remark(note.level, note.text);
      }
      break;
    case Word::ticket_key:
      if (tls::TicketKey key; generation_->tls() != nullptr && message.text.size() == sizeof key) {
        std::memcpy(&key, message.text.data(), sizeof key);
        generation_->tls()->use_ticket_key(key);
      }
      break;
    case Word::share:
      if (std::uint64_t workers = 0; message.text.size() == sizeof workers) {
        std::memcpy(&workers, message.text.data(), sizeof workers);
        if (workers != 0) generation_->use_share(share_of(generation_->config(), workers));
      }
      break;
    default: break;  // of the other side
  }
}

void WorkerProcess::tell_drain() {
  if (!departure_) departure_ = make_owned<Departure>(*generation_, hooks_returned_);
}

// By itself: nobody has set a deadline.
void WorkerProcess::retire(Instant now) {
  stop_accepting(Drain::patient);
  cut_at_ = std::min(cut_at_, after(now, generation_->config().shutdown_timeout));
}

// A drain that was patient may become prompt, and not the other way round.
void WorkerProcess::stop_accepting(Drain drain) {
  if (stopping_ && drain == Drain::patient) return;
  stopping_ = true;
  lasting_.listeners.close();
  if (drain == Drain::patient) lasting_.admin_listeners.close();  // else somebody may ask how far it is
  generation_->drain(drain);
  tell_drain();
}

void WorkerProcess::say_closed() {
  closed_ = true;
  channel_.send(Word::closed);
}

void WorkerProcess::publish() {
  if (lasting_.board == nullptr) return;
  const posix::Runtime& runtime = generation_->runtime();
  Board::Numbers now;
  now.connections = runtime.connections();
  now.requests = runtime.totals().requests;
  now.queues = lasting_.runtimes.queues();
  for (const events::Moment::Dropped& one : generation_->observation().dropped()) {
    now.dropped[one.log == "access" ? 0 : 1] = one.lines;
  }
  now.collector_failures = lasting_.collector_failures.load(std::memory_order_relaxed);
  now.kept_modules = posix::kept_modules();
  lasting_.board->publish(first_id_, now);
}

Exit WorkerProcess::finish() {
  const posix::Totals totals = departure_->totals();
  const std::string error = departure_->error();
  if (!error.empty()) generation_->speech().remark("error", error);
  publish();
  const Ending ending{totals, error.empty() ? 0U : 1U};
  std::string text(sizeof ending, '\0');
  std::memcpy(text.data(), &ending, sizeof ending);
  channel_.send(Word::ended, text);
  departure_.reset();
  generation_.reset();
  lasting_.logs = Logs{};  // what they still hold is written
  if (totals.cut.connections != 0) return Exit::cut_at_drain;
  return error.empty() ? Exit::clean : Exit::failed;
}

}  // namespace pounce::inline v0::program
