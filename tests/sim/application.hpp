// Application: one handler of every kind, for scenarios to visit.
//
//   /hello               plain: "hello"
//   /collect             plain: says how much content it was called with
//   /big?bytes=N         plain: N bytes at once
//   /echo                coroutine: what arrives goes back as it comes
//   /slow-echo           the same, and sleeps 10 ms before each piece
//   /sleep?ms=N          coroutine: answers after N ms
//   /lines?count=N&ms=M  coroutine: N lines, M ms apart; says goodbye when the server drains
//   /flood?bytes=N       coroutine: N bytes, as fast as the peer takes them
//   /message?name=X      coroutine: answers with what is posted to X; /message/stream goes on until "stop"
//   /socket?name=X       coroutine: a WebSocket that sends back what comes, and what is posted to X
//   /refuse              coroutine: 403 without a look at the content
//   /refuse-and-look     the same after the first piece
//   /answers-early       coroutine: answers, then sleeps 100 ms
//   /throw; after 100 ms: /throw-in-a-coroutine, /throw-late (behind its head); /leave (without an answer), /leave-late
#pragma once

#include <pounce/app.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace pounce::sim {

// What the handlers of one server have done and left behind. Used by its threads and by the scenario.
class Visits {
 public:
  Status post(const std::string& name, const std::string& text);
  [[nodiscard]] std::size_t runs() const { return runs_; }
  [[nodiscard]] std::size_t alive() const { return alive_; }

  // One run of a handler, from its first line to the end of its frame.
  class Run {
   public:
    explicit Run(Visits& visits) : visits_(&visits) {
      const std::lock_guard guard{visits_->lock_};
      ++visits_->runs_;
      ++visits_->alive_;
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() {
      const std::lock_guard guard{visits_->lock_};
      --visits_->alive_;
    }

   private:
    Visits* visits_;
  };
  void expect(const std::string& name, Token token);

 private:
  std::mutex lock_;
  std::size_t runs_ = 0;
  std::size_t alive_ = 0;
  std::map<std::string, Token> tokens_;
};

[[nodiscard]] App make_application(Visits& visits);

}  // namespace pounce::sim
