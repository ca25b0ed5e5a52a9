#include <pounce/posix/listeners.hpp>

#include <sys/socket.h>
#ifdef __linux__
#include <linux/filter.h>
#endif

#include <algorithm>
#include <array>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

using config::BindAddress;

// No new handshake begins on the socket; the ones that it has queued, and handshakes under way, go on. Closing it at once would reset
// who came between the last accept and the close. Whoever knocks asks again a second later, and learns then that it is closed, or
// meets a successor. On other systems nothing happens here.
void turn_newcomers_away(const Listener& listener) noexcept {
#ifdef __linux__
  // Of the TCP header: SYN without ACK.
  std::array<sock_filter, 5> program{{{BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},
                                      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x12},
                                      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x02},
                                      {BPF_RET | BPF_K, 0, 0, 0},
                                      {BPF_RET | BPF_K, 0, 0, 0xffffffff}}};
  const sock_fprog filter{program.size(), program.data()};
  (void)::setsockopt(listener.descriptor(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
#else
  (void)listener;
#endif
}

bool is_same_place(const BindAddress& left, const BindAddress& right) {
  return left.kind == right.kind && left.place() == right.place();
}

}  // namespace

std::size_t Listeners::find(const BindAddress& wanted) noexcept {
  const auto found = std::find_if(doors_.begin(), doors_.end(),
                                  [&](const Door& one) { return !one.used && is_same_place(one.wanted, wanted); });
  if (found != doors_.end()) found->used = true;
  return static_cast<std::size_t>(found - doors_.begin());
}

std::expected<Listeners::Door, std::string> Listeners::open(const BindAddress& wanted, int backlog, bool many) {
  auto first = listen_on(wanted, backlog, many ? Port::first_of_many : Port::alone);
  if (!first) return std::unexpected(std::move(first.error()));
  Door door{.wanted = wanted, .groups = {}, .many = many, .backlog = backlog, .used = true};
  for (Listener& listener : *first) door.groups.emplace_back().push_back(std::move(listener));
  return door;
}

std::expected<void, std::string> Listeners::deal_of(std::size_t door, int backlog, Dealt& dealt) {
  const std::size_t hands = dealt.hands.size();
  const Door& from = doors_[door];
  for (std::size_t g = 0; g < from.groups.size(); ++g) {
    const std::vector<Listener>& group = from.groups[g];
    const BindAddress bound = BindAddress{group.front().address()}.as(from.wanted);
    const auto give = [&](std::size_t hand, const Listener& one) -> std::expected<void, std::string> {
      auto second = one.share();
      if (!second) return std::unexpected(std::move(second.error()));
      second->address_as(bound);
      dealt.hands[hand % hands].push_back(std::move(*second));
      return {};
    };
    dealt.addresses.push_back(bound);
    const bool own = from.many && !group.front().is_only_one();
    for (std::size_t i = 0; i < (own ? std::max(hands, group.size()) : hands); ++i) {
      if (own && i >= group.size()) {
        auto more = listen_on(bound, backlog, Port::one_more);
        if (!more) return std::unexpected(std::move(more.error()));
        extras_.push_back(Extra{door, g, std::move(more->front())});
      }
      const Listener& one = !own ? group.front() : i < group.size() ? group[i] : extras_.back().listener;
      if (auto given = give(i, one); !given) return given;
    }
  }
  return {};
}

std::expected<Dealt, std::string> Listeners::deal(std::span<const BindAddress> addresses, int backlog,
                                                  std::size_t hands, bool spread) {
  forget();
  for (Door& door : doors_) door.used = false;
  Dealt dealt;
  dealt.hands.resize(hands);
  // What may fail comes first: one more socket of a port in use gets its share of connections at once.
  std::vector<std::size_t> places;
  for (const BindAddress& wanted : addresses) {
    places.push_back(find(wanted));
    if (places.back() != doors_.size()) continue;
    auto opened = open(wanted, backlog, spread && kernel_balances() && hands > 1);
    if (!opened) return std::unexpected(std::move(opened.error()));
    doors_.push_back(std::move(*opened));
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    const BindAddress& wanted = addresses[i];
    Door& door = doors_[places[i]];
    door.wanted = wanted;  // its properties may be others now
    if (std::exchange(door.backlog, backlog) != backlog) {
      for (const auto& group : door.groups) {
        for (const Listener& one : group) (void)::listen(one.descriptor(), backlog);
      }
    }
    if (auto done = deal_of(places[i], backlog, dealt); !done) return std::unexpected(std::move(done.error()));
  }
  return dealt;
}

void Listeners::forget() {
  extras_.clear();
  doors_.erase(doors_.begin() + static_cast<std::ptrdiff_t>(kept_), doors_.end());
}

void Listeners::leave_to_others() noexcept {
  left_to_others_ = true;
  for (Door& door : doors_) {
    for (auto& group : door.groups) {
      for (Listener& one : group) one.leave_file();
    }
  }
}

void Listeners::keep(std::span<const BindAddress> addresses) {
  for (Extra& one : extras_) doors_[one.door].groups[one.group].push_back(std::move(one.listener));
  extras_.clear();
  for (Door& door : doors_) door.used = false;
  for (const BindAddress& wanted : addresses) (void)find(wanted);
  for (const Door& door : doors_) {
    if (door.used || left_to_others_) continue;
    for (const auto& group : door.groups) {
      for (const Listener& one : group) {
        if (!one.is_only_one()) turn_newcomers_away(one);
      }
    }
  }
  std::erase_if(doors_, [](const Door& door) { return !door.used; });
  kept_ = doors_.size();
}

}  // namespace pounce::inline v0::posix
