// RecordForge: records of TLS 1.2 with the keys of a client, of kinds that its library would not send.
#pragma once

#include "tests/tls/peer.hpp"

#include <pounce/core/bytes.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace pounce::test {

class RecordForge {
 public:
  // `peer` has ended its handshake, with an AES-128-GCM cipher, and sent nothing since.
  explicit RecordForge(const Peer& peer);
  // The next record of the client's (RFC 5246, section 6.2.3.3; RFC 5288).
  [[nodiscard]] std::string seal(std::uint8_t type, Bytes plaintext);

 private:
  std::array<unsigned char, 16> key_{};
  std::array<unsigned char, 4> salt_{};
  std::uint64_t sequence_ = 1;  // behind Finished
};

}  // namespace pounce::test
