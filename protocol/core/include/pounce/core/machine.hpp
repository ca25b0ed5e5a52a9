// The shape that every server-side protocol machine has, as a concept. It is the contract between `protocol/` and whoever
// drives it; the methods fall into four kinds:
//   input from the network:        receive, receive_end
//   commands from the application: want_body, taken, ignore_body, send_*, use_lines, reset, drain
//   time:                          deadline, expire, written
//   questions:                     wants_input, finished, idle
// `taken` gives the peer credit for so many bytes of Data, where the protocol has flow control; after `ignore_body` there are no more
// of them. `written` is called at the end of
// each step and after each write: it judges the pace of the peer, and where streams share a connection it fills the output.
// Nothing calls the application; views in events live until the next call; time and buffers are arguments.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/ids.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/sent.hpp>
#include <pounce/core/time.hpp>

#include <concepts>
#include <cstddef>

namespace pounce::inline v0 {

class Events;

template <class M>
concept ProtocolMachine =
    requires(M m, const M question, MutableBytes input, Bytes bytes, StorageRef owner, Instant now, Events& events,
             Output& output, StreamId stream, const ResponseHead& head, FieldList fields) {
      { m.receive(input, now, events, output) } -> std::same_as<std::size_t>;
      { m.receive_end(now, events, output) } -> std::same_as<void>;
      { m.want_body(stream, true, now, output) } -> std::same_as<void>;
      { m.taken(stream, std::size_t{1}, output) } -> std::same_as<void>;
      { m.ignore_body(stream, output) } -> std::same_as<void>;
      { m.send_informational(stream, 103, fields, output) } -> std::same_as<Sent>;
      { m.send_head(stream, head, output) } -> std::same_as<Sent>;
      { m.send_data(stream, bytes, owner, output) } -> std::same_as<SentData>;
      { m.send_response(stream, head, bytes, owner, now, output) } -> std::same_as<Sent>;
      { m.send_end(stream, fields, now, output) } -> std::same_as<Sent>;
      { m.use_lines(bytes) } -> std::same_as<void>;
      { m.reset(stream, output) } -> std::same_as<void>;
      { m.drain(now, output) } -> std::same_as<void>;
      { question.deadline(output) } -> std::same_as<Instant>;
      { m.expire(now, events, output) } -> std::same_as<void>;
      { m.written(now, output) } -> std::same_as<void>;
      { question.wants_input() } -> std::same_as<bool>;
      { question.finished(output) } -> std::same_as<bool>;
      { question.idle() } -> std::same_as<bool>;
    };

}  // namespace pounce::inline v0
