// Event: what a protocol machine found in the bytes it was given. One closed set for all protocols.
//
// Events are small and trivially copyable (asserted). Views in them borrow from the input and from the `Events` list until
// that list is cleared or the machine is called again, whichever comes first. A batch is in order; `Failed` is terminal and
// last, and what was found before it is kept.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/core/ids.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/message_kind.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/owned_bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <variant>

namespace pounce::inline v0 {

namespace event {

// A complete request head. Data and End follow unless the connection fails.
struct Request {
  StreamId stream;
  const RequestHead* head;
};

// Content in order, never empty, decoded from its transfer coding.
struct Data {
  StreamId stream;
  Bytes bytes;
};

// The request is complete. `trailers` is empty unless the peer sent trailer fields that may be kept.
struct End {
  StreamId stream;
  FieldList trailers;
};

// One stream ended before its time; its connection goes on. The peer gave it up (`stream_reset`, with the code that it named), or
// something was wrong with it that the peer was told of. The stream keeps its slot until the application lets go of it: `reset`.
// `rejected`: its head was not fit to be a `Request`, and none has come; the stream is the machine's alone, and `reset` does nothing.
struct Reset {
  StreamId stream;
  Fault fault;
  std::uint32_t code;        // RFC 9113, section 7
  std::uint16_t status = 0;  // of the machine's answer; 0: the stream was reset
  bool rejected = false;
};

// A stream whose `send_data` took less than it was given has room again.
struct Writable {
  StreamId stream;
};

// The peer will open no more streams; those that are open go on.
struct GoAway {
  std::uint32_t code;  // RFC 9113, section 7
};

// A WebSocket message, or the next piece of one (RFC 6455, section 5.6). Pieces come in order; a message that comes as a whole is one
// event with `first` and `last`. A piece may end within a character.
struct Message {
  StreamId stream;
  Bytes bytes;  // may be empty
  MessageKind kind;
  bool first;
  bool last;
};

// A WebSocket ping; its answer is already in the output.
struct Ping {
  StreamId stream;
  Bytes payload;
};

// A WebSocket pong, asked for or not.
struct Pong {
  StreamId stream;
  Bytes payload;
};

// The peer's Close: nothing comes after it, and what it is owed is already in the output. It ends a WebSocket as `Failed` does otherwise.
struct Close {
  StreamId stream;
  Bytes reason;        // UTF-8
  std::uint16_t code;  // RFC 6455, section 7.4; 1005: it named none
};

// The connection can do no more. The answer, where there is one, is already in the output. `stream` is the request that
// was under way; its number is 0 when none was.
struct Failed {
  StreamId stream;
  Fault fault;
};

}  // namespace event

// No more than eleven: a visit of these is a switch, of more an indirect call.
using Event = std::variant<event::Request, event::Data, event::End, event::Failed, event::Reset, event::Writable,
                           event::GoAway, event::Message, event::Ping, event::Pong, event::Close>;

static_assert(std::is_trivially_copyable_v<Event>);
static_assert(sizeof(Event) <= 40);

// The event list of one step, and the place where the heads in it live, so that an idle connection keeps neither. Belongs to
// whoever drives the machine (a Workspace holds one per worker) and keeps its memory from step to step.
class Events {
 public:
  static constexpr std::size_t most_kept = 64 * kibibyte;  // of the text of a slot, from step to step

  // A head under construction, or trailers (then only `fields` is used). `text` is for machines whose input does not hold the
  // octets of a head, or of a message, as they are (HTTP/2, WebSocket).
  struct Slot {
    RequestHead head;
    OwnedBytes text;
    List<Field> fields;
  };

  Events();
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  template <class E>
  void push(const E& event) {
    if (size_ == room_) [[unlikely]]
      grow();
    list_[size_++].template emplace<E>(event);
  }
  // A slot for the next head, reset, at an address that is stable until `clear`.
  [[nodiscard]] Slot& slot() {
    if (used_ == slots_.size()) [[unlikely]]
      add_slot();
    Slot& slot = *slots_[used_++];
    ::new (static_cast<void*>(&slot.head))
        RequestHead;  // in place: a copy of a fresh one costs more than all else here
    slot.text.clear();
    slot.fields.clear();
    return slot;
  }
  void clear() noexcept {
    size_ = 0;
    for (; used_ != 0; --used_) {
      if (slots_[used_ - 1]->text.capacity() > most_kept) [[unlikely]]
        slots_[used_ - 1]->text.release();
    }
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const Event& operator[](std::size_t i) const noexcept { return list_[i]; }
  [[nodiscard]] const Event* begin() const noexcept { return list_.get(); }
  [[nodiscard]] const Event* end() const noexcept { return list_.get() + size_; }

 private:
  // What is seldom needed, and costly to compile.
  void grow();
  void add_slot();

  Owned<Event[]> list_;
  std::size_t size_ = 0;  // this step's
  std::size_t room_ = 0;
  List<Owned<Slot>> slots_;
  std::size_t used_ = 0;
};

}  // namespace pounce::inline v0
