// What lasts from the first generation to the last: the state of the server, its sockets, its logs, its counts. So a reload closes no
// listener, and no counter falls back.
//
// Threads: the main thread changes it; Life, Generations, Runtimes and Metering may be read by every thread. Logs are also read by the thread that
// prepares a generation, while the main thread leaves them alone.
#pragma once

#include "posix/program/life.hpp"
#include "posix/program/runtimes.hpp"

#include <pounce/core/owned.hpp>
#include <pounce/posix/line_writer.hpp>
#include <pounce/posix/listeners.hpp>
#include <pounce/posix/metering.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pounce::inline v0::program {

// A log that generations share while its path stays the same.
struct SharedLog {
  std::string path;
  std::shared_ptr<posix::LineWriter> writer;
  std::uint64_t dropped_before = 0;  // lines, by writers that are no longer in use
};

struct Logs {
  SharedLog access;
  SharedLog events;
};

// How often the server was reloaded.
struct Generations {
  std::atomic<std::uint64_t> current{0};
  std::atomic<std::uint64_t> draining{0};
  std::atomic<std::uint64_t> reloaded{0};
  std::atomic<std::uint64_t> refused{0};  // reloads that failed
};

class Board;

struct Lasting {
  Board* board = nullptr;           // in worker processes, and where they are supervised: what they share
  bool speaks = true;               // of several worker processes one says what they all find out
  std::optional<unsigned> workers;  // as SIGTTIN and SIGTTOU have it, until a reload; none: as configured
  Life life;
  Generations generations;
  Runtimes runtimes;
  posix::Metering metering;
  std::atomic<std::uint64_t> collector_failures{0};  // exceptions out of collectors of applications
  Logs logs;
  posix::Listeners listeners;
  posix::Listeners admin_listeners;
};

}  // namespace pounce::inline v0::program
