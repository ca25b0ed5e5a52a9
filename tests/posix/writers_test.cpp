// Collectors that write and count: lines of many threads in one file, whole and in order; rotation; what happens when nobody can take
// them; a meter for each worker.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/events/relay.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/event_logs.hpp>
#include <pounce/posix/metering.hpp>
#include <pounce/posix/process.hpp>
#include <pounce/testing.hpp>

#include "tests/posix/on_threads.hpp"
#include "tests/posix/scratch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace pounce;
using posix::LineWriter;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

Owned<LineWriter> opened(const std::filesystem::path& path) {
  auto writer = LineWriter::open(path.string(), "test");
  REQUIRE(writer.has_value());
  return std::move(*writer);
}

void write(LineWriter& writer, events::WorkerId worker, std::string_view line) {
  writer.write(worker, posix::monotonic_now(), [&](const LineWriter::Pen& pen) { pen.out.append(line).append("\n"); });
}

}  // namespace

TEST_CASE("lines of several threads are whole, in each thread's order, and all there at the end") {
  constexpr std::size_t each = 2000;
  const Scratch scratch;
  const auto path = scratch / "log";
  {
    const auto writer = opened(path);
    on_threads([&](std::size_t thread) {
      for (std::size_t i = 0; i < each; ++i) {
        write(*writer, static_cast<events::WorkerId>(thread), std::to_string(thread) + " " + std::to_string(i));
      }
    });
    CHECK(writer->dropped() == 0);
  }
  std::array<std::size_t, threads> next{};
  const auto lines = lines_of(content(path));
  CHECK(lines.size() == threads * each);
  bool right = true;
  for (const std::string& line : lines) {
    const std::size_t thread = static_cast<std::size_t>(line[0] - '0');
    right = right && thread < threads && line.substr(1) == " " + std::to_string(next[thread]++);
  }
  CHECK(right);
}

TEST_CASE("a log file is for its owner and group, and is appended to") {
  const Scratch scratch;
  const auto path = scratch / "log";
  for (const char* line : {"one", "two"}) write(*opened(path), 0, line);
  CHECK(content(path) == "one\ntwo\n");
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U & ~0640U) == 0);
}

TEST_CASE("after a rotation lines go to the new file, and what was written before to the old one") {
  const Scratch scratch;
  const auto path = scratch / "log";
  const auto writer = opened(path);
  write(*writer, 0, "before");
  std::filesystem::rename(path, scratch / "log.1");
  writer->reopen();
  const Instant limit = posix::monotonic_now() + std::chrono::seconds{20};
  while (!std::filesystem::exists(path) && posix::monotonic_now() < limit) std::this_thread::yield();
  write(*writer, 0, "after");
  writer->close();
  CHECK(content(scratch / "log.1") == "before\n");
  CHECK(content(path) == "after\n");
}

TEST_CASE("a file that cannot be opened is an error at the start, and leaves the old one in use later") {
  const Scratch scratch;
  const auto failed = LineWriter::open((scratch / "no/log").string(), "test");
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().find("No such file") != std::string::npos);

  std::filesystem::create_directory(scratch / "folder");
  const auto path = scratch / "folder/log";
  const auto writer = opened(path);
  std::filesystem::rename(scratch / "folder", scratch / "moved");
  writer->reopen();
  write(*writer, 0, "still here");
  writer->close();
  CHECK(content(scratch / "moved/log") == "still here\n");
}

TEST_CASE("what a full disk does not take is counted, and costs no worker anything") {
  const auto writer = opened("/dev/full");
  for (int i = 0; i < 3; ++i) write(*writer, 0, "lost");
  writer->close();
  CHECK(writer->dropped() == 3);
}

