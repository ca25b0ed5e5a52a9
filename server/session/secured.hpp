// Secured: the transport's side of a session behind a filter: ciphertext in and out, and what of it stands for which plaintext.
//
// The plaintext's Output counts as written what the peer's side of the filter has been written for, so that a machine judges the pace of
// the true transport. No more is sealed than one batch at a time: what waits for a slow peer waits as plaintext, where its limit is.
#pragma once

#include <pounce/core/filter.hpp>
#include <pounce/core/input.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/core/workspace.hpp>

#include <cstddef>

namespace pounce::inline v0 {

class Secured {
 public:
  Secured(Owned<Filter> filter, Instant handshake_deadline, std::size_t output_limit)
      : input(Workspace::large), output(output_limit), filter_(std::move(filter)), deadline_(handshake_deadline) {}

  // Ciphertext, as the driver reads and writes it.
  Input input;
  Output output;

  [[nodiscard]] Filter& filter() noexcept { return *filter_; }
  [[nodiscard]] const Filter& filter() const noexcept { return *filter_; }
  [[nodiscard]] Instant deadline() const noexcept { return deadline_; }
  [[nodiscard]] bool is_shaking_hands() const noexcept { return !established_; }
  // Says true once: the handshake has ended well.
  [[nodiscard]] bool take_established() noexcept;

  // Opens what has arrived, as far as `plaintext` takes it. Returns how much that was.
  std::size_t open(Input& plaintext, Workspace& workspace);
  void received() noexcept { held_ = false; }
  void end() noexcept { ended_ = true; }
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }
  // What has arrived is not enough for what comes before TLS.
  void hold() noexcept { held_ = true; }
  // What has arrived can still be opened, if there is room for it.
  [[nodiscard]] bool has_more() const noexcept { return (!held_ && input.size() != 0) || filter_->has_more(); }

  // Seals what `plaintext` holds, and its end, unless sealed bytes still wait. False: it failed, the connection is of no use.
  [[nodiscard]] bool seal(Output& plaintext, Instant now);
  // `n` bytes of `output` were written.
  void written(std::size_t n, Output& plaintext);

 private:
  Owned<Filter> filter_;
  Instant deadline_;
  std::size_t sealed_ = 0;    // plaintext that stands in `output`
  bool established_ = false;  // and reported
  bool ended_ = false;        // the transport
  bool held_ = false;
};

}  // namespace pounce::inline v0
