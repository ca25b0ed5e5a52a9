#include "h1_player.hpp"

#include "transcript.hpp"
#include "words.hpp"

#include <pounce/core/kept_string.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <variant>

namespace transcript {

using namespace pounce;
using namespace std::chrono_literals;

void set_limit(h1::Limits& limits, std::string_view line) {
  const std::vector<std::string> words = split(line);
  const std::string& value = words.at(2);
  const std::map<std::string, std::function<void()>> setters{
      {"max_request_line", [&] { limits.max_request_line = number(value); }},
      {"max_header_size", [&] { limits.max_header_size = number(value); }},
      {"max_headers", [&] { limits.max_headers = number(value); }},
      {"max_request_size",
       [&] { limits.max_request_size = value == "none" ? std::optional<std::uint64_t>{} : number(value); }},
      {"max_empty_lines", [&] { limits.max_empty_lines = number(value); }},
      {"max_chunk_extensions", [&] { limits.max_chunk_extensions = number(value); }},
      {"max_trailer_size", [&] { limits.max_trailer_size = number(value); }},
      {"max_trailers", [&] { limits.max_trailers = number(value); }},
      {"max_unread_body", [&] { limits.max_unread_body = number(value); }},
      {"max_requests", [&] { limits.max_requests = number(value); }},
      {"header_timeout", [&] { limits.header_timeout = duration(value); }},
      {"request_timeout", [&] { limits.request_timeout = duration(value); }},
      {"write_timeout", [&] { limits.write_timeout = duration(value); }},
      {"keep_alive_timeout", [&] { limits.keep_alive_timeout = duration(value); }},
      {"linger_timeout", [&] { limits.linger_timeout = duration(value); }},
      {"linger_limit", [&] { limits.linger_limit = duration(value); }},
      {"min_rate", [&] { limits.min_rate = value == "none" ? std::optional<std::uint64_t>{} : number(value); }},
  };
  setters.at(words.at(0))();
}

std::string Player::encode(const std::vector<std::string>& lines) { return unescape(lines); }

void Player::feed(std::string_view bytes) {
  pending_ += bytes;
  pump();
}

// Steps of a driver, until nothing moves: show what was not consumed, then write. The bytes are in a block of their own each
// time, so that a view that outlives its step is found by AddressSanitizer.
void Player::pump() {
  for (bool moved = true; moved;) {
    const auto input = std::make_unique<char[]>(pending_.size());
    std::ranges::copy(pending_, input.get());
    Events events;
    const std::size_t used = connection_.receive({input.get(), pending_.size()}, now_, events, output_);
    pending_.erase(0, used);
    log(events);
    const std::size_t most = stalled_ ? 0 : output_.size();
    moved = !pending_.empty() && (used != 0 || most != 0);
    flush(most);
  }
}

void Player::flush(std::size_t most) {
  std::size_t left = most;
  std::array<Bytes, 8> slices;
  while (left != 0) {
    const std::size_t count = output_.gather(slices);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count && left != 0; ++i) {
      const std::size_t piece = std::min(left, slices[i].size());
      sent_ += slices[i].substr(0, piece);
      taken += piece;
      left -= piece;
    }
    output_.written(taken);
  }
  connection_.written(now_, output_);
  if (!finished_ && connection_.finished(output_)) {
    close_data();
    finished_ = true;
    log_.emplace_back("finished");
  }
}

void Player::close_data() {
  if (data_.empty()) return;
  log_.push_back("data " + std::to_string(pounce::number(data_stream_)) + " \"" + escape_line(data_) + '"');
  data_.clear();
}

