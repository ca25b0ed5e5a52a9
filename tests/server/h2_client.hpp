// H2Client: the peer of a session that speaks HTTP/2, in memory: writes requests as frames, reads answers, and keeps its own accounts of
// windows. Over testing::Client, whose clock, reads and writes it uses.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/testing.hpp>

#include "tests/protocol/h2_wire.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pounce::testing {

struct Answer {
  std::string status;  // of the last head; "" when there was none
  std::vector<std::string> informational;
  wire::Fields fields;
  std::string body;
  wire::Fields trailers;
  bool ended = false;
  std::optional<std::uint32_t> reset;
  std::uint64_t credit = 0;  // what WINDOW_UPDATE frames have given

  [[nodiscard]] std::string field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }
};

class H2Client {
 public:
  // Says hello; nothing is sent before the next `run`. `window`: of each stream of its own, for answers.
  explicit H2Client(const App& app, Options options = {}, std::uint32_t window = 65535);

  std::uint32_t get(const std::string& path, const wire::Fields& more = {});
  // Any request; with content, if there is some.
  std::uint32_t ask(const std::string& method, const std::string& path, std::string_view content,
                    const wire::Fields& more);
  // With all of its content, as the server's windows allow.
  std::uint32_t post(const std::string& path, std::string_view content, const wire::Fields& more = {});

  // An extended CONNECT (RFC 8441), and content on its stream, as the server's windows allow; without an end until `end` is called.
  std::uint32_t connect(const std::string& path, const wire::Fields& more = {},
                        const std::string& protocol = "websocket");
  void send_on(std::uint32_t stream, std::string_view content);
  void end(std::uint32_t stream);

  // A stream for whoever writes its frames himself.
  std::uint32_t next() { return std::exchange(next_, next_ + 2); }

  // No more of it is of interest, nor is the rest of its content sent.
  void forget(std::uint32_t stream) {
    if (uploads_.erase(stream) != 0 && !answers[stream].reset) frames.rst_stream(stream);
    answers.erase(stream);
  }

  // Sends what was written, and takes what comes, until nothing more happens by itself.
  void run();
  // The same, but no time passes; and then some does.
  void settle();
  void advance(Duration duration);

  // Content that the server's windows have not let through.
  [[nodiscard]] std::size_t unsent(std::uint32_t stream) const {
    const auto at = uploads_.find(stream);
    return at == uploads_.end() ? 0 : at->second.rest.size();
  }
  [[nodiscard]] Answer& answer(std::uint32_t stream) { return answers[stream]; }

  wire::FrameWriter frames;  // for whoever has something of his own to say
  std::map<std::uint32_t, Answer> answers;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> goaways;  // last stream, code
  std::size_t pings = 0;                                         // that asked for an answer
  std::map<std::uint16_t, std::uint32_t> settings;
  std::size_t frames_got = 0;
  bool answers_pings = true;
  std::string authority;                              // of what is asked; "": the writer's own
  bool gives_credit = true;                           // for what it has read
  std::function<void(std::uint32_t stream)> on_data;  // for each frame of content
  Client client;

 private:
  struct Upload {
    std::string rest;
    std::int64_t window;
    bool open = false;  // more will come
  };
  void send();
  void push_uploads();
  void take();
  void take(const wire::Frame& frame);
  void head(std::uint32_t stream, const wire::Frame& frame);

  wire::FrameReader reader_;
  std::map<std::uint32_t, Upload> uploads_;
  std::int64_t window_ = 65535;         // of the connection, for uploads
  std::int64_t stream_window_ = 65535;  // what an upload begins with
  std::uint32_t next_ = 1;
};

}  // namespace pounce::testing
