// Filter: what stands between a transport and a protocol machine and changes every byte on its way: TLS.
//
// What it is: ciphertext on one side, plaintext on the other. What it is not: a transport; it reads and writes no socket and has no
// deadline: how long a handshake may take is its owner's affair. `tls/` implements it; nothing here names TLS.
// Ownership: one thread at a time; it moves whole with its connection. Views that it returns live as long as it does.
// Limits: it keeps at most one partial record. What it adds to `wire` without being asked (handshake, alerts, key updates) is bounded
// by its implementation.
// Errors: the peer's are `State::failed` with a fault, its alert already in `wire`; what was opened before is kept. std::bad_alloc
// passes through and leaves it failed.
#pragma once

#include <pounce/core/agreed.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/core/tls_failure.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace pounce::inline v0 {

class Filter {
 public:
  enum class State : std::uint8_t {
    handshaking,
    established,
    ended,   // the peer has said that nothing follows (close_notify)
    failed,  // nothing can be received or sent any more; `fault` says why
  };

  struct Received {
    std::size_t eaten;  // of the ciphertext
    std::size_t made;   // of plaintext
  };

  Filter() = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  virtual ~Filter() = default;

  // Eats a prefix of `ciphertext`, all of it unless `plaintext` became full, and puts what it holds there.
  [[nodiscard]] virtual Received receive(Bytes ciphertext, MutableBytes plaintext, Output& wire) = 0;
  // The transport ends. Without the peer's word for it that is `Fault::tls_truncated`.
  virtual void receive_end() noexcept = 0;
  // Plaintext that was received and did not fit.
  [[nodiscard]] virtual bool has_more() const noexcept = 0;

  // Seals a prefix of what the slices hold into `wire` and says how much of it. Only when established or ended.
  [[nodiscard]] virtual std::size_t send(std::span<const Bytes> slices, Instant now, Output& wire) = 0;
  // Says that nothing follows (close_notify).
  virtual void send_close(Output& wire) = 0;

  [[nodiscard]] virtual State state() const noexcept = 0;
  [[nodiscard]] virtual Fault fault() const noexcept = 0;
  // Only when failed. Truncation is a fault alone.
  [[nodiscard]] virtual TlsFailure failure() const noexcept = 0;
  // Why it failed, in the library's words; empty when there are none.
  [[nodiscard]] virtual Bytes words() const noexcept = 0;
  // Empty before the handshake has ended.
  [[nodiscard]] virtual const Agreed& agreed() const noexcept = 0;
};

// FilterSource: where the filter of a fresh connection comes from. Any thread.
class FilterSource {
 public:
  // Null: there are too many connections that have not ended their handshake. Throws std::bad_alloc.
  [[nodiscard]] virtual Owned<Filter> accept() = 0;

 protected:
  ~FilterSource() = default;
};

}  // namespace pounce::inline v0
