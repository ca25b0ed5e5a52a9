// What HTTP/2 costs in memory, without a socket: the same requests, 32 a batch, through h2::Connection and through nghttp2's own session.
// Both keep method, path and fields, answer 13 octets of content, and write into one buffer. Prints CPU time a request, the best of
// several interleaved rounds each: h2_machines [ROUNDS]
#include "tests/protocol/h2_wire.hpp"

#include <pounce/core/workspace.hpp>
#include <pounce/h2/connection.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

constexpr std::uint32_t batch = 32;
constexpr std::uint32_t batches = 2000;
constexpr std::string_view content = "Hello, World!";

// What a client sends: its first words, then the batches.
struct Traffic {
  std::string hello;
  std::vector<std::string> parts;

  Traffic() {
    wire::FrameWriter client;
    client.hello({{4, 1U << 30U}});
    client.window_update(0, 1U << 30U);
    hello = client.take();
    std::uint32_t id = 1;
    for (std::uint32_t i = 0; i < batches; ++i) {
      for (std::uint32_t k = 0; k < batch; ++k, id += 2) {
        client.get(id, "/", {{"user-agent", "bench/1.0"}, {"accept", "*/*"}, {"accept-encoding", "gzip, deflate"}});
      }
      parts.push_back(client.take());
    }
  }
};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// --- ours ---

std::size_t run_pounce(const Traffic& traffic) {
  using namespace pounce;
  h2::Limits limits;
  const Instant now{std::chrono::seconds{1}};
  Workspace workspace;
  Output output;
  output.bind(&workspace);
  h2::Connection connection{limits, now};
  Events& events = workspace.events();
  std::size_t sent = 0;
  std::vector<char> wire(1U << 16U);
  const Field type{"content-type", "text/plain"};
  ResponseHead head;
  head.fields = {&type, 1};
  head.lines = "server: bench\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  const auto feed = [&](std::string bytes) {
    if (connection.receive({bytes.data(), bytes.size()}, now, events, output) != bytes.size()) std::abort();
    for (const Event& event : events) {
      if (const auto* end = std::get_if<event::End>(&event)) {
        if (connection.send_response(end->stream, head, content, {}, now, output) != Sent::ok) std::abort();
      }
    }
    events.clear();
    connection.written(now, output);
    for (std::array<Bytes, 8> slices; const std::size_t count = output.gather(slices);) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(wire.data(), slices[i].data(), std::min(slices[i].size(), wire.size()));
        size += slices[i].size();
      }
      output.written(size);
      sent += size;
    }
    connection.written(now, output);
  };
  feed(traffic.hello);
  for (const std::string& part : traffic.parts) feed(part);
  return sent;
}

// --- nghttp2's ---

struct Request {
  std::string text;
  std::vector<std::pair<std::size_t, std::size_t>> fields;
};

std::size_t run_nghttp2(const Traffic& traffic) {
  std::vector<std::int32_t> ended;
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, [](nghttp2_session* session, const nghttp2_frame* frame, void*) {
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, new Request);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t, void*) {
        auto& request = *static_cast<Request*>(nghttp2_session_get_stream_user_data(session, frame->hd.stream_id));
        request.text.append(reinterpret_cast<const char*>(name), name_size);
        request.text.append(reinterpret_cast<const char*>(value), value_size);
        request.fields.emplace_back(name_size, value_size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->hd.type == NGHTTP2_HEADERS)
          static_cast<std::vector<std::int32_t>*>(user)->push_back(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session* session, std::int32_t id, std::uint32_t, void*) {
        delete static_cast<Request*>(nghttp2_session_get_stream_user_data(session, id));
        return 0;
      });
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, callbacks, &ended, option);
  const std::array<nghttp2_settings_entry, 2> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100}, {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  std::size_t sent = 0;
  std::vector<char> wire(1U << 20U);
  const auto field = [](std::string_view name, std::string_view value) {
    auto* const n = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
    auto* const v = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
    return nghttp2_nv{n, v, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  };
  const std::array<nghttp2_nv, 5> head{field(":status", "200"), field("server", "bench"),
                                       field("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                                       field("content-type", "text/plain"), field("content-length", "13")};
  nghttp2_data_provider provider{};
  provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t, std::uint32_t* flags,
                              nghttp2_data_source*, void*) -> ssize_t {
    std::memcpy(out, content.data(), content.size());
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(content.size());
  };
  const auto feed = [&](const std::string& bytes) {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (nghttp2_session_mem_recv(session, data, bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    for (const std::int32_t id : ended) nghttp2_submit_response(session, id, head.data(), head.size(), &provider);
    ended.clear();
    std::size_t used = 0;
    const std::uint8_t* piece = nullptr;
    while (const ssize_t size = nghttp2_session_mem_send(session, &piece)) {
      if (size < 0) std::abort();
      std::memcpy(wire.data() + used, piece, static_cast<std::size_t>(size));
      used += static_cast<std::size_t>(size);
    }
    sent += used;
  };
  feed(traffic.hello);
  for (const std::string& part : traffic.parts) feed(part);
  nghttp2_session_del(session);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);
  return sent;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  const Traffic traffic;
  double ours = 1e9;
  double theirs = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const double start = cpu_seconds();
    const std::size_t a = run_pounce(traffic);
    const double middle = cpu_seconds();
    const std::size_t b = run_nghttp2(traffic);
    const double end = cpu_seconds();
    ours = std::min(ours, middle - start);
    theirs = std::min(theirs, end - middle);
    if (i == 0) std::printf("octets sent: h2::Connection %zu, nghttp2 session %zu\n", a, b);
  }
  constexpr double requests = double{batch} * batches;
  std::printf("h2::Connection  %.0f ns a request\nnghttp2 session %.0f ns a request\nratio %.2f\n",
              ours / requests * 1e9, theirs / requests * 1e9, theirs / ours);
}
