#include "server/session/secured.hpp"

#include <algorithm>
#include <array>

namespace pounce::inline v0 {

bool Secured::take_established() noexcept {
  const Filter::State state = filter_->state();
  if (established_ || (state != Filter::State::established && state != Filter::State::ended)) return false;
  established_ = true;
  return true;
}

std::size_t Secured::open(Input& plaintext, Workspace& workspace) {
  std::size_t made = 0;
  while (has_more()) {
    const MutableBytes space = plaintext.space(workspace);
    if (space.empty()) break;
    const Filter::Received got = filter_->receive(view(input.readable()), space, output);
    input.consume(got.eaten);
    plaintext.received(got.made);
    made += got.made;
    if (got.eaten == 0 && got.made == 0) break;
  }
  if (ended_ && !has_more()) filter_->receive_end();
  return made;
}

bool Secured::seal(Output& plaintext, Instant now) {
  if (plaintext.abandoned() && !output.abandoned()) {  // whatever still waits
    output.discard();
    output.abandon();
    sealed_ = 0;
  }
  if (sealed_ != 0 || !established_ || output.finished()) return true;
  if (!plaintext.empty()) {
    std::array<Bytes, 16> slices;
    const std::size_t count = plaintext.gather(slices);
    sealed_ = filter_->send({slices.data(), count}, now, output);
    if (sealed_ == 0) return false;
  }
  // One write for the last answer and the close_notify behind it.
  if (plaintext.finished() && sealed_ == plaintext.size()) {
    filter_->send_close(output);
    output.finish();
  }
  return true;
}

void Secured::written(std::size_t n, Output& plaintext) {
  output.written(n);
  if (sealed_ == 0) return;
  // Sealed bytes are more than plain ones. The last of those is written when all of them are.
  const std::size_t done = output.empty() ? sealed_ : std::min(n, sealed_ - 1);
  sealed_ -= done;
  plaintext.written(std::min(done, plaintext.size()));  // which may have been discarded
}

}  // namespace pounce::inline v0
