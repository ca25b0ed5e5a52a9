// Crew: the worker processes of one generation, as their supervisor sees them: forked from what the supervisor has read and loaded, so that a
// worker that is started again runs the same code with the same configuration, whatever has become of the files.
//
// Threads: the main thread's; nothing else may run in the process when it forks.
#pragma once

#include "posix/program/board.hpp"
#include "posix/program/channel.hpp"
#include "posix/program/generation.hpp"
#include "posix/program/shared_memory.hpp"
#include "posix/program/speech.hpp"

#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/limits/client_limit.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pounce::inline v0::program {

// One worker process.
struct Member {
  enum class State : std::uint8_t { preparing, prepared, starting, serving, leaving };

  pid_t process = -1;
  Channel channel;
  std::size_t index = 0;  // among its crew
  events::WorkerId first_id = 0;
  State state = State::preparing;
  Instant due = never;  // until then it serves (before that), or it is cut (leaving)
  Instant kill_at = never;
  std::string last_words;  // of one that has failed: lines
  Exit exit = Exit::failed;
  bool in_hook = true;  // its start hooks have not returned: it hears nothing
  bool failed = false;
  bool killed = false;          // by the supervisor
  bool reported = false;        // its ending
  bool closed = false;          // accepts no more
  bool wants_to_leave = false;  // somebody has told it alone to end
  Ending ending;
};

class Crew {
 public:
  // Of a Read that is to be served. Borrows the others. Throws std::system_error without memory.
  Crew(const Invocation& invocation, Lasting& lasting, Board& board, Generation::Read read, std::uint64_t number);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  // Kills who is left.
  ~Crew();

  [[nodiscard]] const config::Config& config() const noexcept { return *read_.outcome.config; }
  [[nodiscard]] const Speech& speech() const noexcept { return speech_; }
  [[nodiscard]] TlsFiles* tls() noexcept { return read_.tls.get(); }
  [[nodiscard]] Generation::Before before_next() const noexcept { return {read_.tls.get(), read_.outcome.has_file}; }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::vector<Owned<Member>>& members() noexcept { return members_; }
  [[nodiscard]] std::uint32_t ids() const { return posix::worker_ids(share_); }

  // Binds what the configuration names, for all members.
  [[nodiscard]] std::expected<void, std::string> listen();
  // In front of the doors of `listen`: what is no longer named is closed.
  void keep_listeners() const;

  // Forks a member, which prepares; it has ids from `first_id` on. Throws std::system_error. `number`: of the process, among all.
  // `others`: crews that it is none of. In the new process it never returns.
  void add(std::size_t index, events::WorkerId first_id, std::uint64_t number, std::span<Crew* const> others,
           Instant now);
  // Takes in what its members say, and says what had found no room.
  void listen_to(Member& member);
  // All of them are told.
  void tell(Word word, std::string_view text = {});
  // So many members are wanted from now on: limits over all of them are shared anew among those that do not leave.
  void want(std::size_t members);
  // It ends, in time; `by`: then it is cut.
  static void dismiss(Member& member, Word word, Instant by);
  static void cut(Member& member, Instant now);

  std::size_t wanted = 0;  // members
  posix::Totals totals;    // of members that have ended
  std::vector<config::BindAddress> addresses;
  std::vector<config::BindAddress> admin;

 private:
  [[noreturn]] void serve(Channel channel, std::size_t index, events::WorkerId first_id, std::uint64_t number,
                          std::span<Crew* const> others, pid_t supervisor);
  // In a process that is not the supervisor: its ends of channels, and what only members need.
  void leave_channels() noexcept;
  void leave_table() noexcept;

  const Invocation& invocation_;
  Lasting& lasting_;
  Board& board_;
  Generation::Read read_;
  std::uint64_t number_;
  Speech speech_;
  config::Config share_;                     // of each
  SharedMemory table_;                       // of …
  Owned<limits::ClientLimit> client_limit_;  // … what their clients ask; null: it is not limited
  std::vector<Owned<Member>> members_;
};

}  // namespace pounce::inline v0::program
