// From the queues to the output: frames are cut here and nowhere else, when the output is about to be written, so that whatever was
// queued in the meantime has had its say (RFC 9218, section 10).
#include <pounce/h2/connection.hpp>

#include <algorithm>
#include <cassert>

namespace pounce::inline v0::h2 {

namespace {

constexpr std::uint32_t window_updates_per_data = 10;

}  // namespace

void Connection::schedule(Stream& stream) noexcept {
  if (stream.queued == 0) return;
  if (stream.send_window > 0) {
    scheduler_.add(stream);
  } else {
    scheduler_.remove(stream);
  }
  if (stream.send_window <= 0 || send_window_ <= 0) start_send_pace(stream);
}

void Connection::flush(Output& output) {
  if (output.finished()) return;
  const std::size_t mark = std::min(limits_->max_ahead, output.limit());
  while (send_window_ > 0 && output.size() < mark) {
    Stream* const stream = scheduler_.next();
    if (stream == nullptr) return;
    const std::int64_t window = std::min(stream->send_window, send_window_);
    const auto most = static_cast<std::size_t>(std::min<std::int64_t>(window, default_frame_size));
    send_frame(*stream, std::min(most, stream->queued), output);
  }
  if (send_window_ > 0) return;
  // Whoever still has something waits for the peer now.
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i].scheduled) start_send_pace(streams_[i]);
  }
}

// The next `size` octets of the queue, in one frame.
void Connection::send_frame(Stream& stream, std::size_t size, Output& output) {
  assert(size != 0 && size <= stream.queued);
  const bool last = size == stream.queued && stream.end_queued;
  const bool ends = last && stream.trailers.empty();
  write_frame_header(output.prepare(frame_header_size), {.length = static_cast<std::uint32_t>(size),
                                                         .stream = stream.id,
                                                         .type = FrameType::data,
                                                         .flags = ends ? flag_end_stream : no_flags});
  output.commit(frame_header_size);
  for (std::size_t left = size; left != 0;) {
    Piece& piece = stream.queue[stream.queue_first];
    const Bytes bytes = piece.bytes.substr(0, left);
    const bool whole = bytes.size() == piece.bytes.size();
    if (bytes.size() < Output::copy_below) {
      output.append(bytes);
    } else {
      output.append(bytes, whole ? std::move(piece.owner) : piece.owner);
    }
    left -= bytes.size();
    stream.queued -= bytes.size();
    piece.bytes.remove_prefix(bytes.size());
    if (!whole) break;
    piece.owner = StorageRef{};
    ++stream.queue_first;
  }
  stream.send_window -= static_cast<std::int64_t>(size);
  send_window_ -= static_cast<std::int64_t>(size);
  stream.send_pace.progress(size, now_, limits_->write_pace());
  note(stream.send_pace.deadline(limits_->write_pace()));
  window_updates_.repay(window_updates_per_data);

  if (stream.queued != 0) {
    scheduler_.sent(stream);
    return schedule(stream);
  }
  scheduler_.remove(stream);
  stream.queue.clear();
  stream.queue_first = 0;
  if (ends) return end_local(stream);
  if (last) return send_last(stream, output);
  if (!stream.waits_for_room) stream.send_pace.stop();
}

}  // namespace pounce::inline v0::h2