void Player::log_request(const event::Request& request) {
  const RequestHead& head = *request.head;
  std::string line = "request " + std::to_string(pounce::number(request.stream)) + ' ' + std::string(head.method) +
                     ' ' + escape_line(head.target) + (head.version == Version::http10 ? " HTTP/1.0" : " HTTP/1.1");
  if (head.content_length) line += " length=" + std::to_string(*head.content_length);
  if (head.has_body && !head.content_length) line += " chunked";
  if (head.expects_continue) line += " expects-continue";
  if (!head.keep_alive) line += " close";
  log_.push_back(line);
  if (head.path != head.target) log_.push_back("  path " + escape_line(head.path));
  if (head.has_query) log_.push_back("  query " + escape_line(head.query));
  const Field* host = find(head.fields, FieldId::host);
  if (head.authority != (host != nullptr ? host->value : Bytes{}))
    log_.push_back("  authority " + std::string(head.authority));
  for (const Field& field : head.fields)
    log_.push_back("  " + std::string(field.name) + ": " + escape_line(field.value));

  // Every view lies in `raw`, or is empty.
  const auto within = [&head](Bytes view) {
    return view.empty() ||
           (view.data() >= head.raw.data() && view.data() + view.size() <= head.raw.data() + head.raw.size());
  };
  bool inside =
      within(head.method) && within(head.target) && within(head.authority) && within(head.path) && within(head.query);
  for (const Field& field : head.fields) inside = inside && within(field.name) && within(field.value);
  if (!inside) throw std::runtime_error("a view lies outside of the head");
}

void Player::log(const Events& events) {
  for (const Event& event : events) {
    if (failed_) throw std::runtime_error("an event after Failed");
    if (const auto* data = std::get_if<event::Data>(&event)) {
      if (data->bytes.empty()) throw std::runtime_error("empty Data");
      if (data->stream != data_stream_) close_data();
      data_stream_ = data->stream;
      data_ += data->bytes;
      continue;
    }
    close_data();
    if (const auto* request = std::get_if<event::Request>(&event)) log_request(*request);
    if (const auto* end = std::get_if<event::End>(&event)) {
      log_.push_back("end " + std::to_string(pounce::number(end->stream)));
      for (const Field& field : end->trailers) {
        log_.push_back("  " + std::string(field.name) + ": " + escape_line(field.value));
      }
    }
    if (const auto* failed = std::get_if<event::Failed>(&event)) {
      failed_ = true;
      log_.push_back("failed " + std::to_string(pounce::number(failed->stream)) + ' ' +
                     std::string(info(failed->fault).name));
    }
  }
}

// Calls `expire` exactly at each deadline on the way.
void Player::wait(Duration length) {
  const Instant end = after(now_, length);
  for (int calls = 0; connection_.deadline(output_) <= end; ++calls) {
    if (calls == 100) throw std::runtime_error("the deadline does not move");
    now_ = std::max(now_, connection_.deadline(output_));
    Events events;
    connection_.expire(now_, events, output_);
    log(events);
    pump();
  }
  now_ = end;
}

bool Player::holds(std::string_view condition) const {
  if (condition == "idle") return connection_.idle();
  if (condition == "busy") return !connection_.idle();
  if (condition == "open") return !connection_.finished(output_) && !output_.finished();
  if (condition == "lingering") return output_.finished() && !connection_.finished(output_);
  if (condition == "finished") return connection_.finished(output_);
  if (condition == "switched") return connection_.switched();
  if (condition == "wants-input") return connection_.wants_input();
  if (condition == "wants-nothing") return !connection_.wants_input();
  if (condition == "no-deadline") return connection_.deadline(output_) == never;
  throw std::runtime_error("unknown condition " + std::string(condition));
}

