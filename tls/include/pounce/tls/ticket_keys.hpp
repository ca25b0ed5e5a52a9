// TicketKeys: what session tickets are encrypted with (RFC 5077, RFC 8446 section 4.6.1). The first key encrypts, all decrypt.
//
// Whoever holds these keys reads the tickets, and with TLS 1.2 the connections that come from them: they change. `rotate` makes a
// fresh one; or all come from a file that a fleet shares (`replace`), and somebody else rotates that.
// Threads: any; a lock is held for a copy of 80 bytes, once per handshake.
// Limits: `most` keys; older ones are forgotten and wiped.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/string_fwd.hpp>

#include <array>
#include <cstddef>

namespace pounce::inline v0::tls {

struct TicketKey {
  std::array<unsigned char, 16> name;
  std::array<unsigned char, 32> cipher;  // AES-256-CBC
  std::array<unsigned char, 32> mac;     // HMAC-SHA-256
};

class TicketKeys {
 public:
  static constexpr std::size_t most = 4;

  // With one fresh key. Throws std::runtime_error when there is no randomness.
  TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;
  ~TicketKeys();

  // A fresh key goes in front.
  void rotate();
  // One that somebody else has made does.
  void put(const TicketKey& fresh);
  // The same keys as another's, in the same order.
  void take_over(const TicketKeys& other);
  // One to `most` keys of 80 bytes each: name, cipher key, MAC key. False: they are none, and nothing has changed.
  bool replace(Bytes keys);
  // What is wrong with such keys, in a sentence; empty: nothing.
  [[nodiscard]] static std::string fault_of(Bytes keys);

  [[nodiscard]] TicketKey current() const;
  // 0: there is none of that name; 1: `key` is the current one; 2: `key` is an older one.
  [[nodiscard]] int find(const unsigned char* name, TicketKey& key) const;

 private:
  struct State;
  Owned<State> state_;
};

}  // namespace pounce::inline v0::tls
