// Worker processes: when one that has died is started again, what all of them count together, and what is each one's share.
#include <doctest/doctest.h>

#include "posix/program/board.hpp"
#include "posix/program/channel.hpp"
#include "posix/program/restart_budget.hpp"
#include "posix/program/worker_mode.hpp"

#include <pounce/events/event.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

namespace {

using namespace pounce;
using namespace pounce::program;
using namespace std::chrono_literals;
using events::Count;

constexpr Instant start{1h};

}  // namespace

TEST_CASE("each death within a minute doubles the wait, up to two seconds, until the budget is spent") {
  RestartBudget budget{8};
  Instant now = start;
  for (const Duration wait : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms, 2000ms}) {
    CHECK(budget.spend(now) == now + wait);
    now += 1s;
  }
  CHECK(budget.spent(now) == 8);
  CHECK(budget.spend(now) == never);
  CHECK(budget.spend(now + 1s) == never);
}

TEST_CASE("deaths are forgotten one by one, a minute after each: no quiet moment gives the whole budget back") {
  RestartBudget budget{3};
  CHECK(budget.spend(start) == start + 100ms);
  CHECK(budget.spend(start + 20s) == start + 20s + 200ms);
  CHECK(budget.spend(start + 40s) == start + 40s + 400ms);
  CHECK(budget.spend(start + 59s) == never);
  CHECK(budget.spend(start + 60s) == start + 60s + 400ms);  // the first is forgotten
  CHECK(budget.spend(start + 79s) == never);
  CHECK(budget.spent(start + 119s) == 1);
  CHECK(budget.spent(start + 120s) == 0);
  CHECK(budget.spend(start + 120s) == start + 120s + 100ms);
}

TEST_CASE("a clock that goes back forgives nothing, and a new budget forgets nothing") {
  RestartBudget budget{2};
  (void)budget.spend(start);
  (void)budget.spend(start - 30s);
  CHECK(budget.spend(start - 30s) == never);
  budget.allow(3);
  CHECK(budget.spend(start) == start + 400ms);
  budget.allow(1);
  CHECK(budget.spend(start + 1s) == never);
}

TEST_CASE("whatever the times of deaths are, there are never more restarts in a minute than the budget has") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random{seed};
    const std::size_t most = 1 + random() % 10;
    RestartBudget budget{most};
    std::vector<Instant> restarts;
    Instant now = start;
    for (int i = 0; i < 200; ++i) {
      now += std::chrono::milliseconds{random() % (seed % 2 == 0 ? 2'000 : 20'000)};
      const Instant at = budget.spend(now);
      if (at == never) continue;
      CHECK(at - now >= RestartBudget::first_wait);
      CHECK(at - now <= RestartBudget::most_wait);
      restarts.push_back(now);
      if (restarts.size() > most) CHECK(now - restarts[restarts.size() - 1 - most] >= RestartBudget::window);
    }
    CHECK(restarts.size() >= most);
  }
}

TEST_CASE("what a process has counted stays when it has died, and what was under way ends with it") {
  Board board;
  posix::Metering metering;
  board.use_meters(metering);
  board.open(0, 2);
  board.open(2, 2);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const Instant now = start;
    metering.observe(events::WorkerStarted{now, 3});
    metering.observe(events::ConnectionOpened{now, ConnectionId{1}, 3, {}, {}});
    metering.observe(events::ConnectionOpened{now, ConnectionId{2}, 2, {}, {}});
    Board::Numbers now_there;
    now_there.connections = 2;
    now_there.requests = 7;
    now_there.dropped = {5, 7};
    now_there.collector_failures = 3;
    board.publish(2, now_there);
    ::_exit(0);
  }
  board.seat(2, child);
  int status = 1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);

  events::Totals totals = metering.totals();
  CHECK(totals[Count::opened] == 2);
  CHECK(totals[Count::completed] == 0);
  CHECK(board.connections() == 2);

  const Board::Left left = board.close(2, 2);
  CHECK(left.connections == 2);
  CHECK(left.requests == 7);
  board.count_death();
  totals = metering.totals();
  CHECK(totals[Count::opened] == 2);
  CHECK(totals[Count::completed] == 2);
  CHECK(totals[Count::workers_started] == 1);
  CHECK(totals[Count::workers_stopped] == 1);
  CHECK(totals[Count::protocol_lost] == 2);
  CHECK(board.connections() == 0);
  events::Moment moment;
  moment.dropped = {{"access", 0}, {"events", 0}};
  board.tell(moment);
  CHECK(moment.dropped[0].lines == 5);
  CHECK(moment.dropped[1].lines == 7);
  CHECK(moment.collector_failures == 3);
  REQUIRE(moment.processes.has_value());
  CHECK(moment.processes->running == 0);
  CHECK(moment.processes->died == 1);
  // Another one at the same desk begins at nothing, and adds to that.
  board.open(2, 2);
  board.tell(moment);
  CHECK(moment.dropped[0].lines == 5);
  Board::Numbers again;
  again.dropped = {1, 0};
  board.publish(2, again);
  board.tell(moment);
  CHECK(moment.dropped[0].lines == 6);
  CHECK(moment.dropped[1].lines == 7);
  CHECK(board.close(2, 2).requests == 0);  // another's are not its own
  board.tell(moment);
  CHECK(moment.dropped[0].lines == 6);
}

