// Kernel: descriptors and system calls of the simulation. wrapped.cpp leads the calls of our own libraries here while one is alive.
//
// Results are as the calls give them: -1 and errno. Every call is a place where another thread may go first; those that block let
// the others run. Descriptors count from `first`, so that those of the real kernel (files, modules) are told apart.
// Not for threads of the real world: only the conductor and the threads of its Schedule may call.
#pragma once

#include "tests/sim/conduct.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/file.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/schedule.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace pounce::sim {

class Kernel {
 public:
  static constexpr int first = 1 << 20;

  explicit Kernel(std::uint64_t seed) : Kernel(seed, conduct_of(seed)) {}
  Kernel(std::uint64_t seed, const Conduct& conduct);
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  ~Kernel();

  // The one that is alive, or null.
  [[nodiscard]] static Kernel* current() noexcept;
  [[nodiscard]] static bool is_ours(int descriptor) noexcept { return descriptor >= first; }

  [[nodiscard]] Schedule& schedule() noexcept { return schedule_; }
  [[nodiscard]] Network& network() noexcept { return network_; }
  [[nodiscard]] const Conduct& conduct() const noexcept { return conduct_; }
  [[nodiscard]] std::size_t open_descriptors() const noexcept { return files_.size(); }

  // The peer's port of the connection that the calling thread accepted last: whose ConnectionOpened the next one of that thread is.
  [[nodiscard]] int accepted_port() const;
  // Whether a fault has ended this peer's connection.
  [[nodiscard]] bool has_struck(int port) const { return struck_.contains(port); }
  // The wall clock is set; the monotonic one goes on.
  void set_wall(Duration ahead) noexcept { wall_ahead_ = ahead; }
  [[nodiscard]] Duration wall_ahead() const noexcept { return wall_ahead_; }

  // --- calls ---
  int make_socket();
  int bind(int descriptor, const sockaddr_in& address);
  int listen(int descriptor);
  int accept(int descriptor, sockaddr_in& peer);
  long receive(int descriptor, void* to, std::size_t size, int flags);
  // What MSG_MORE holds back may not be left behind by a thread that waits: its peer would wait as well.
  long send(int descriptor, std::string_view bytes, int flags = 0);
  int shut_down(int descriptor, int how);
  int close(int descriptor);
  int duplicate(int descriptor);
  int set_option(int descriptor, int level, int name, const void* value);
  int own_address(int descriptor, sockaddr_in& address);
  int peer_address(int descriptor, sockaddr_in& address);
  int unacknowledged(int descriptor);
  int make_counter(unsigned value);
  long read(int descriptor, void* to, std::size_t size);
  long write(int descriptor, const void* from, std::size_t size);
  int make_timer();
  int set_timer(int descriptor, Duration after);  // zero: never
  int make_epoll();
  int epoll_control(int epoll, int operation, int descriptor, const epoll_event* event);
  int epoll_wait(int epoll, epoll_event* events, int most, int milliseconds);
  int poll(pollfd* descriptors, std::size_t count, int milliseconds);

 private:
  template <class F>
  [[nodiscard]] std::shared_ptr<F> find(int descriptor);
  int open(std::shared_ptr<File> file);
  [[nodiscard]] bool strikes() { return conduct_.faults != 0 && fault_dice_.one_in(conduct_.faults); }
  // The connection is over, and the call that finds out says why.
  long strike(Socket& socket, int error);
  [[nodiscard]] Instant until(int milliseconds) const;
  void look_for_held_back(int milliseconds) const;

  Conduct conduct_;
  Dice dice_;
  Dice fault_dice_;
  Schedule schedule_;
  Network network_;
  std::map<int, std::shared_ptr<File>> files_;
  std::map<std::size_t, int> accepted_;   // by thread
  std::map<int, std::size_t> held_back_;  // sockets with octets behind MSG_MORE, and the thread that sent them
  std::set<int> struck_;                  // peers' ports
  Duration wall_ahead_{};
};

}  // namespace pounce::sim