std::string Player::send(std::string_view verb, std::vector<std::string> words) {
  const StreamId stream = connection_.stream();
  const std::vector<Field> fields = fields_of(words);
  const auto has = [&words](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  if (verb == "head") {
    ResponseHead head{.status = static_cast<std::uint16_t>(number(words.at(0))), .fields = fields};
    for (const std::string& word : words) {
      if (word.starts_with("length=")) head.content_length = number(std::string_view(word).substr(7));
    }
    head.close = has("close");
    head.whole = has("whole");
    if (has("lines")) head.lines = "Server: pounce\r\n";
    return std::string(name(connection_.send_head(stream, head, output_)));
  }
  if (verb == "data" || verb == "lend") {
    Bytes bytes = words.at(0);
    StorageRef owner;
    if (verb == "lend") owner = keep(words.at(0), bytes);
    const SentData sent = connection_.send_data(stream, bytes, owner, output_);
    const bool all = sent.accepted == words.at(0).size();
    return std::string(name(sent.status)) + (all ? "" : ' ' + std::to_string(sent.accepted));
  }
  if (verb == "end") return std::string(name(connection_.send_end(stream, fields, now_, output_)));
  if (verb == "switch") return std::string(name(connection_.send_switch(stream, fields, output_)));
  if (verb == "inform") {
    return std::string(
        name(connection_.send_informational(stream, static_cast<std::uint16_t>(number(words.at(0))), fields, output_)));
  }
  if (verb == "respond") {
    if (at_once_) {
      const std::vector<std::string> rest(words.begin() + 2, words.end());
      const std::vector<Field> own = fields_of(rest);
      const ResponseHead head{.status = static_cast<std::uint16_t>(number(words.at(0))), .fields = own, .whole = true};
      const Sent sent = connection_.send_response(stream, head, words.at(1), {}, now_, output_);
      if (sent != Sent::no_room) return std::string(name(sent));
    }
    std::vector<std::string> head{words.at(0), "whole", "length=" + std::to_string(words.at(1).size())};
    head.insert(head.end(), words.begin() + 2, words.end());
    std::string result = send("head", head);
    if (result == "ok") result = send("data", {words.at(1)});
    if (result == "ok") result = send("end", {});
    return result;
  }
  throw std::runtime_error("unknown verb " + std::string(verb));
}

void Player::act(const std::string& line) {
  if (line.empty()) return;
  const std::size_t arrow = line.find(" -> ");
  const std::string expected = arrow == std::string::npos ? "ok" : line.substr(arrow + 4);
  std::vector<std::string> words = split(std::string_view(line).substr(0, arrow));
  const std::string verb = words.at(0);
  words.erase(words.begin());
  const StreamId stream = connection_.stream();
  if (verb == "want") {
    connection_.want_body(stream, true, now_, output_);
  } else if (verb == "unwant") {
    connection_.want_body(stream, false, now_, output_);
  } else if (verb == "reset") {
    connection_.reset(stream, output_);
  } else if (verb == "lines") {
    lines_ = words.at(0);
    connection_.use_lines(lines_);
  } else if (verb == "drain") {
    connection_.drain(now_, output_);
  } else if (verb == "drain-patiently") {
    connection_.drain_patiently(now_, output_);
  } else if (verb == "peer-ends") {
    Events events;
    connection_.receive_end(now_, events, output_);
    log(events);
  } else if (verb == "wait") {
    wait(duration(words.at(0)));
  } else if (verb == "stall") {
    stalled_ = true;
    return;
  } else if (verb == "take") {
    flush(std::min<std::size_t>(number(words.at(0)), output_.size()));
    return;
  } else if (verb == "flow") {
    stalled_ = false;
  } else if (verb == "expect") {
    for (const std::string& word : words) {
      if (!holds(word)) throw std::runtime_error("not " + word);
    }
    return;
  } else {
    const std::string result = send(verb, words);
    if (result != expected) throw std::runtime_error(line + ": " + result);
  }
  pump();
}

std::vector<std::string> Player::take_events() {
  close_data();
  return std::exchange(log_, {});
}

std::vector<std::string> Player::take_output() {
  std::vector<std::string> lines = escape(std::exchange(sent_, {}));
  if (output_.finished() && output_.empty() && shown_end_.empty()) {
    shown_end_ = output_.abandoned() ? "(reset)" : "(end)";
    lines.emplace_back(shown_end_);
  }
  return lines;
}

}  // namespace transcript
