// The same from Asio: one coroutine for each connection. (With Boost.Asio: boost::asio, and its headers.)
#include "echo.hpp"

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <cstdio>
#include <utility>

using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;

namespace {

constexpr auto as_tuple = asio::experimental::as_tuple(asio::use_awaitable);

// Until the socket is ready for what is wanted of it, or the deadline has come.
asio::awaitable<void> rest(tcp::socket& socket, const pounce::h1::Conversation& http) {
  using Time = std::chrono::steady_clock::time_point;
  asio::steady_timer timer{socket.get_executor(), Time{http.deadline().time_since_epoch()}};
  const auto ready = [&](bool wanted, tcp::socket::wait_type what) {
    return wanted ? socket.async_wait(what, as_tuple) : timer.async_wait(as_tuple);
  };
  co_await (timer.async_wait(as_tuple) || ready(http.wants_input(), tcp::socket::wait_read) ||
            ready(http.wants_output(), tcp::socket::wait_write));
}

asio::awaitable<void> serve(tcp::socket socket, pounce::Workspace& workspace) {
  socket.non_blocking(true);
  socket.set_option(tcp::no_delay{true});
  pounce::h1::Conversation http{limits, now()};
  while (!http.finished()) {
    co_await rest(socket, http);
    asio::error_code error;
    if (const pounce::MutableBytes space = http.space(workspace); !space.empty()) {
      const std::size_t size = socket.read_some(asio::buffer(space.data(), space.size()), error);
      if (error == asio::error::eof) {
        http.received_end();
      } else if (error && error != asio::error::would_block) {
        co_return;
      }
      http.received(size);
    }
    http.advance(now(), workspace, Echo{http});
    error.clear();
    for (pounce::Bytes out; !error && http.gather({&out, 1}) != 0;) {
      http.written(socket.write_some(asio::buffer(out), error), now());
    }
    if (error && error != asio::error::would_block) co_return;
    if (http.wants_shutdown()) socket.shutdown(tcp::socket::shutdown_send, error);
  }
  if (http.abandoned()) socket.set_option(asio::socket_base::linger{true, 0});  // closing resets
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, pounce::Workspace& workspace) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), workspace), asio::detached);
  }
}

}  // namespace

int main() {
  asio::io_context loop{1};
  pounce::Workspace workspace;
  tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};  // port 0: any that is free
  std::fprintf(stderr, "http://127.0.0.1:%d\n", acceptor.local_endpoint().port());
  asio::co_spawn(loop, accept(acceptor, workspace), asio::detached);
  loop.run();
}
