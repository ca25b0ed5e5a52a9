// h1::Conversation: an HTTP/1.1 connection together with its buffers, and the order of steps that whoever drives it owes it.
//
// It is what an event loop of your own holds for each socket. It is not a socket and calls nobody but the handler of `advance`. The
// machine inside is h1::Connection, which holds no bytes; use that one where the buffers are yours.
//
// The loop of a driver:
//   1. when `wants_input`, read into `space`, then say `received`; at the end of the stream `received_end`;
//   2. `advance`: the handler sees each event and answers with want_body and send_*, at once or later;
//   3. write what `gather` gives and say `written`, also when nothing was taken;
//   4. when `wants_shutdown`, shut the sending side down; when `finished`, close (reset when `abandoned`);
//   5. wait: for input when `wants_input`, for output when `wants_output`, until `deadline`; then again from 1.
//
// Ownership: `limits` is borrowed for its whole life. Views in events live until the handler has returned; to keep content without a copy
// take `storage`, to keep a head copy its `raw`.
// Limits: the input holds the largest section that `limits` allow and a read of 64 KiB behind it; the output twice as much. While less than
// half of the output is free nothing is shown to the machine, nothing is read, and the pace of the content is not judged. So whoever answers
// content with no more than that content, as an echo does, always finds room. Errors: as h1::Connection.
#pragma once

#include <pounce/core/input.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/h1/connection.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace pounce::inline v0::h1 {

class Conversation {
 public:
  // `now` starts the first keep-alive wait.
  Conversation(const Limits& limits, Instant now) noexcept;

  // --- the transport ---

  [[nodiscard]] bool wants_input() const noexcept;
  // Where the next read goes; valid until the next call. Empty when nothing is wanted.
  [[nodiscard]] MutableBytes space(Workspace& workspace);
  void received(std::size_t n) noexcept { input_.received(n); }
  // The peer will send no more. It is told to the machine when that has seen all that came before.
  void received_end() noexcept { ended_ = true; }

  [[nodiscard]] bool wants_output() const noexcept { return !output_.empty(); }
  // Fills `slices` with what is to be written; they stay in place until they are written.
  [[nodiscard]] std::size_t gather(std::span<Bytes> slices) const noexcept { return output_.gather(slices); }
  // `n` bytes, 0 included, were taken.
  void written(std::size_t n, Instant now) noexcept;

  [[nodiscard]] bool wants_shutdown() const noexcept { return output_.finished() && output_.empty() && !abandoned(); }
  [[nodiscard]] bool finished() const noexcept { return machine_.finished(output_); }
  // What was promised will not come and the framing cannot say so: reset the transport, so that nobody takes a part for the whole.
  [[nodiscard]] bool abandoned() const noexcept { return output_.abandoned(); }
  // When `advance` wants to be called, if nothing happens before; it has come already when there is more to do.
  [[nodiscard]] Instant deadline() const noexcept;

  // Does all that has become possible: time, input, the end of input. `handle` has an overload for Request, Data, End and Failed. It
  // is called while the machine is at rest, so it may call everything below. If it throws, the events behind that one are lost: close
  // the connection.
  template <class Handler>
  void advance(Instant now, Workspace& workspace, Handler&& handle) {
    Events& events = workspace.events();
    begin(now, events);
    for (bool found = true; found;) {
      Shown shown{input_, events};
      shown.eaten = show(events);
      found = !events.empty();
      for (const Event& event : events) tell(handle, event);
    }
    settle(workspace);
  }

  // --- the application; `stream` names the request that is meant ---

  void want_body(StreamId stream, bool wanted = true);
  Sent send_informational(StreamId stream, std::uint16_t status, FieldList fields);
  Sent send_head(StreamId stream, const ResponseHead& head);
  SentData send_data(StreamId stream, Bytes bytes, StorageRef owner = {});
  Sent send_end(StreamId stream, FieldList trailers = {});
  Sent send_response(StreamId stream, const ResponseHead& head, Bytes content, StorageRef owner = {});
  void reset(StreamId stream);
  void drain(Instant now);
  void use_lines(std::string_view lines) noexcept { machine_.use_lines(lines); }
  // A loan on the memory that the content of a `Data` event lies in.
  [[nodiscard]] StorageRef storage() const noexcept { return input_.storage(); }

 private:
  // What a handler was shown is done with after it and not before, for the events point into it; also when it throws: the list of
  // events is the thread's, and the next conversation must find nothing of this one in it.
  struct Shown {
    Input& input;
    Events& events;
    std::size_t eaten = 0;
    ~Shown() {
      events.clear();
      input.consume(eaten);
    }
  };
  template <class Handler>
  static void tell(Handler& handle, const Event& event) {
    if (const auto* request = std::get_if<event::Request>(&event)) return handle(*request);
    if (const auto* data = std::get_if<event::Data>(&event)) return handle(*data);
    if (const auto* end = std::get_if<event::End>(&event)) return handle(*end);
    if (const auto* failed = std::get_if<event::Failed>(&event)) return handle(*failed);
  }
  [[nodiscard]] bool has_room() const noexcept { return output_.room() >= output_.limit() / 2; }
  void begin(Instant now, Events& events);
  [[nodiscard]] std::size_t show(Events& events);  // how much of the input was eaten
  void settle(Workspace& workspace);

  Connection machine_;
  Input input_;
  Output output_;
  Instant now_;            // the latest that was told
  StreamId wanting_{};     // whose content is wanted
  bool ended_ = false;     // the transport's input
  bool end_told_ = false;  // to the machine
  bool pending_ = false;   // the machine may find more in its input than it was last asked for
};

}  // namespace pounce::inline v0::h1
