#include "tests/sim/play.hpp"

#include <pounce/async/server.hpp>
#include <pounce/config/config.hpp>
#include <pounce/config/value.hpp>
#include <pounce/sync/server.hpp>

#include "tests/protocol/h2_wire.hpp"
#include "tests/protocol/transcript.hpp"
#include "tests/sim/application.hpp"
#include "tests/sim/journal.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/secured.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <stdexcept>
#include <utility>

namespace pounce::sim {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

// As long as anything of a step can take to come to rest without a timer's help.
constexpr Duration rest = seconds{2};
// Longer than every deadline that scripts set: who has not ended by then never will.
constexpr Duration end_of_days = hours{48};

SecureServer& secure_server() {
  static SecureServer server;
  return server;
}

class Stage {
 public:
  Stage(const std::vector<Step>& script, const Driver& driver, const World& world)
      : kernel_(world.seed, world.conduct.value_or(conduct_of(world.seed))),
        driver_(driver),
        script_(script),
        world_(world) {
    kernel_.schedule().story =
        std::string{driver.name} + ", seed " + std::to_string(world.seed) + ", script\n" + text(script);
  }

  Outcome run() {
    config_.host = "127.0.0.1";
    config_.port = 0;
    config_.workers = driver_.workers;
    config_.async_workers = std::max(driver_.reactors, 1U);
    config_.server_header.reset();
    config_.date_header = false;
    config_.compression.reset();
    config_.tls_self_signed = world_.tls;  // so its address is one for TLS; the certificate is another
    const App app = make_application(visits_);
    std::size_t next = 0;
    for (; next < script_.size() && script_[next].verb == "option"; ++next) set_option(script_[next].word);
    if (driver_.blocking) {
      server_ =
          make_owned<sync::Server>(config_, app, &journal_, driver_.reactors != 0 ? async::make_handoff_pool : nullptr);
    } else {
      server_ = make_owned<async::Server>(config_, app, &journal_);
    }
    if (world_.tls) server_->use_filters(secure_.filters());
    if (const auto started = server_->start(); !started) throw std::runtime_error(started.error());
    for (; next < script_.size(); ++next) {
      if (!script_[next].at_once) kernel_.schedule().settle(rest);
      act(script_[next]);
    }
    kernel_.schedule().settle(rest);
    end();
    return std::move(outcome_);
  }

 private:
  struct Visitor {
    std::string name;
    Peer peer;
    bool disturbed = false;
    std::string at_rest{};
    Owned<wire::FrameWriter> frames{};  // when it speaks HTTP/2
    Owned<SecureClient> tls{};          // when it speaks TLS
  };

  void set_option(const std::string& setting) {
    const std::size_t blank = setting.find(' ');
    const std::string name = setting.substr(0, blank);
    const std::string value = setting.substr(blank == std::string::npos ? setting.size() : blank + 1);
    const std::map<std::string, std::chrono::nanoseconds*> durations{
        {"header_timeout", &config_.header_timeout},   {"request_timeout", &config_.request_timeout},
        {"write_timeout", &config_.write_timeout},     {"keep_alive_timeout", &config_.keep_alive_timeout},
        {"worker_patience", &config_.worker_patience}, {"queue_timeout", &config_.queue_timeout},
    };
    const std::map<std::string, std::size_t*> counts{
        {"max_connections", &config_.max_connections},
        {"max_request_size", &config_.max_request_size},
        {"max_header_size", &config_.max_header_size},
        {"queue_depth", &config_.queue_depth},
    };
    if (const auto found = durations.find(name); found != durations.end()) {
      *found->second = config::parse_duration(value).value();
    } else if (const auto size = counts.find(name); size != counts.end()) {
      *size->second = std::stoul(value);
    } else if (name == "clear") {
      // Not to be played over TLS.
    } else if (name == "max_requests_per_connection") {
      config_.max_requests_per_connection = std::stoul(value);
    } else if (name == "max_concurrency") {
      config_.max_concurrency = std::stoul(value);
    } else if (name == "queue_exempt_paths") {
      config_.queue_exempt_paths.push_back(value);
    } else {
      throw std::runtime_error("no such option: " + setting);
    }
  }

  void act(const Step& step) {
    using Verb = void (Stage::*)(const Step&);
    static const std::map<std::string_view, Verb> verbs{
        {"connects", &Stage::connect},
        {"sends", &Stage::send},
        {"shuts down", &Stage::shut_down},
        {"resets", &Stage::reset},
        {"reads on", &Stage::read_on},
        {"stops reading", &Stage::stop_reading},
        {"wait", &Stage::wait},
        {"leap", &Stage::leap},
        {"post", &Stage::post},
        {"drain", &Stage::drain},
        {"cut", &Stage::cut},
        {"window", &Stage::window},
        {"gets", &Stage::get},
        {"posts", &Stage::post_stream},
        {"tunnels", &Stage::tunnel},
        {"adds", &Stage::add},
        {"ends", &Stage::end_stream},
        {"cancels", &Stage::cancel},
        {"speaks HTTP/2", &Stage::speak_http2},
    };
    const auto found = verbs.find(step.verb);
    if (found == verbs.end()) throw std::runtime_error("nobody knows how to: " + text(step));
    (this->*found->second)(step);
  }

