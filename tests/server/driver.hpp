// Driver: the loop of a runtime around one session, in memory, that allocates nothing itself.
#pragma once

#include <pounce/app.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/server/session.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pounce::inline v0::testing {

class NoWake final : public Wake {
 public:
  [[nodiscard]] Loan<Letterbox> open() override { return {}; }
};

class Ids final : public RequestIds {
  [[nodiscard]] std::uint64_t refill() override { return last_ += block; }
  std::uint64_t last_ = 0;
};

class Driver {
 public:
  explicit Driver(const App& app) : service_{.app = app, .limits = {}}, station_{workspace_, ids_, nullptr, 0} {
    tick_.now = Instant{} + std::chrono::hours{1};
    tick_.lines = "Server: pounce\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    connect();
  }

  // The next connection of the same worker.
  void connect() {
    session_.reset();
    session_ = make_owned<Session>(service_, station_, wake_, Peers{ConnectionId{1}, "local", "peer"}, tick_.now);
  }

  // One turn of a runtime's loop. Returns how many bytes the session wrote.
  std::size_t turn(std::string_view bytes) {
    if (!bytes.empty()) {
      const MutableBytes space = session_->space();
      if (space.size() < bytes.size()) throw std::logic_error{"no room for what is to be read"};
      std::memcpy(space.data(), bytes.data(), bytes.size());
      session_->received(bytes.size());
    }
    session_->step(tick_);
    const std::size_t n = session_->output().size();
    if (n != 0) session_->written(n, tick_.now);
    session_->settle();
    return n;
  }
  // What waits to be written.
  [[nodiscard]] std::string written() {
    std::array<Bytes, 64> slices;
    std::string all;
    const std::size_t count = session_->output().gather(slices);
    for (std::size_t i = 0; i < count; ++i) all += slices[i];
    return all;
  }
  void step(std::string_view bytes) {
    std::memcpy(session_->space().data(), bytes.data(), bytes.size());
    session_->received(bytes.size());
    session_->step(tick_);
  }
  void pass(Duration duration) { tick_.now += duration; }
  [[nodiscard]] Session& session() noexcept { return *session_; }

 private:
  Service service_;
  Workspace workspace_;
  Ids ids_;
  NoWake wake_;
  Station station_;
  Tick tick_;
  Owned<Session> session_;
};

}  // namespace pounce::inline v0::testing
