#include "posix/program/crew.hpp"

#include "posix/program/waits.hpp"
#include "posix/program/worker_mode.hpp"
#include "posix/program/worker_process.hpp"

#include <pounce/limits/rate_limiter.hpp>
#include <pounce/posix/own_threads.hpp>
#include <pounce/posix/serving.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>

namespace pounce::inline v0::program {

Crew::Crew(const Invocation& invocation, Lasting& lasting, Board& board, Generation::Read read, std::uint64_t number)
    : wanted(workers_of(*read.outcome.config)),
      invocation_(invocation),
      lasting_(lasting),
      board_(board),
      read_(std::move(read)),
      number_(number),
      speech_(speech_of(config())),
      share_(share_of(config(), wanted)) {
  if (!config().rate_limit) return;
  table_ = SharedMemory{limits::RateLimiter::table_size(config().rate_limit_clients)};
  client_limit_ = posix::make_client_limit(config(), table_.get());
}

Crew::~Crew() {
  for (const auto& member : members_) {
    ::kill(member->process, SIGKILL);
    while (::waitpid(member->process, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

std::expected<void, std::string> Crew::listen() {
  const auto open = [](posix::Listeners& listeners, std::span<const config::BindAddress> wanted_addresses,
                       std::size_t backlog,
                       std::vector<config::BindAddress>& bound) -> std::expected<void, std::string> {
    // One queue for all: what a worker that dies has not accepted, another one takes.
    auto dealt = listeners.deal(wanted_addresses, static_cast<int>(backlog), 1, false);
    if (!dealt) return std::unexpected(std::move(dealt.error()));
    bound = std::move(dealt->addresses);
    return {};
  };
  auto opened = open(lasting_.listeners, config().addresses(), config().backlog, addresses);
  if (opened && !config().admin_bind.empty()) {
    opened = open(lasting_.admin_listeners, config().admin_bind, 64, admin);
  }
  return opened;
}

void Crew::keep_listeners() const {
  lasting_.listeners.keep(config().addresses());
  lasting_.admin_listeners.keep(config().admin_bind);
}

void Crew::add(std::size_t index, events::WorkerId first_id, std::uint64_t number, std::span<Crew* const> others,
               Instant now) {
  auto member = make_owned<Member>();
  Channel theirs;
  Channel::make(member->channel, theirs);
  board_.open(first_id, ids());
  const pid_t supervisor = ::getpid();
  std::fflush(nullptr);  // what an application has printed while it was loaded is printed once
  const pid_t process = ::fork();
  if (process < 0) throw std::system_error{errno, std::generic_category(), "fork"};
  if (process == 0) {
    member->channel.close();
    serve(std::move(theirs), index, first_id, number, others, supervisor);
  }
  board_.seat(first_id, process);
  member->process = process;
  member->index = index;
  member->first_id = first_id;
  member->due = after(now, config().worker_start_timeout);
  members_.push_back(std::move(member));
}

// The stack below belongs to the supervisor, which this is not: nothing of it is destroyed.
void Crew::serve(Channel channel, std::size_t index, events::WorkerId first_id, std::uint64_t number,
                 std::span<Crew* const> others, pid_t supervisor) {
  Exit exit = Exit::failed;
  try {
    const posix::OwnThread own;
    become_worker(supervisor, lasting_);
    keep_listeners();
    leave_channels();
    for (Crew* const other : others) {
      other->leave_channels();
      other->leave_table();
    }
    lasting_.speaks = index == 0;
    exit = WorkerProcess{invocation_,
                         lasting_,
                         channel,
                         std::move(read_),
                         {.generation = number_,
                          .share = {share_, std::move(client_limit_)},
                          .first_id = first_id,
                          .number = number}}
               .run();
  } catch (const std::exception& error) {
    speech_.remark("error", error.what());
  }
  std::exit(static_cast<int>(exit));  // NOLINT(concurrency-mt-unsafe): its threads have been joined
}

void Crew::leave_channels() noexcept {
  for (const auto& member : members_) member->channel.close();
}

void Crew::leave_table() noexcept {
  client_limit_.reset();
  table_ = SharedMemory{};
}

void Crew::listen_to(Member& member) {
  Channel::Message message;
  member.channel.flush();
  while (member.channel.descriptor() >= 0) {
    const Channel::Got got = member.channel.receive(message);
    if (got == Channel::Got::nothing) return;
    if (got == Channel::Got::closed) return member.channel.close();
    switch (message.word) {
      case Word::prepared:
        member.in_hook = false;
        if (member.state == Member::State::preparing) member.state = Member::State::prepared;
        break;
      case Word::serving:
        if (member.state == Member::State::starting) {
          member.state = Member::State::serving;
          member.due = never;
        }
        break;
      case Word::failed:
        member.failed = true;
        if (!message.text.empty()) member.exit = static_cast<Exit>(message.text.front());
        member.last_words = message.text.substr(std::min<std::size_t>(message.text.size(), 1));
        break;
      case Word::closed: member.closed = true; break;
      case Word::leaving: member.wants_to_leave = true; break;
      case Word::ended:
        member.reported = message.text.size() == sizeof member.ending;
        if (member.reported) std::memcpy(&member.ending, message.text.data(), sizeof member.ending);
        break;
      default: break;  // of this side
    }
  }
}

void Crew::tell(Word word, std::string_view text) {
  for (const auto& member : members_) member->channel.post(word, text);
}

void Crew::want(std::size_t members) {
  wanted = members;
  share_ = share_of(config(), wanted);
  const std::uint64_t workers = wanted;
  for (const auto& member : members_) {
    if (member->state == Member::State::leaving) continue;
    member->channel.post(Word::share, {reinterpret_cast<const char*>(&workers), sizeof workers});
  }
  for (const std::string& line : remarks_on_shares(config(), wanted)) speech_.remark("notice", line);
}

void Crew::dismiss(Member& member, Word word, Instant by) {
  member.channel.post(word);
  member.state = Member::State::leaving;
  member.due = std::min(member.due, by);
}

void Crew::cut(Member& member, Instant now) {
  if (member.kill_at != never) return;
  member.channel.post(Word::cut);
  member.state = Member::State::leaving;
  member.due = never;
  member.kill_at = member.in_hook ? now : after(now, most_dying);
}

}  // namespace pounce::inline v0::program
