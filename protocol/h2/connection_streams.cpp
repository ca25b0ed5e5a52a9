// How streams end, and what a late frame for one that has ended means (RFC 9113, section 5.1).
#include <pounce/h2/connection.hpp>

#include "compose.hpp"

#include <cassert>

namespace pounce::inline v0::h2 {

// What HEADERS or DATA for a stream, which is not new, meets.
Connection::Target Connection::target_of(std::uint32_t id) const noexcept {
  Target target;
  target.stream = streams_.find(id);
  if (target.stream != nullptr && target.stream->remote_open) return target;
  if (id > last_id_ || id % 2 == 0) {  // idle, or one that only we could have opened
    target.connection_fault = Fault::invalid_frame;
    return target;
  }
  const bool half_closed = target.stream != nullptr && target.stream->ending == Ending::ended;
  switch (target.stream != nullptr ? target.stream->ending : streams_.ending(id)) {
    case Ending::reset_by_us: target.ignored = true; break;
    case Ending::reset_by_peer: target.stream_fault = Fault::stream_closed; break;
    case Ending::ended: (half_closed ? target.stream_fault : target.connection_fault) = Fault::stream_closed; break;
    case Ending::unknown: target.connection_fault = Fault::invalid_frame; break;
  }
  return target;
}

// Something is wrong with a stream. Where HTTP has an answer to it and none has begun, that is the answer.
void Connection::break_off(Stream& stream, Fault fault, Events& events, Output& output) {
  if (has_answer(fault) && stream.writing == Stream::Writing::head && stream.local_open) {
    const FaultInfo& row = info(fault);
    if (stream.holder == Stream::Holder::application) {
      stream.holder = Stream::Holder::parked;
      events.push(event::Reset{StreamId{stream.id}, fault, row.h2_code, row.status});
    }
    return answer_fault(stream, fault, output);
  }
  end_stream(stream, fault, static_cast<ErrorCode>(info(fault).h2_code), Ending::reset_by_us, &events, output);
  provoked(events, output);
}

// Both directions at once. `events`: the application did not ask for it.
void Connection::end_stream(Stream& stream, Fault fault, ErrorCode code, Ending ending, Events* events,
                            Output& output) {
  if (ending == Ending::reset_by_us) compose_rst_stream(stream.id, code, output);
  scheduler_.remove(stream);
  stream.clear_queue();
  stream.remote_open = stream.local_open = false;
  stream.ending = ending;
  stream.receive_pace.stop();
  stream.send_pace.stop();
  abandon_content(stream, output);
  if (stream.holder == Stream::Holder::application && events != nullptr) {
    stream.holder = Stream::Holder::parked;
    events->push(event::Reset{StreamId{stream.id}, fault, static_cast<std::uint32_t>(code)});
  }
  release_when_done(stream);
}

void Connection::release_when_done(Stream& stream) {
  if (stream.remote_open || stream.local_open || stream.holder != Stream::Holder::nobody) return;
  streams_.close(stream, stream.ending);
  if (!streams_.empty()) return;
  since_ = now_;
  fresh_idle_ = true;
  trimmed_ = false;
  streams_due_ = never;
  staging_ = BlockRef{};
  staging_used_ = 0;
}

// The peer has made us reset a stream, or has reset one itself.
void Connection::provoked(Events& events, Output& output) {
  if (!resets_.spend(limits_->resets, now_)) fail(Fault::reset_flood, events, output);
}

Stream* Connection::find_for_application(StreamId id) const noexcept {
  if (number(id) > most_stream) return nullptr;
  Stream* const stream = streams_.find(static_cast<std::uint32_t>(number(id)));
  return stream != nullptr && stream->holder == Stream::Holder::application ? stream : nullptr;
}

void Connection::reset(StreamId id, Output& output) {
  if (number(id) > most_stream) return;
  Stream* const stream = streams_.find(static_cast<std::uint32_t>(number(id)));
  if (stream == nullptr || stream->holder == Stream::Holder::nobody) return;
  const bool parked = stream->holder == Stream::Holder::parked;
  stream->holder = Stream::Holder::nobody;
  if (parked) {
    release_when_done(*stream);
  } else {
    end_stream(*stream, Fault::none, ErrorCode::internal_error, Ending::reset_by_us, nullptr, output);
  }
  end_when_done(output);
}

}  // namespace pounce::inline v0::h2
