// An HTTP/2 connection fed with frames that are well-formed, or nearly, under one valid compression state, while an application answers,
// cancels, takes its time: however the octets between two acts are cut, events and output are the same.
//
// Input: one byte that chooses the cut, and, where it is odd, extended CONNECT; then acts of the peer, of the application and of the clock.
#include "h2_run.hpp"

#include <pounce/core/kept_string.hpp>

#include <vector>

using namespace pounce;
using namespace pounce::fuzzing;

namespace {

// The input, byte by byte; zeros when it has ended.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  [[nodiscard]] bool done() const noexcept { return left_ == 0; }
  unsigned byte() noexcept {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  template <std::size_t n>
  const char* pick(const std::array<const char*, n>& choices) noexcept {
    return choices[byte() % n];
  }
  // Mostly small, sometimes at a border.
  std::size_t size() noexcept {
    constexpr std::array<std::size_t, 8> borders{0, 1, 100, 999, 1000, 1999, 2000, 2001};
    const unsigned b = byte();
    return b < 200 ? b % 40 : borders[b % borders.size()];
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

class Peer {
 public:
  // What is asked of the script is asked in statements of its own: compilers differ in the order of arguments.
  void act(Script& script) {
    const unsigned what = script.byte() % 14;
    const unsigned choice = script.byte();
    switch (what) {
      case 0:
      case 1:
      case 2: request(script, what); break;
      case 3: {
        const std::uint32_t id = stream(choice);
        const wire::Fields trailers = fields(script);
        headers(script, id, trailers, choice / 8 % 8 != 0);
        break;
      }
      case 4: writer_.rst_stream(stream(choice), choice / 8); break;
      case 5: writer_.window_update(choice % 3 == 0 ? 0 : stream(choice), increment(choice / 8)); break;
      case 6: writer_.settings({{choice % 10, value(choice / 10)}}); break;
      case 7: writer_.frame(6, choice % 4 == 0 ? 1 : 0, 0, "draining"); break;
      case 8:
        writer_.frame(0x10, 0, 0,
                      wire::FrameWriter::number(stream(choice)) + priorities[choice / 8 % priorities.size()]);
        break;
      case 9: writer_.frame(2, 0, stream(choice), wire::FrameWriter::number(stream(choice / 8)) + 'w'); break;
      case 10: writer_.frame(7, 0, 0, std::string(8, '\0')); break;
      case 11: {
        const unsigned flags = script.byte();
        const std::size_t size = script.byte() % 12;
        writer_.frame(choice % 20, flags, choice / 20 % 8, std::string(size, static_cast<char>(script.byte())));
        break;
      }
      case 12: writer_.data(stream(choice), std::string(script.size(), 'y'), true); break;
      default: {
        std::string payload(script.size(), 'x');
        unsigned flags = choice / 8 % 8 == 0 ? 1 : 0;
        if (choice / 64 == 0) {
          flags |= 8U;
          payload.insert(payload.begin(), static_cast<char>(script.byte() % 64));
        }
        writer_.frame(0, flags, stream(choice), payload);
      }
    }
  }
  [[nodiscard]] std::string take() { return writer_.take(); }
  void hello(Script& script) { writer_.hello({{4, value(script.byte())}}); }

 private:
  static constexpr std::array<const char*, 8> priorities{"", "u=0", "u=1, i", "u=7", "i", "u=8", "i=?0, u=2", "x"};

  // One of the last, or the next.
  [[nodiscard]] std::uint32_t stream(unsigned choice) const noexcept {
    const std::uint32_t back = 2 * (choice % 6);
    return next_ > back ? next_ - back : next_ + 2;
  }
  [[nodiscard]] static std::uint32_t increment(unsigned choice) noexcept {
    constexpr std::array<std::uint32_t, 6> increments{1, 10, 1000, 60000, 0x7fffffff, 0};
    return increments[choice % increments.size()];
  }
  [[nodiscard]] static std::uint32_t value(unsigned choice) noexcept {
    constexpr std::array<std::uint32_t, 8> values{65535, 0, 1, 100, 16384, 0x7fffffff, 0x80000000, 70000};
    return values[choice % values.size()];
  }

  void request(Script& script, unsigned which) {
    constexpr std::array<const char*, 3> methods{"GET", "POST", "HEAD"};
    const wire::Fields all = head(script, methods[which]);
    next_ += 2;
    headers(script, next_, all, which != 1);
  }
  wire::Fields fields(Script& script) {
    static constexpr std::array<const char*, 16> names{
        "a",      "b",     "cookie",     "content-length", "te",      "host", "expect", "priority",
        "x-long", "Upper", "connection", ":path",          "trailer", "",     "a b",    "accept"};
    static constexpr std::array<const char*, 12> values{"1",   "5",    "",     "trailers", "a.example", "100-continue",
                                                        "u=1", "a, b", "x\ny", " x",       "b.example", "0"};
    wire::Fields found;
    for (unsigned count = script.byte() % 5; count != 0; --count) {
      const std::string name = script.pick(names);
      const std::string value = name == "x-long" ? std::string(script.size(), 'l') : script.pick(values);
      found.emplace_back(name, value);
    }
    return found;
  }
  wire::Fields head(Script& script, const std::string& method) {
    static constexpr std::array<const char*, 8> paths{"/", "/a?b", "*", "", "/#", "x", "/%41", "/\x7f"};
    const std::string path = script.byte() % 8 == 0 ? script.pick(paths) : "/";
    const unsigned special = script.byte() % 32;
    const std::string asked = special == 0 ? "OPTIONS" : special < 4 ? "CONNECT" : method;
    wire::Fields all = wire::FrameWriter::request(asked, path, fields(script));
    if (special >= 2 && special < 5) all.insert(all.begin() + 1, {":protocol", "websocket"});
    if (script.byte() % 16 == 0) all.erase(all.begin() + script.byte() % 4);
    return all;
  }
  void headers(Script& script, std::uint32_t id, const wire::Fields& fields, bool end) {
    std::string block = writer_.encode(fields);
    const std::size_t first = script.byte() % 8 == 0 ? script.byte() % 20 : block.size();
    const unsigned flags = end ? 1 : 0;
    writer_.frame(1, flags | (first >= block.size() ? 4U : 0U), id, std::string_view(block).substr(0, first));
    for (std::size_t at = first; at < block.size();) {
      const std::size_t piece = script.byte() % 40;
      writer_.frame(9, at + piece >= block.size() ? 4 : 0, id, std::string_view(block).substr(at, piece));
      at += piece;
      if (script.done()) break;
    }
  }

  wire::FrameWriter writer_;
  std::uint32_t next_ = static_cast<std::uint32_t>(-1);
};

// The same acts on both runs.
void application_acts(Script& script, H2Run& run) {
  const unsigned which = script.byte();
  const unsigned what = script.byte() % 11;
  const std::size_t size = script.size();
  if (run.open().empty()) return;
  auto at = run.open().begin();
  std::advance(at, static_cast<std::ptrdiff_t>(which % run.open().size()));
  const StreamId stream = *at;
  h2::Connection& connection = run.connection();
  constexpr Field trailer{"X-Trailer", "t"};
  ResponseHead head;
  Bytes kept;
  const StorageRef owner = keep(std::string(size, 'o'), kept);
  switch (what) {
    case 0:
      if (connection.send_response(stream, head, kept, {}, run.now(), run.output()) == Sent::ok)
        run.open().erase(stream);
      break;
    case 1: (void)connection.send_head(stream, head, run.output()); break;
    case 2:
      head.content_length = size;
      (void)connection.send_head(stream, head, run.output());
      break;
    case 3: (void)connection.send_data(stream, kept, {}, run.output()); break;
    case 4: (void)connection.send_data(stream, kept, owner, run.output()); break;
    case 5:
      if (connection.send_end(stream, {&trailer, which % 2}, run.now(), run.output()) == Sent::ok)
        run.open().erase(stream);
      break;
    case 6: run.let_go(stream); break;
    case 7: connection.taken(stream, size, run.output()); break;
    case 8: connection.want_body(stream, which % 4 != 0, run.now(), run.output()); break;
    case 9: (void)connection.send_switch(stream, {&trailer, which % 2}, run.output()); break;
    default: (void)connection.send_informational(stream, 103, {}, run.output()); break;
  }
  run.step();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 2000) return 0;
  const std::size_t seed = data[0];
  const h2::Limits limits = small_limits();
  H2Run whole{limits};
  H2Run cut{limits};
  if (seed % 2 == 1) {
    whole.connection().enable_connect();
    cut.connection().enable_connect();
  }
  Peer peer;
  Script script{data + 1, size - 1};
  peer.hello(script);
  const auto deliver = [&] {
    const std::string bytes = peer.take();
    whole.feed(bytes);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t piece = std::min(seed == 0 ? 1 : 1 + (seed * 7 + at * 13) % seed, bytes.size() - at);
      cut.feed(Bytes{bytes}.substr(at, piece));
      at += piece;
    }
    whole.step();
    cut.step();
  };
  while (!script.done()) {
    const unsigned who = script.byte() % 8;
    if (who < 5) {
      peer.act(script);
      continue;
    }
    deliver();
    require(whole.open() == cut.open());
    if (who < 7) {
      Script same = script;
      application_acts(script, whole);
      application_acts(same, cut);
    } else if (const unsigned time = script.byte(); time == 0) {
      whole.connection().drain(whole.now(), whole.output());
      cut.connection().drain(cut.now(), cut.output());
      whole.step();
      cut.step();
    } else {
      whole.wait(std::chrono::milliseconds{time * time});
      cut.wait(std::chrono::milliseconds{time * time});
    }
  }
  deliver();
  whole.end();
  cut.end();
  require(cut.log() == whole.log());
  require(cut.frames() == whole.frames());
  return 0;
}