  void connect(const Step& step) {
    if (find(step.subject) != nullptr) throw std::runtime_error("connected already: " + text(step));
    visitors_.push_back({step.subject, kernel_.network().connect(server_->addresses().front().port, window_)});
    Visitor& visitor = visitors_.back();
    visitor.disturbed = step.at_once;
    if (!world_.tls) return;
    const bool http2 = std::any_of(script_.begin(), script_.end(), [&](const Step& other) {
      return other.subject == step.subject &&
             (other.verb == "speaks HTTP/2" || (other.verb == "sends" && other.bytes.starts_with("PRI * ")));
    });
    visitor.tls = make_owned<SecureClient>(
        visitor.peer, test::PeerOptions{.version = world_.seed % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION,
                                        .protocols = {http2 ? "h2" : "http/1.1"}});
  }
  Visitor* find(const std::string& name) {
    for (Visitor& one : visitors_) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }
  Peer& peer(const Step& step) {
    Visitor* const found = find(step.subject);
    if (found == nullptr) throw std::runtime_error("nobody of that name: " + text(step));
    found->disturbed = found->disturbed || step.at_once;
    return found->peer;
  }
  void say(const Step& step, std::string_view bytes) {
    Peer& wire = peer(step);
    if (Visitor& visitor = *find(step.subject); visitor.tls) return visitor.tls->send(bytes);
    wire.send(bytes);
  }
  void send(const Step& step) { say(step, step.bytes); }
  void shut_down(const Step& step) {
    Peer& wire = peer(step);
    if (Visitor& visitor = *find(step.subject); visitor.tls) return visitor.tls->shut_down();
    wire.shut_down();
  }
  void reset(const Step& step) { peer(step).reset(); }
  void stop_reading(const Step& step) { peer(step).stop_reading(); }
  void read_on(const Step& step) { peer(step).read_on(); }
  void wait(const Step& step) { kernel_.schedule().sleep(config::parse_duration(step.word).value()); }
  void leap(const Step& step) { kernel_.schedule().leap(config::parse_duration(step.word).value()); }
  void post(const Step& step) { (void)visits_.post(step.word, step.bytes); }
  void drain(const Step&) { server_->drain(Drain::prompt); }
  void cut(const Step&) {
    was_cut_ = true;
    server_->cut();
  }
  void window(const Step& step) { window_ = std::stoul(step.word); }

  // Windows that nothing here fills, so that what a stream shows does not depend on when credit comes.
  void speak_http2(const Step& step) {
    Visitor& visitor = *find(step.subject);
    visitor.frames = make_owned<wire::FrameWriter>();
    visitor.frames->hello({{4, 1U << 30U}});
    visitor.frames->window_update(0, 1U << 30U);
    say(step, visitor.frames->take());
  }
  template <class Write>
  void frames(const Step& step, Write write) {
    Visitor* const visitor = find(step.subject);
    if (visitor == nullptr || !visitor->frames) throw std::runtime_error("speaks no HTTP/2: " + text(step));
    const std::size_t blank = std::min(step.word.find(' '), step.word.size());
    const auto id = static_cast<std::uint32_t>(std::stoul(step.word.substr(0, blank)));
    write(*visitor->frames, id, step.word.substr(std::min(blank + 1, step.word.size())));
    say(step, visitor->frames->take());
  }
  void get(const Step& step) {
    frames(step, [](auto& to, auto id, const std::string& path) { to.get(id, path); });
  }
  void post_stream(const Step& step) {
    frames(step, [](auto& to, auto id, const std::string& path) { to.post(id, path); });
  }
  void tunnel(const Step& step) {
    frames(step, [](auto& to, auto id, const std::string& path) {
      to.headers(
          id,
          wire::FrameWriter::request("CONNECT", path, {{":protocol", "websocket"}, {"sec-websocket-version", "13"}}),
          false);
    });
  }
  void add(const Step& step) {
    frames(step, [&](auto& to, auto id, const std::string&) { to.data(id, step.bytes, false); });
  }
  void end_stream(const Step& step) {
    frames(step, [&](auto& to, auto id, const std::string&) { to.data(id, step.bytes, true); });
  }
  void cancel(const Step& step) {
    frames(step, [](auto& to, auto id, const std::string&) { to.rst_stream(id); });
  }

  bool finished_by(Duration patience) {
    pollfd finished{server_->finished_descriptor(), POLLIN, 0};
    return ::poll(&finished, 1,
                  static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count())) == 1;
  }

  void problem(std::string what) { outcome_.problems.push_back(std::move(what)); }
  void must_equal(std::string_view what, std::uint64_t is, std::uint64_t wanted) {
    if (is == wanted) return;
    problem(std::string{what} + ": " + std::to_string(is) + " instead of " + std::to_string(wanted));
  }

