// Section: a field section being decoded, a request head or trailers, with everything that RFC 9113, section 8, asks of it.
//
// What is malformed is never repaired and never dropped: the first fault is kept, and the rest is only counted, for every field must
// be decoded to keep the compression state. What is found lies in the slot's `text`, so that a head is in one piece.
#pragma once

#include <pounce/core/event.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/h2/limits.hpp>
#include <pounce/h2/priority.hpp>

#include <cstddef>
#include <optional>

namespace pounce::inline v0::h2 {

class Section {
 public:
  enum class Kind : std::uint8_t { request, trailers, unwanted };

  // `slot` is null for what nobody wants.
  Section(Events::Slot* slot, const Limits& limits, Kind kind) noexcept;

  // A request may be an extended CONNECT (RFC 8441, section 4). Before the first field.
  void allow_protocol(bool allowed) noexcept { protocol_allowed_ = allowed; }

  void add(Bytes name, Bytes value);
  // All fields are there. A request head is completed in the slot; forbidden fields leave the trailers.
  [[nodiscard]] Fault finish(bool end_stream);
  // Far beyond what is allowed, whatever it holds.
  [[nodiscard]] bool is_bomb() const noexcept { return size_ / limits_->max_header_factor >= most_size_; }
  // What the `priority` field says.
  [[nodiscard]] std::optional<Priority> priority() const noexcept { return priority_; }

 private:
  void add_pseudo(Bytes name, Bytes value);
  void add_field(Bytes name, Bytes value);
  void take_over(Bytes& target, Bytes value);
  [[nodiscard]] Bytes keep(Bytes bytes);
  void make_room(std::size_t size);
  [[nodiscard]] Fault judge_target();
  [[nodiscard]] Fault judge_authority();
  void join_cookies();
  void say(Fault fault) noexcept {
    if (fault_ == Fault::none) fault_ = fault;
  }

  Events::Slot* slot_;
  const Limits* limits_;
  std::size_t most_size_;
  std::size_t most_fields_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  Bytes scheme_;
  Bytes path_;
  std::optional<Priority> priority_;
  std::size_t cookies_ = 0;
  Kind kind_;
  Fault fault_ = Fault::none;
  bool protocol_allowed_ = false;
};

}  // namespace pounce::inline v0::h2
