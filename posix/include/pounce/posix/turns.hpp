// Turns: the threads of a server take turns at an application that must not run on two of them at once. Whoever waits for sockets or time
// has given its turn away.
#pragma once

#include <mutex>

namespace pounce::inline v0::posix {

class Turns {
 private:
  friend class Turn;
  std::mutex lock_;
};

// A thread's turn, from its making to its end, but for the time between `pause` and `resume`. Without Turns, everybody's at any time.
class Turn {
 public:
  explicit Turn(Turns* turns) noexcept : turns_(turns) { resume(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { pause(); }

  void pause() noexcept {
    if (turns_ != nullptr) turns_->lock_.unlock();
  }
  void resume() noexcept {
    if (turns_ != nullptr) turns_->lock_.lock();
  }

 private:
  Turns* turns_;
};

}  // namespace pounce::inline v0::posix