  // A drain, whatever the script has done; then nothing may be left.
  void end() {
    for (Visitor& one : visitors_) one.at_rest = ending(one.peer);
    for (Visitor& one : visitors_) one.peer.be_polite();
    server_->drain(Drain::prompt);
    if (!finished_by(end_of_days)) {
      problem("the server does not end");
      server_->cut();
      if (!finished_by(end_of_days)) kernel_.schedule().give_up("not even a cut ends the server");
    }
    const posix::Totals totals = server_->join();
    must_equal("connections that the server counts at its end", server_->connections(), 0);
    if (!was_cut_) must_equal("connections that were cut", totals.cut.connections, 0);
    must_equal("requests that the server counts", totals.requests + totals.cut.requests, journal_.started);
    server_.reset();
    must_equal("descriptors left open", kernel_.open_descriptors(), 0);
    must_equal("frames left over", visits_.alive(), 0);
    must_equal("connections without an end", journal_.check.open_connections(), 0);
    must_equal("requests without an end", journal_.check.open_requests(), 0);
    if (!journal_.check.broken().empty()) problem("broken promises: " + journal_.check.text());
    kernel_.schedule().settle(end_of_days);
    outcome_.runs = visits_.runs();
    outcome_.handed_off = journal_.handed_off;
    for (const Visitor& one : visitors_) {
      outcome_.peers.push_back(
          {one.name, (one.frames ? streams_in : answers_in)(one.tls ? one.tls->got() : one.peer.got()), one.at_rest,
           ending(one.peer), journal_.lines(one.peer.port()), one.disturbed || one.peer.has_reset(), one.peer.ended(),
           kernel_.has_struck(one.peer.port())});
    }
  }

  static std::string ending(const Peer& peer) {
    if (peer.was_refused()) return "refused";
    if (peer.has_reset()) return "left";
    if (peer.was_reset()) return "reset";
    return peer.ended() ? "end" : "open";
  }

  Kernel kernel_;
  const Driver& driver_;
  const std::vector<Step>& script_;
  const World& world_;
  config::Config config_;
  Visits visits_;
  Journal journal_;
  SecureServer& secure_ = secure_server();
  Owned<posix::Runtime> server_;
  std::deque<Visitor> visitors_;  // where they stay
  std::size_t window_ = 64 * std::size_t{1024};
  bool was_cut_ = false;
  Outcome outcome_;
};

}  // namespace

const std::vector<Driver>& drivers() {
  static const std::vector<Driver> all{
      {"async, 1 reactor", false, 1, 0},
      {"async, 2 reactors", false, 2, 0},
      {"sync, 1 worker, 1 reactor", true, 1, 1},
      {"sync, 2 workers, 1 reactor", true, 2, 1},
  };
  return all;
}

Outcome play(const std::vector<Step>& script, const Driver& driver, const World& world) {
  return Stage{script, driver, world}.run();
}

std::vector<std::string> Outcome::lines() const {
  std::vector<std::string> out;
  for (const OfPeer& peer : peers) {
    for (auto at = peer.answers.begin(); at != peer.answers.end();) {
      const auto next = std::find_if(at, peer.answers.end(), [&](const std::string& other) { return other != *at; });
      for (const std::string& line : transcript::escape(*at)) out.push_back(peer.name + " < " + line);
      if (next - at > 1) out.push_back(peer.name + " < (" + std::to_string(next - at) + " times)");
      at = next;
    }
    out.push_back(peer.name + " : " + (peer.at_rest == peer.ending ? "" : peer.at_rest + ", then ") + peer.ending);
    for (const std::string& event : peer.events) out.push_back(peer.name + " | " + event);
  }
  for (const std::string& problem : problems) out.push_back("PROBLEM " + problem);
  return out;
}

std::vector<std::string> Outcome::loose_lines(bool beside_tls) const {
  Outcome loose = *this;
  const auto replace = [](std::string& text, std::string_view what, std::string_view with) {
    if (const std::size_t at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
  };
  for (OfPeer& peer : loose.peers) {
    const bool was_cut = std::any_of(peer.events.begin(), peer.events.end(),
                                     [](const std::string& event) { return event.starts_with("failed peer_fault"); });
    for (std::string& answer : peer.answers) {
      if (answer.starts_with("HTTP/1.1 408")) answer.resize(answer.find("\r\n"));
      if (beside_tls) replace(answer, "Connection: close\r\n", "");
      if (was_cut && answer.ends_with("(cut)")) answer.resize(answer.find("\r\n\r\n"));
    }
    for (std::string& event : peer.events) replace(event, "_too_slow", "_timeout");
    if (!peer.saw_end || peer.events.empty()) continue;
    if (peer.at_rest == "reset") peer.at_rest = "end";
    if (peer.ending == "reset") peer.ending = "end";
    std::erase(peer.events, "disconnected");
    const std::string last = peer.events.back();
    peer.events.back() = "closed" + last.substr(std::min(last.find(" after "), last.size()));
  }
  return loose.lines();
}

}  // namespace pounce::sim
