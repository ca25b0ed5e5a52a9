// Ids that are unique across threads; collectors that keep events whole, bounded, and lines that nobody can forge.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/posix/collector.hpp>
#include <pounce/posix/ids.hpp>
#include <pounce/posix/log.hpp>
#include <pounce/testing.hpp>

#include "tests/posix/on_threads.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

using namespace pounce;
using posix::BufferedCollector;
using posix::log_line;

namespace {

events::HandlerThrew threw(std::string_view what) {
  return {.at = {}, .connection = ConnectionId{4}, .worker = 1, .request = RequestId{17}, .what = what};
}

events::RequestFailed left(std::string_view target, events::Failure failure = events::Failure::handler_left) {
  events::RequestFailed event{};
  event.connection = ConnectionId{4};
  event.request = RequestId{17};
  event.method = "GET";
  event.target = target;
  event.status = 200;
  event.failure = failure;
  return event;
}

}  // namespace

TEST_CASE("ids are unique across threads, and grow") {
  posix::ProcessIds source;
  std::array<std::vector<std::uint64_t>, threads> connections;
  std::array<std::vector<std::uint64_t>, threads> requests;
  on_threads([&](std::size_t i) {
    posix::WorkerIds ids{source};
    for (int n = 0; n < 2000; ++n) {
      connections[i].push_back(number(source.next_connection()));
      requests[i].push_back(number(ids.next()));
    }
  });
  for (const auto* lists : {&connections, &requests}) {
    std::vector<std::uint64_t> all;
    for (const auto& list : *lists) {
      CHECK(std::is_sorted(list.begin(), list.end()));
      all.insert(all.end(), list.begin(), list.end());
    }
    std::sort(all.begin(), all.end());
    CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
    CHECK(all.front() >= 1);  // 0 is nobody
  }
}

TEST_CASE("there is one source in a process") {
  posix::WorkerIds a;
  posix::WorkerIds b;
  CHECK(a.next() != b.next());
  const ConnectionId first = posix::process_ids().next_connection();
  CHECK(number(posix::process_ids().next_connection()) > number(first));
}

TEST_CASE("a kept event owns its strings") {
  BufferedCollector collector;
  {
    std::string local = "127.0.0.1:8000";
    std::string peer = "127.0.0.1:40112";
    collector.observe(
        events::ConnectionOpened{.at = {}, .connection = ConnectionId{1}, .worker = 0, .local = local, .peer = peer});
    std::string target = "/";
    collector.observe(left(target));
    std::string what = "no such table";
    collector.observe(threw(what));
    std::string reason = "max_connections";
    collector.observe(events::ConnectionRefused{.at = {}, .worker = 0, .reason = reason});
    collector.observe(events::WorkerStarted{.at = {}, .worker = 3});
    std::string name = "example.org";
    events::TlsEstablished secured{};
    secured.server_name = name;
    collector.observe(secured);
    for (std::string* text : {&local, &peer, &target, &what, &reason, &name}) text->assign(text->size(), '#');
  }
  auto kept = collector.take();
  REQUIRE(kept.size() == 6);
  kept.reserve(100);  // and they stay where they are when the events move
  CHECK(std::get<events::ConnectionOpened>(kept[0].event()).local == "127.0.0.1:8000");
  CHECK(std::get<events::ConnectionOpened>(kept[0].event()).peer == "127.0.0.1:40112");
  CHECK(std::get<events::RequestFailed>(kept[1].event()).method == "GET");
  CHECK(std::get<events::RequestFailed>(kept[1].event()).target == "/");
  CHECK(std::get<events::HandlerThrew>(kept[2].event()).what == "no such table");
  CHECK(std::get<events::ConnectionRefused>(kept[3].event()).reason == "max_connections");
  CHECK(std::get<events::WorkerStarted>(kept[4].event()).worker == 3);
  CHECK(std::get<events::TlsEstablished>(kept[5].event()).server_name == "example.org");
  CHECK(collector.size() == 0);
  CHECK(collector.take().empty());
}

TEST_CASE("a kept event owns its request head") {
  BufferedCollector collector;
  {
    std::string raw = "GET /a?b HTTP/1.1\r\nHost: h\r\nUser-Agent: me\r\n\r\n";
    std::string peer = "127.0.0.1:1";
    const std::string_view all{raw};
    std::array<Field, 2> fields{Field{all.substr(19, 4), all.substr(25, 1), FieldId::host},
                                Field{all.substr(28, 10), all.substr(40, 2), FieldId::user_agent}};
    RequestHead head;
    head.raw = raw;
    head.method = all.substr(0, 3);
    head.path = all.substr(4, 2);
    head.fields = fields;
    events::ResponseCompleted event{};
    event.method = head.method;
    event.asked.peer = peer;
    event.asked.head = &head;
    collector.observe(event);
    raw.assign(raw.size(), '#');
    fields = {};
    head = {};
    peer.assign(peer.size(), '#');
  }
  auto kept = collector.take();
  kept.reserve(50);
  const auto& event = std::get<events::ResponseCompleted>(kept[0].event());
  CHECK(event.method == "GET");
  CHECK(event.asked.peer == "127.0.0.1:1");
  REQUIRE(event.asked.head != nullptr);
  CHECK(event.asked.head->path == "/a");
  CHECK(find(event.asked.head->fields, FieldId::user_agent)->value == "me");
  CHECK(event.asked.head->fields.front().name == "Host");
}