TEST_CASE("what was buried with one process is not buried again with those that have its ids") {
  Board board;
  posix::Metering metering;
  board.use_meters(metering);
  board.open(0, 3);
  metering.observe(events::WorkerStarted{start, 2});
  metering.observe(events::ConnectionOpened{start, ConnectionId{1}, 2, {}, {}});
  board.close(0, 3);
  // Other numbers of ids for each.
  board.open(0, 2);
  board.open(2, 2);
  board.close(2, 2);
  board.close(0, 2);
  const events::Totals all = metering.totals();
  CHECK(all[Count::opened] == 1);
  CHECK(all[Count::completed] == 1);
  CHECK(all[Count::workers_started] == 1);
  CHECK(all[Count::workers_stopped] == 1);
}

TEST_CASE("requests under way in a process that dies are counted as cut") {
  events::Meter meter;
  events::Totals counted{};
  counted[Count::started] = 10;
  counted[Count::ended] = 7;
  counted[Count::streams_opened] = 4;
  counted[Count::streams_closed] = 4;
  meter.bury(counted);
  CHECK(meter.at(Count::ended) == 3);
  CHECK(meter.at(Count::failed + static_cast<std::size_t>(events::Failure::cut)) == 3);
  CHECK(meter.at(Count::streams_closed) == 0);
}

TEST_CASE(
    "nobody waits for a peer that does not listen: of each word the last one waits, in order, until there is room") {
  Channel ours;
  Channel theirs;
  Channel::make(ours, theirs);
  std::size_t sent = 0;
  while (!ours.has_unsent()) {
    ours.post(Word::reopen);
    REQUIRE(++sent < 100'000);
  }
  for (int i = 0; i < 10'000; ++i) {
    ours.post(Word::ticket_key, "key " + std::to_string(i));
    ours.post(Word::reopen);
    ours.post(Word::cut);
  }
  ours.flush();
  CHECK(ours.has_unsent());
  std::vector<Channel::Message> got;
  for (Channel::Message message; theirs.receive(message) == Channel::Got::message;) got.push_back(message);
  CHECK(got.size() == sent - 1);
  got.clear();
  ours.flush();
  CHECK_FALSE(ours.has_unsent());
  for (Channel::Message message; theirs.receive(message) == Channel::Got::message;) got.push_back(message);
  REQUIRE(got.size() == 3);
  CHECK(got[0].word == Word::reopen);
  CHECK(got[1].word == Word::ticket_key);
  CHECK(got[1].text == "key 9999");
  CHECK(got[2].word == Word::cut);
  // Who has gone needs no word.
  theirs.close();
  ours.post(Word::reopen);
  CHECK_FALSE(ours.has_unsent());
}

TEST_CASE("a share is an equal part of each limit over all workers, and never nothing") {
  config::Config config;
  config.workers = 4U;
  config.max_connections = 1000;
  config.max_concurrency = 10;
  config.queue_depth = 3;
  config.rate_limit = config::RequestRate{100, 1s};
  const config::Config share = share_of(config, 4);
  CHECK(share.workers == 1U);
  CHECK(share.async_workers == 1U);
  CHECK(share.max_connections == 250);
  CHECK(share.max_concurrency == 2);
  CHECK(share.queue_depth == 1);
  CHECK_FALSE(share.rate_limit.has_value());  // counted by all together
  CHECK(remarks_on_shares(config, 4).size() == 1);
  CHECK(remarks_on_shares(config, 1).empty());
}