TEST_CASE("a pipe that nobody reads holds up no worker: lines are dropped and counted, those that arrive are whole") {
  const Scratch scratch;
  const auto path = scratch / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const posix::Descriptor reader{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  REQUIRE(reader);
  const std::string line(999, 'x');
  constexpr std::size_t count = 2000;  // more than a pipe and a place hold together
  const auto writer = opened(path);
  for (std::size_t i = 0; i < count; ++i) write(*writer, 0, line);
  CHECK(writer->dropped() > 0);
  writer->close();  // is patient for a while, and then gives up
  std::string got;
  std::array<char, 65536> piece{};
  while (true) {
    const ssize_t n = ::read(reader.get(), piece.data(), piece.size());
    if (n <= 0) break;
    got.append(piece.data(), static_cast<std::size_t>(n));
  }
  const auto lines = lines_of(got);
  CHECK(lines.size() + writer->dropped() == count);
  bool whole = true;
  for (const std::string& one : lines) whole = whole && one == line;
  CHECK(whole);
}

TEST_CASE("a line that cannot be made leaves nothing behind") {
  const Scratch scratch;
  const auto path = scratch / "log";
  const auto writer = opened(path);
  writer->write(0, posix::monotonic_now(), [](const LineWriter::Pen& pen) {
    pen.out.append("half");
    throw std::bad_alloc{};
  });
  write(*writer, 0, "whole");
  writer->close();
  CHECK(content(path) == "whole\n");
  CHECK(writer->dropped() == 1);
}

TEST_CASE("requests become lines of the access log and events lines of JSON, side by side") {
  const Scratch scratch;
  {
    const auto access = opened(scratch / "access");
    const auto events = opened(scratch / "events");
    std::string why;
    posix::AccessLog access_log{*events::AccessFormat::parse("%m %U %s %B", why), *access};
    posix::EventLog event_log{*events};
    events::Relay relay;
    relay.add(access_log);
    relay.add(event_log);
    App app;
    app.route("*", [](const Request&) { return Response::text("hello"); });
    testing::Options options;
    options.observer = relay.front();
    testing::Client client{app, options};
    client.send("GET /a HTTP/1.1\r\nHost: t\r\n\r\nBAD\r\n\r\n");
    client.run();
  }
  CHECK(content(scratch / "access") == "GET /a 200 5\n- - 400 0\n");
  const auto lines = lines_of(content(scratch / "events"));
  REQUIRE(lines.size() == 6);
  std::string names;
  for (const std::string& line : lines) {
    CHECK(line.starts_with("{\"time\":\""));
    CHECK(line.ends_with('}'));
    const std::size_t at = line.find("\"event\":\"") + 9;
    names.append(line, at, line.find('"', at) - at).append(" ");
  }
  CHECK(names ==
        "connection_opened protocol_chosen request_started response_completed request_rejected connection_completed ");
}

TEST_CASE("workers count each for itself, and a reader sums them at any time") {
  constexpr std::size_t each = 20000;
  posix::Metering metering;
  on_threads([&](std::size_t thread) {
    for (std::size_t i = 0; i < each; ++i) {
      metering.observe(events::StreamOpened{.at = {},
                                            .connection = ConnectionId{1},
                                            .worker = static_cast<events::WorkerId>(thread),
                                            .stream = StreamId{1}});
      if (i % 1000 == 0) CHECK(metering.totals()[events::Count::streams_opened] <= threads * each);
    }
  });
  CHECK(metering.totals()[events::Count::streams_opened] == threads * each);
  REQUIRE(metering.of(1) != nullptr);
  CHECK(metering.of(1)->at(events::Count::streams_opened) == each);
  CHECK(metering.of(threads) == nullptr);
  metering.observe(events::WorkerStarted{.at = {}, .worker = posix::Metering::most_workers});
  CHECK(metering.totals()[events::Count::workers_started] == 0);
}

#ifdef __linux__
TEST_CASE("the process as the system sees it") {
  const events::Process before = posix::read_process();
  const posix::Descriptor one{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  const events::Process now = posix::read_process();
  REQUIRE(before.open_descriptors);
  CHECK(now.open_descriptors == *before.open_descriptors + 1);
  CHECK(now.most_descriptors >= now.open_descriptors);
  CHECK(now.resident_memory.value_or(0) > 0);
  CHECK(now.virtual_memory >= now.resident_memory);
  CHECK(now.threads >= 1U);  // a sanitizer may have one of its own
  {
    std::binary_semaphore over{0};
    const std::jthread second{[&] { over.acquire(); }};
    CHECK(posix::read_process().threads >= 2U);
    over.release();
  }
  CHECK(now.cpu >= before.cpu);
  REQUIRE(now.start);
  CHECK(*now.start > Duration::zero());
  CHECK(*now.start == *before.start);
}
#endif