TEST_CASE("a full collector drops and counts") {
  BufferedCollector collector{3};
  for (events::WorkerId i = 0; i < 10; ++i) collector.observe(events::WorkerStarted{.at = {}, .worker = i});
  CHECK(collector.size() == 3);
  CHECK(collector.dropped() == 7);
  const auto kept = collector.take();
  CHECK(std::get<events::WorkerStarted>(kept.back().event()).worker == 2);  // the oldest are kept
  collector.observe(events::WorkerStarted{.at = {}, .worker = 10});
  CHECK(collector.size() == 1);
}

TEST_CASE("many threads observe while one flushes; delivery holds no lock") {
  class Counter final : public events::Observer {
   public:
    explicit Counter(BufferedCollector& source) : source_(&source) {}
    void observe(const events::Lifecycle& event) noexcept override {
      ++seen;
      in_order = in_order && std::holds_alternative<events::HandlerThrew>(event);
      (void)source_->size();  // would wait for ever under the lock
    }
    std::size_t seen = 0;
    bool in_order = true;

   private:
    BufferedCollector* source_;
  };
  BufferedCollector collector{1U << 20};
  Counter counter{collector};
  std::atomic<std::size_t> running = threads;
  std::thread flusher{[&] {
    while (running != 0) collector.flush(counter);
    collector.flush(counter);
  }};
  on_threads([&](std::size_t) {
    for (int n = 0; n < 3000; ++n) collector.observe(threw("again"));
    --running;
  });
  flusher.join();
  CHECK(counter.seen == threads * 3000);
  CHECK(counter.in_order);
  CHECK(collector.dropped() == 0);
}

TEST_CASE("the log has a line for the application's faults, and none for the peers'") {
  CHECK(log_line("pounce-async", threw("no such table")) ==
        "pounce-async: error: request 17 on connection 4: the handler threw: no such table\n");
  CHECK(log_line("pounce-sync", left("/x")) ==
        "pounce-sync: error: request 17 on connection 4: the handler left its response incomplete: GET /x\n");
  for (const auto failure : {events::Failure::peer_fault, events::Failure::client_gone, events::Failure::handler_threw,
                             events::Failure::cut}) {
    CHECK(log_line("p", left("/x", failure)).empty());
  }
  CHECK(log_line("p", events::WorkerStarted{}).empty());
  CHECK(log_line("p", events::ConnectionRefused{}).empty());
}

TEST_CASE("of handshakes that fail, the first of each reason that may be the configuration has a line") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  posix::LogCollector log{"p", pipe[1]};
  events::TlsFailed failed{};
  failed.connection = ConnectionId{4};
  failed.what = "no shared\ncipher";
  for (int again = 0; again < 2; ++again) {
    for (std::size_t i = 0; i < tls_failure_count; ++i) {
      failed.tls_failure = static_cast<TlsFailure>(i);
      log.observe(failed);
    }
  }
  ::close(pipe[1]);
  std::array<char, 4096> said{};
  const ssize_t size = ::read(pipe[0], said.data(), said.size());
  ::close(pipe[0]);
  REQUIRE(size > 0);
  const std::string text{said.data(), static_cast<std::size_t>(size)};
  CHECK(std::count(text.begin(), text.end(), '\n') == 6);
  CHECK(text.find("p: warning: connection 4: TLS failed: no_common_cipher (no shared\\x0acipher); said once\n") !=
        std::string::npos);
  CHECK(text.find("timeout") == std::string::npos);
}

TEST_CASE("nobody forges a line or paints a terminal") {
  CHECK(log_line("p", threw("a\r\np: error: \x1b[31mforged\x7f\0")) ==
        "p: error: request 17 on connection 4: the handler threw: a\\x0d\\x0ap: error: \\x1b[31mforged\\x7f\n");
  CHECK(posix::printable("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(posix::printable(std::string(5000, 'x')).size() <= 1010);
  CHECK(posix::printable(std::string(5000, '\n')).size() <= 1010);
  CHECK(posix::printable({}).empty());
}

TEST_CASE("lines of many threads stay whole; a log that cannot be written stops nobody") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  posix::LogCollector log{"p", pipe[1]};
  on_threads([&](std::size_t) {
    for (int n = 0; n < 50; ++n) log.observe(threw("again"));
  });
  ::close(pipe[1]);
  std::string said;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = ::read(pipe[0], piece.data(), piece.size())) > 0;)
    said.append(piece.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  const std::string line = log_line("p", threw("again"));
  CHECK(said.size() == threads * 50 * line.size());
  for (std::size_t at = 0; at < said.size(); at += line.size()) REQUIRE(said.compare(at, line.size(), line) == 0);

  posix::LogCollector closed{"p", -1};
  closed.observe(threw("nobody hears"));
}

TEST_CASE("a session tells a collector of each request from first to last") {
  BufferedCollector collector;
  App app;
  app.route("/", [](const Request&) { return Response::text("ok"); });
  app.route("/throw", [](const Request&) -> Response { throw std::runtime_error{"no such table"}; });
  {
    pounce::testing::Client client{app, {.observer = &collector}};
    CHECK(client.get("/").status == 200);
    CHECK(client.get("/throw").status == 500);
  }
  const auto kept = collector.take();
  REQUIRE(kept.size() >= 7);
  CHECK(std::holds_alternative<events::ConnectionOpened>(kept.front().event()));
  CHECK(std::holds_alternative<events::ConnectionCompleted>(kept.back().event()));
  const auto found = std::find_if(kept.begin(), kept.end(), [](const auto& one) {
    return std::holds_alternative<events::HandlerThrew>(one.event());
  });
  REQUIRE(found != kept.end());
  CHECK(std::get<events::HandlerThrew>(found->event()).what == "no such table");
}
