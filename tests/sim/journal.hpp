// Journal: an observer that checks the order of events and keeps, per connection, a line for each that a run must show.
#pragma once

#include <pounce/events/observer.hpp>
#include <pounce/events/order_check.hpp>

#include "tests/sim/kernel.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pounce::sim {

class Journal final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    const std::lock_guard guard{lock_};
    check.feed(event);
    std::visit([this](const auto& one) { on(one); }, event);
  }

  // Of the connection from this port.
  [[nodiscard]] std::vector<std::string> lines(int port) const {
    const auto found = connections_.find(port);
    if (found == connections_.end()) return {};
    const auto lines = lines_.find(found->second);
    return lines == lines_.end() ? std::vector<std::string>{} : lines->second;
  }

  events::OrderCheck check;
  std::size_t started = 0;
  std::size_t handed_off = 0;

 private:
  void on(const events::ConnectionOpened& e) {
    connections_[Kernel::current()->accepted_port()] = e.connection;  // a peer that has gone has no name any more
    add(e.connection, "opened");
  }
  void on(const events::RequestStarted& e) {
    ++started;
    add(e.connection, "started " + std::string{e.method} + " " + std::string{e.target});
  }
  void on(const events::ResponseCompleted& e) {
    add(e.connection, "completed " + std::to_string(e.status) + " with " + std::to_string(e.body_sent));
  }
  void on(const events::RequestFailed& e) {
    std::string line = "failed " + std::string{name(e.failure)};
    if (e.failure == events::Failure::peer_fault) line += " " + std::string{info(e.fault).name};
    if (e.failure == events::Failure::handler_threw || e.failure == events::Failure::handler_left)
      cut_.insert(e.connection);
    add(e.connection, line + ", " + (e.status == 0 ? "no head" : std::to_string(e.status)));
  }
  void on(const events::HandlerThrew& e) { add(e.connection, "threw " + std::string{e.what}); }
  void on(const events::ClientDisconnected& e) {
    if (!cut_.contains(e.connection)) add(e.connection, "disconnected");
  }
  void on(const events::ConnectionCompleted& e) {
    // Whether the peer of an answer that was cut leaves before the last octets are written is the network's affair.
    const Fault fault = cut_.contains(e.connection) ? Fault::none : e.fault;
    add(e.connection, "closed " + std::string{info(fault).name} + " after " + std::to_string(e.requests));
  }
  void on(const events::HandedOff&) { ++handed_off; }
  template <class Other>
  void on(const Other&) {}

  void add(ConnectionId connection, const std::string& line) { lines_[connection].push_back(line); }

  std::mutex lock_;
  std::set<ConnectionId> cut_;
  std::map<int, ConnectionId> connections_;
  std::map<ConnectionId, std::vector<std::string>> lines_;
};

}  // namespace pounce::sim
