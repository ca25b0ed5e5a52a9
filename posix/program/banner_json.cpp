#include "posix/program/banner_json.hpp"

#include <pounce/config/bind_address.hpp>
#include <pounce/events/server_state.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pounce::inline v0::program {

namespace {

class Line {
 public:
  Line(config::Program program, events::WallInstant at) {
    events::TimeText time;
    text_.append(R"({"time":")").append(time.precise(at)).push_back('"');
    add("program", config::program_name(program));
  }
  Line& state(events::ServerState state) { return add("state", events::name(state)); }
  Line& add(std::string_view name, std::string_view value) {
    member(name);
    string(value);
    return *this;
  }
  Line& add(std::string_view name, std::uint64_t number) {
    member(name);
    events::append_number(text_, number);
    return *this;
  }
  Line& add(std::string_view name, std::span<const config::BindAddress> addresses) {
    member(name);
    char before = '[';
    for (const config::BindAddress& address : addresses) {
      text_.push_back(std::exchange(before, ','));
      string(url_of(address, address.tls));
    }
    if (addresses.empty()) text_.push_back('[');
    text_.push_back(']');
    return *this;
  }
  [[nodiscard]] std::string end() { return std::move(text_.append("}\n")); }

 private:
  void member(std::string_view name) { text_.append(",\"").append(name).append("\":"); }
  void string(std::string_view value) {
    text_.push_back('"');
    events::append_json_text(text_, value);
    text_.push_back('"');
  }

  std::string text_;
};

}  // namespace

std::string json_text(const Started& started) {
  return Line{started.program, started.at}
      .state(events::ServerState::serving)
      .add("version", started.version)
      .add("generation", started.generation)
      .add("target", started.target)
      .add("workers", started.workers)
      .add("mode", started.processes ? "processes" : "threads")
      .add("addresses", started.addresses)
      .add("admin", started.admin)
      .end();
}

std::string json_text(const Draining& draining) {
  const auto left = std::max(draining.left, std::chrono::nanoseconds::zero());
  return Line{draining.program, draining.at}
      .state(events::ServerState::shutting_down)
      .add("connections", draining.connections)
      .add("left_ms", static_cast<std::uint64_t>(left / std::chrono::milliseconds{1}))
      .end();
}

std::string json_text(const Ended& ended) {
  return Line{ended.program, ended.at}
      .state(events::ServerState::stopped)
      .add("requests", ended.requests)
      .add("cut", ended.cut.connections)
      .add("cut_requests", ended.cut.requests)
      .add("cut_websockets", ended.cut.websockets)
      .end();
}

std::string json_text(const Remark& remark) {
  return Line{remark.program, remark.at}.add("level", remark.level).add("message", remark.text).end();
}

}  // namespace pounce::inline v0::program
