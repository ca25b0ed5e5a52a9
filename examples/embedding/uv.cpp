// The same from libuv: callbacks on a stream and a timer for each connection. What is answered is in echo.hpp.
#include "echo.hpp"

#include <uv.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace {

pounce::Workspace workspace;  // of the one thread that runs the loop

struct Client {
  uv_tcp_t socket{};
  uv_timer_t timer{};
  uv_write_t write{};
  uv_shutdown_t shutdown{};
  pounce::h1::Conversation http{limits, now()};
  std::size_t in_flight = 0;  // bytes that libuv has still to write
  bool writing = false;
  bool shut = false;

  void start(uv_stream_t* listener);
  void step();
  void end();
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&socket); }
};

template <class Handle>
Client& client_of(Handle* handle) {
  return *static_cast<Client*>(handle->data);
}

void make_room(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
  const pounce::MutableBytes space = client_of(handle).http.space(workspace);
  *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
}

void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t*) {
  Client& client = client_of(stream);
  if (size < 0 && size != UV_EOF) return client.end();
  size == UV_EOF ? client.http.received_end() : client.http.received(static_cast<std::size_t>(size));
  client.step();
}

void on_written(uv_write_t* request, int status) {
  Client& client = client_of(request);
  if (status == UV_ECANCELED) return;  // by `end`
  client.writing = false;
  status < 0 ? client.end() : client.step();
}

void Client::step() {
  // What libuv has written counts at once, for the peer's pace is judged by it.
  const std::size_t left = uv_stream_get_write_queue_size(stream());
  http.written(in_flight - left, now());
  in_flight = left;
  http.advance(now(), workspace, Echo{http});
  if (!writing && http.wants_output()) {
    std::array<pounce::Bytes, 16> slices;
    std::array<uv_buf_t, 16> buffers;
    const std::size_t count = http.gather(slices);
    for (std::size_t i = 0; i < count; ++i) {
      buffers[i] = uv_buf_init(const_cast<char*>(slices[i].data()), static_cast<unsigned>(slices[i].size()));
      in_flight += slices[i].size();
    }
    writing = true;
    if (uv_write(&write, stream(), buffers.data(), static_cast<unsigned>(count), on_written) != 0) return end();
  }
  if (http.wants_shutdown() && !std::exchange(shut, true)) uv_shutdown(&shutdown, stream(), nullptr);
  if (http.finished()) return end();
  http.wants_input() ? uv_read_start(stream(), make_room, on_read) : uv_read_stop(stream());
  const auto on_time = [](uv_timer_t* due) { client_of(due).step(); };
  uv_timer_start(&timer, on_time, static_cast<std::uint64_t>(milliseconds_until(http.deadline())), 0);
}

void Client::start(uv_stream_t* listener) {
  socket.data = timer.data = write.data = this;
  uv_tcp_init(listener->loop, &socket);
  uv_timer_init(listener->loop, &timer);
  if (uv_accept(listener, stream()) != 0) return end();
  uv_tcp_nodelay(&socket, 1);
  step();
}

// The socket first and now: after a deadline libuv must not go on writing what the conversation has dropped. The timer's end takes the
// client with it.
void Client::end() {
  auto* const closing = reinterpret_cast<uv_handle_t*>(&socket);
  if (uv_is_closing(closing) != 0) return;
  uv_timer_stop(&timer);
  const auto on_closed = [](uv_handle_t* closed) {
    uv_close(reinterpret_cast<uv_handle_t*>(&client_of(closed).timer),
             [](uv_handle_t* last) { delete &client_of(last); });
  };
  if (!http.abandoned() || uv_tcp_close_reset(&socket, on_closed) != 0) uv_close(closing, on_closed);
}

}  // namespace

int main() {
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t listener;
  sockaddr_in address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  int size = sizeof address;
  uv_tcp_init(loop, &listener);
  uv_ip4_addr("127.0.0.1", 0, &address);  // port 0: any that is free
  uv_tcp_bind(&listener, name, 0);
  const auto accept = [](uv_stream_t* from, int status) {
    if (status == 0) (new Client)->start(from);
  };
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), SOMAXCONN, accept) != 0) return 1;
  uv_tcp_getsockname(&listener, name, &size);
  std::fprintf(stderr, "http://127.0.0.1:%d\n", ntohs(address.sin_port));
  return uv_run(loop, UV_RUN_DEFAULT);
}
