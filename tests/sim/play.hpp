// Play: one script, on one server, in one world, and what came of it.
//
// The server is the real one, whole: async::Server or sync::Server with its threads, distributor, workers and pool, over the simulated kernel.
// The outcome is what an application and its clients can see. What may differ between runs of a right server is not in it:
//   * where content was cut into chunks: chunked content is put together again (where segments fell decides it);
//   * which thread did what, and when: worker ids, stamps, durations, HandedOff, HandoffRefused, and the order among connections;
//   * bytes on the wire, which count chunk framing;
//   * how much of a request's content had arrived when an answer ended that did not wait for it (body_received).
// Problems are what no run may show: a broken promise of events, a request without exactly one run, a frame, connection or descriptor that is
// left over, a server that does not end.
#pragma once

#include <pounce/core/time.hpp>

#include "tests/sim/conduct.hpp"
#include "tests/sim/script.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pounce::sim {

struct Driver {
  std::string_view name;
  bool blocking;  // pounce-sync, else pounce-async
  unsigned workers;
  unsigned reactors;  // of the pool; 0: there is none
};

// Those that must not differ.
[[nodiscard]] const std::vector<Driver>& drivers();

struct Outcome {
  struct OfPeer {
    std::string name;
    std::vector<std::string> answers;  // chunked content in one piece
    std::string at_rest;  // when the script was over: "end", "reset", "refused", "left" (it has reset), "open"
    std::string ending;   // after the drain that follows
    std::vector<std::string> events;
    bool disturbed = false;  // it has reset, or did something while other things were on their way
    bool saw_end = false;    // the server's, before it left
    bool struck = false;     // a fault of the kernel (Conduct::faults) has ended its connection
  };
  std::vector<OfPeer> peers;  // in order of appearance
  std::vector<std::string> problems;
  std::size_t handed_off = 0;  // not compared: for tests that want to see it happen
  std::size_t runs = 0;

  // As the documents show it.
  [[nodiscard]] std::vector<std::string> lines() const;
  // The same for scripts that nobody has looked at, without what depends on how much had arrived at some moment:
  //   * how a connection ended to whose client the server had said its end: whether it lingers after its last answer, and what it sees
  //     while it lingers;
  //   * whether a peer that stopped was called silent or too slow: the rate is judged from the first byte on that came when it was wanted.
  //   * how much of a streamed answer went out before a fault of the peer's cut it: content that comes with the fault finds no handler.
  // `beside_tls`: and without what differs between TLS and the clear:
  //   * whether the server says that it closes to who has ended its side: a close_notify may be read together with the request before it.
  [[nodiscard]] std::vector<std::string> loose_lines(bool beside_tls = false) const;
};

struct World {
  std::uint64_t seed = 0;
  std::optional<Conduct> conduct{};  // instead of the seed's own
  bool tls = false;                  // version 1.2 with odd seeds, 1.3 with even ones
};

[[nodiscard]] Outcome play(const std::vector<Step>& script, const Driver& driver, const World& world);

// The answers that these bytes are, each with chunked content in one piece and a word about its end; what is none stands last. Long
// content is given as its length and a hash.
[[nodiscard]] std::vector<std::string> answers_in(std::string_view bytes);
// The same over HTTP/2: frames.cpp.
[[nodiscard]] std::vector<std::string> streams_in(std::string_view bytes);
// Content, or its length and hash.
[[nodiscard]] std::string shown(std::string_view content);

}  // namespace pounce::sim
