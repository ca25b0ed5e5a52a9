// Client::Connection: the driver behind a Client: one session at a time, a simulated clock, buffers for both directions.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/server/collectors.hpp>
#include <pounce/server/session.hpp>
#include <pounce/server/station.hpp>
#include <pounce/testing.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace pounce::inline v0::testing {

// Post and take happen on one thread, and whoever posts also calls `run`: nobody has to be woken.
class LocalWake final : public Wake {
 public:
  [[nodiscard]] Loan<Letterbox> open() override;
};

class CountedIds final : public RequestIds {
 private:
  [[nodiscard]] std::uint64_t refill() override { return std::exchange(last_, last_ + block) + 1; }
  std::uint64_t last_ = 0;
};

class Client::Connection {
 public:
  Connection(const App& app, Options options);
  ~Connection();

  void open();
  void end(bool broken);
  // Moves bytes both ways and steps once. True when something happened.
  bool turn();
  void settle_down(bool jump, Instant limit);
  [[nodiscard]] bool is_open() const noexcept { return session_ != nullptr; }

  Options options;
  std::string input;   // sent by the client, not yet read by the server
  std::string output;  // written by the server, not yet taken
  bool input_ended = false;
  bool output_ended = false;
  std::optional<std::size_t> takes;  // what the client still reads
  Tick tick;
  std::size_t steps = 0;
  std::size_t writes = 0;
  Owned<Session> session_;

 private:
  bool read();
  bool write();

  Service service_;
  Workspace workspace_;
  CountedIds ids_;
  LocalWake wake_;
  std::atomic<std::uint64_t> collector_failures_{0};
  Collectors collectors_;
  Station station_;
  std::uint64_t connections_ = 0;
  bool end_told_ = false;
};

}  // namespace pounce::inline v0::testing
