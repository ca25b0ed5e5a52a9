// A listening socket on the loopback, on any free port, which is told on standard error.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

inline int listen_on_loopback() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(listener, name, size) + listen(listener, SOMAXCONN) + getsockname(listener, name, &size) != 0) std::exit(1);
  std::fprintf(stderr, "http://127.0.0.1:%d\n", ntohs(address.sin_port));
  return listener;
}
