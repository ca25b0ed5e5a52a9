// Listeners: the sockets of a program's addresses, which outlive the runtimes that accept from them.
//
// `deal` gives each thread of a runtime second owners of the same sockets. So two runtimes, one that begins and one that drains, accept
// from the same queues of the kernel, and no connection is lost between them: a socket is closed when its last owner closes it.
// Where the kernel spreads connections over several sockets of a port, there is one for each thread. Threads that come later get more
// of them; when there are fewer threads, some accept from several.
// Ownership: borrows nothing. Not thread-safe.
// Errors: one line each. What `deal` has bound is only kept by the `keep` that follows. Where a start fails, `forget` follows: no socket is left on
// which the kernel queues connections for nobody.
#pragma once

#include <pounce/config/bind_address.hpp>
#include <pounce/posix/socket.hpp>

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace pounce::inline v0::posix {

// What a runtime listens on: the addresses as bound, and the listeners of each of its threads.
struct Dealt {
  std::vector<config::BindAddress> addresses;
  std::vector<std::vector<Listener>> hands;
};

class Listeners {
 public:
  // For `hands` threads; `spread`: each wants sockets of its own. An address that is there already (the same place, and the same
  // number among equal ones: port 0 stays the port that it became) is not bound again.
  [[nodiscard]] std::expected<Dealt, std::string> deal(std::span<const config::BindAddress> addresses, int backlog,
                                                       std::size_t hands, bool spread);
  // Only these addresses stay, with what was dealt for them. On the others no connection begins any more; what the kernel has queued there, whoever accepts from
  // them still takes.
  void keep(std::span<const config::BindAddress> addresses);
  // What the last `deal` has bound goes, unless it was kept. Whoever was queued there meanwhile is reset.
  void forget();
  // As `keep`, of none.
  void close() { keep({}); }
  // In a process that was forked: other processes accept from the same queues, and who closes here turns nobody away,
  // and removes no file.
  void leave_to_others() noexcept;

 private:
  // The sockets of one address that was asked for. A name may stand for several addresses: each of them is a group.
  struct Door {
    config::BindAddress wanted;
    std::vector<std::vector<Listener>> groups;
    bool many = false;  // a group may have more sockets than one
    int backlog = 0;
    bool used = false;  // by the `deal` or `keep` that is under way
  };
  // One more socket of a group.
  struct Extra {
    std::size_t door;
    std::size_t group;
    Listener listener;
  };

  [[nodiscard]] static std::expected<Door, std::string> open(const config::BindAddress& wanted, int backlog, bool many);
  [[nodiscard]] std::expected<void, std::string> deal_of(std::size_t door, int backlog, Dealt& dealt);
  // Its index in `doors_`; as many as there are: none.
  [[nodiscard]] std::size_t find(const config::BindAddress& wanted) noexcept;

  std::vector<Door> doors_;
  std::size_t kept_ = 0;  // of them; those behind are new
  std::vector<Extra> extras_;
  bool left_to_others_ = false;
};

}  // namespace pounce::inline v0::posix
