#include <pounce/h1/conversation.hpp>

#include <utility>

namespace pounce::inline v0::h1 {

namespace {

// More than any head, chunk line or trailer section that is allowed, so that the machine never waits for bytes that do not fit.
std::size_t most_input(const Limits& limits) noexcept {
  return Workspace::large + limits.max_request_line + limits.max_header_size + limits.max_trailer_size +
         limits.max_chunk_extensions;
}

// Half of it holds all that the input can, framed again.
std::size_t most_output(const Limits& limits) noexcept { return 2 * (most_input(limits) + most_input(limits) / 16); }

}  // namespace

Conversation::Conversation(const Limits& limits, Instant now) noexcept
    : machine_(limits, now), input_(most_input(limits)), output_(most_output(limits)), now_(now) {}

// --- the transport ---

bool Conversation::wants_input() const noexcept {
  return !ended_ && has_room() && machine_.wants_input() && input_.has_space();
}

MutableBytes Conversation::space(Workspace& workspace) {
  return wants_input() ? input_.space(workspace) : MutableBytes{};
}

void Conversation::written(std::size_t n, Instant now) noexcept {
  now_ = now;
  output_.written(n);
  machine_.written(now, output_);
}

Instant Conversation::deadline() const noexcept { return pending_ && has_room() ? now_ : machine_.deadline(output_); }

void Conversation::begin(Instant now, Events& events) {
  now_ = now;
  if (now >= machine_.deadline(output_)) machine_.expire(now, events, output_);
}

std::size_t Conversation::show(Events& events) {
  machine_.want_body(wanting_, has_room(), now_, output_);
  pending_ = !has_room();
  if (pending_) return 0;
  const std::size_t eaten = machine_.receive(input_.readable(), now_, events, output_);
  if (ended_ && !end_told_ && events.empty()) {
    end_told_ = true;
    machine_.receive_end(now_, events, output_);
  }
  return eaten;
}

void Conversation::settle(Workspace& workspace) {
  machine_.written(now_, output_);
  input_.settle(workspace);
  output_.settle();
}

// --- the application ---

void Conversation::want_body(StreamId stream, bool wanted) {
  wanting_ = wanted ? stream : StreamId{};
  machine_.want_body(stream, wanted && has_room(), now_, output_);
}

Sent Conversation::send_informational(StreamId stream, std::uint16_t status, FieldList fields) {
  return machine_.send_informational(stream, status, fields, output_);
}

Sent Conversation::send_head(StreamId stream, const ResponseHead& head) {
  return machine_.send_head(stream, head, output_);
}

SentData Conversation::send_data(StreamId stream, Bytes bytes, StorageRef owner) {
  return machine_.send_data(stream, bytes, std::move(owner), output_);
}

Sent Conversation::send_end(StreamId stream, FieldList trailers) {
  pending_ = true;
  return machine_.send_end(stream, trailers, now_, output_);
}

Sent Conversation::send_response(StreamId stream, const ResponseHead& head, Bytes content, StorageRef owner) {
  pending_ = true;
  return machine_.send_response(stream, head, content, std::move(owner), now_, output_);
}

void Conversation::reset(StreamId stream) {
  pending_ = true;
  machine_.reset(stream, output_);
}

void Conversation::drain(Instant now) {
  now_ = now;
  pending_ = true;
  machine_.drain(now, output_);
}

}  // namespace pounce::inline v0::h1
