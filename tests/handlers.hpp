// What handlers of tests share: a count of their frames, so that a test sees that each was destroyed; and an echo.
#pragma once

#include <pounce/app/exchange.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

namespace pounce::inline v0::testing {

inline std::atomic<std::size_t> born{0};
inline std::atomic<std::size_t> alive{0};

struct Alive {
  Alive() { ++born, ++alive; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --alive; }
};

// Request content, sent back as it comes.
inline Task echo_content(Exchange& x) {
  const Alive here;
  if (x.start(Head{200}) != Status::ok) co_return;
  while (true) {
    Received got = co_await x.read();
    if (got.status() != Status::ok) break;
    if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
  }
  (void)x.finish();
}

}  // namespace pounce::inline v0::testing
