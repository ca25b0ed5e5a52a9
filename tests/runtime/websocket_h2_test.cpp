// WebSockets on streams of HTTP/2 (RFC 8441) over sockets: several on one connection, beside ordinary requests, ended in every way by their
// handlers, their clients, their streams and their connections, and a drain in the middle: every promise about events is kept.
#include "sockets.hpp"

#include "tests/protocol/h2_wire.hpp"

#include <map>
#include <random>

using namespace ground;

namespace {

// One connection, read by blocking reads.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : client{port} { frames.hello(); }

  std::uint32_t open() {
    wire::Fields fields = wire::FrameWriter::request("CONNECT", "/socket", {});
    fields.emplace_back(":protocol", "websocket");
    fields.emplace_back("sec-websocket-version", "13");
    frames.headers(next_, fields, false);
    return take_id();
  }
  std::uint32_t get() {
    frames.get(next_, "/plain");
    return take_id();
  }
  [[nodiscard]] bool flush() { return client.send(frames.take()); }
  // Until this has come on the stream. False: it will not, for the stream, the connection or the server is at its end.
  [[nodiscard]] bool wait_for(std::uint32_t stream, std::string_view text) {
    while (streams_[stream].content.find(text) == std::string::npos) {
      if (streams_[stream].ended || !read()) return false;
    }
    return true;
  }
  void wait_for_end(std::uint32_t stream) {
    while (!streams_[stream].ended && read()) {
    }
  }

  Client client;
  wire::FrameWriter frames;

 private:
  struct Stream {
    std::string content;
    bool ended = false;
  };

  [[nodiscard]] std::uint32_t take_id() { return std::exchange(next_, next_ + 2); }
  [[nodiscard]] bool read() {
    if (told_to_go_) return false;
    const std::string got = client.read_some();
    if (got.empty()) return false;
    reader_.add(got);
    for (wire::Frame frame; reader_.next(frame);) {
      const auto type = frame.header.type;
      Stream& stream = streams_[frame.header.stream];
      if (type == h2::FrameType::goaway) told_to_go_ = true;
      if (type == h2::FrameType::rst_stream) stream.ended = true;
      if (type == h2::FrameType::data) stream.content += frame.payload;
      const bool can_end = type == h2::FrameType::data || type == h2::FrameType::headers;
      if (can_end && frame.header.has(h2::flag_end_stream)) stream.ended = true;
    }
    return true;
  }

  wire::FrameReader reader_;
  std::map<std::uint32_t, Stream> streams_;
  std::uint32_t next_ = 1;
  bool told_to_go_ = false;
};

// How a client ends a socket. True: its stream ends without more from the client.
bool end(Peer& peer, std::uint32_t stream, std::size_t how) {
  switch (how) {
    case 0: peer.frames.rst_stream(stream); return false;
    case 1: peer.frames.data(stream, masked_close, false); return true;
    case 2: peer.frames.data(stream, asked("throw"), false); return false;
    case 3: peer.frames.data(stream, asked("leave") + asked("to nobody"), false); return false;
    case 4: peer.frames.data(stream, "\xff\xff\xff\xff\xff\xff", false); return true;
    case 5: peer.frames.data(stream, asked("not all of it").substr(0, 9), true); return true;
    case 6: peer.frames.data(stream, {}, true); return true;
    default: return false;  // it just stays
  }
}

// One client thread: connections of a few sockets each, of a few messages each. Until the server takes no more.
void torment(std::uint16_t port, unsigned seed, std::atomic<std::size_t>& answered) {
  std::mt19937 random{seed};
  while (true) {
    Peer peer{port};
    if (!peer.client.connected()) return;  // the server is stopping
    std::vector<std::uint32_t> sockets;
    for (std::size_t left = random() % 5 + 1; left > 0; --left) {
      sockets.push_back(peer.open());
      if (random() % 2 == 0) peer.frames.data(sockets.back(), asked("sleep"), false);
      if (random() % 4 == 0) (void)peer.get();
    }
    bool open = peer.flush() && random() % 8 != 0;
    for (std::size_t left = random() % 8; open && left > 0; --left) {
      const std::uint32_t stream = sockets[random() % sockets.size()];
      const std::string text = "message " + std::to_string(left);
      peer.frames.data(stream, asked("sleep") + asked(text), false);
      open = peer.flush() && peer.wait_for(stream, said(text));
      if (open) ++answered;
    }
    if (!open) continue;
    std::vector<std::uint32_t> ending;
    for (const std::uint32_t stream : sockets) {
      if (end(peer, stream, random() % 8)) ending.push_back(stream);
    }
    if (!peer.flush()) continue;
    if (random() % 4 == 0) {
      peer.client.abort();
    } else {
      for (const std::uint32_t stream : ending) peer.wait_for_end(stream);
    }
  }
}

}  // namespace

TEST_CASE("sockets over HTTP/2 that end in every way, and a drain in the middle, on pounce-sync") {
  const App app = make_moody_app();
  Running run{small_config(3, 2), app, make_narrow_pool};
  be_tormented(run, torment);
}

TEST_CASE("the same on pounce-async") {
  const App app = make_moody_app();
  RunningOf<async::Server> run{small_config(2, 1), app};
  be_tormented(run, torment);
}
