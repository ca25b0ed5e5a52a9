// Host: the server's side of the contract, as a table of functions.
//
// `Pounce::app` is header-only: an application module links nothing of Pounce and resolves no symbol at load time. Everything that
// needs the server goes through this table. It only ever grows at its end; `abi` in the module's stamp says what it began with.
#pragma once

#include <pounce/app/fields.hpp>
#include <pounce/app/response.hpp>
#include <pounce/app/status.hpp>
#include <pounce/app/token.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0 {

class Exchange;
class Wait;

struct Host {
  Status (*inform)(Exchange& exchange, std::uint16_t status, const Fields& fields);
  Status (*start)(Exchange& exchange, const Head& head);
  Status (*finish)(Exchange& exchange, const Fields& trailers);
  Status (*respond)(Exchange& exchange, Response& response);
  // Tries to complete a wait now: true, and its status says how; false, and it must be tried again.
  bool (*attempt)(Exchange& exchange, Wait& wait);
  bool (*draining)(const Exchange& exchange);
  Loan<Mailbox> (*mailbox)(Exchange& exchange);
  // Memory for coroutine frames, freed with the exchange at the latest.
  void* (*allocate)(Exchange& exchange, std::size_t size);
  void (*release)(Exchange& exchange, void* memory, std::size_t size);
  bool (*sends_regions)(const Exchange& exchange);
  Status (*close_websocket)(Exchange& exchange, std::uint16_t code, Bytes reason);
};

}  // namespace pounce::inline v0
