// What the servers of this folder answer: content comes back as it arrives, in bounded memory; a request without content is greeted.
// Each of them is this, and an event loop of somebody else's.
#pragma once

#include <pounce/h1/conversation.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

inline pounce::Instant now() { return pounce::Instant{std::chrono::steady_clock::now().time_since_epoch()}; }

inline int milliseconds_until(pounce::Instant deadline) {
  constexpr pounce::Duration most = std::chrono::minutes{1};
  const pounce::Duration left = std::clamp(deadline - now(), pounce::Duration{}, most);
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

inline const pounce::h1::Limits limits{.max_request_size = std::nullopt, .header_timeout = std::chrono::seconds{5}};

struct Echo {
  pounce::h1::Conversation& http;

  void operator()(const pounce::event::Request& request) {
    if (!request.head->has_body) return sent(request.stream, http.send_response(request.stream, {}, "hello\n"));
    http.want_body(request.stream);
    sent(request.stream, http.send_head(request.stream, {.content_length = request.head->content_length}));
  }
  void operator()(const pounce::event::Data& data) {
    sent(data.stream, http.send_data(data.stream, data.bytes, http.storage()).status);
  }
  void operator()(const pounce::event::End& end) { sent(end.stream, http.send_end(end.stream)); }
  void operator()(const pounce::event::Failed&) {}  // answered already

  // Otherwise this is a mistake of ours, or the response is over: sent whole, or its connection has failed.
  void sent(pounce::StreamId stream, pounce::Sent status) {
    if (status != pounce::Sent::ok) http.reset(stream);
  }
};
