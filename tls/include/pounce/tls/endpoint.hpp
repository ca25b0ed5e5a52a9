// Endpoint: everything about the server's end of TLS that does not change while it lives: certificates, versions, ciphers, trust.
//
// What it is not: a connection (Filter), nor what may change while a server runs (Server). It is frozen: threads share it freely.
// OpenSSL itself reads the clock (ticket ages, validity of client certificates), draws random numbers, reads its configuration file
// and the environment variables that name it, and takes locks when an endpoint is made and when a connection begins.
// Limits: a client's certificates 64 KiB; key updates and refused renegotiations 32, and one more per MiB received; no renegotiation, no compression, no early data.
// RFCs: 8446 (TLS 1.3), 5246 (TLS 1.2), 6066 (SNI, stapling), 7301 (ALPN), 5077 (tickets), 9325 (recommendations).
#pragma once

#include <pounce/core/filter.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/time.hpp>

namespace pounce::inline v0::tls {

class TicketKeys;
struct Problem;
using Problems = List<Problem>;
struct Settings;

class Endpoint : public Storage {
 public:
  // Null when something is wrong: then `problems` has it, all of it. Warnings stand there too. `now` judges dates. `keys` outlives
  // the endpoint and its filters; null: no tickets.
  [[nodiscard]] static Loan<Endpoint> make(const Settings& settings, TicketKeys* keys, WallTime now,
                                           Problems& problems);

  // The filter of one new connection; it gives `slot` up when its handshake has ended. Throws std::bad_alloc.
  [[nodiscard]] virtual Owned<Filter> accept(StorageRef slot = {}) = 0;

 protected:
  Endpoint() noexcept = default;
};

}  // namespace pounce::inline v0::tls
