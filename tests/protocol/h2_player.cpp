#include "h2_player.hpp"

#include "transcript.hpp"
#include "words.hpp"

#include <pounce/core/kept_string.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <variant>

namespace transcript {

using namespace pounce;
using namespace pounce::h2;

namespace {

constexpr std::array<std::string_view, 14> code_names{"NO_ERROR",
                                                      "PROTOCOL_ERROR",
                                                      "INTERNAL_ERROR",
                                                      "FLOW_CONTROL_ERROR",
                                                      "SETTINGS_TIMEOUT",
                                                      "STREAM_CLOSED",
                                                      "FRAME_SIZE_ERROR",
                                                      "REFUSED_STREAM",
                                                      "CANCEL",
                                                      "COMPRESSION_ERROR",
                                                      "CONNECT_ERROR",
                                                      "ENHANCE_YOUR_CALM",
                                                      "INADEQUATE_SECURITY",
                                                      "HTTP_1_1_REQUIRED"};

constexpr std::array<std::pair<std::string_view, unsigned>, 8> setting_names{{
    {"header_table_size", 1},
    {"enable_push", 2},
    {"max_concurrent_streams", 3},
    {"initial_window_size", 4},
    {"max_frame_size", 5},
    {"max_header_list_size", 6},
    {"enable_connect_protocol", 8},
    {"no_rfc7540_priorities", 9},
}};

std::string code_name(std::uint32_t code) {
  return code < code_names.size() ? std::string(code_names[code]) : std::to_string(code);
}

std::uint32_t code_of(std::string_view word) {
  const auto* const at = std::ranges::find(code_names, word);
  return at == code_names.end() ? static_cast<std::uint32_t>(transcript::number(word))
                                : static_cast<std::uint32_t>(at - code_names.begin());
}

std::string setting_name(unsigned id) {
  const auto* const at = std::ranges::find(setting_names, id, &std::pair<std::string_view, unsigned>::second);
  return at == setting_names.end() ? std::to_string(id) : std::string(at->first);
}

unsigned setting_of(std::string_view word) {
  const auto* const at = std::ranges::find(setting_names, word, &std::pair<std::string_view, unsigned>::first);
  return at == setting_names.end() ? static_cast<unsigned>(transcript::number(word)) : at->second;
}

std::uint32_t number32(std::string_view word) { return static_cast<std::uint32_t>(transcript::number(word)); }

// The value of the word "key=value" among `words`.
std::string value_of(const std::vector<std::string>& words, std::string_view key, std::string otherwise) {
  for (const std::string& word : words) {
    if (word.starts_with(key) && word.size() > key.size() && word[key.size()] == '=')
      return word.substr(key.size() + 1);
  }
  return otherwise;
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string replace_all(std::string text, std::string_view what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace

void set_limit(Limits& limits, std::string_view line) {
  const std::vector<std::string> words = split(line);
  const std::string& value = words.at(2);
  const auto rate = [&value] {
    return Rate{
        number32(value.substr(0, value.find('+'))),
        number32(std::string_view(value).substr(value.find('+') + 1).substr(0, value.find('/') - value.find('+') - 1))};
  };
  const std::map<std::string, std::function<void()>> setters{
      {"max_request_line", [&] { limits.max_request_line = transcript::number(value); }},
      {"max_header_size", [&] { limits.max_header_size = transcript::number(value); }},
      {"max_headers", [&] { limits.max_headers = transcript::number(value); }},
      {"max_request_size",
       [&] { limits.max_request_size = value == "none" ? std::optional<std::uint64_t>{} : transcript::number(value); }},
      {"max_trailer_size", [&] { limits.max_trailer_size = transcript::number(value); }},
      {"max_trailers", [&] { limits.max_trailers = transcript::number(value); }},
      {"max_requests", [&] { limits.max_requests = transcript::number(value); }},
      {"max_header_block", [&] { limits.max_header_block = transcript::number(value); }},
      {"max_header_factor", [&] { limits.max_header_factor = transcript::number(value); }},
      {"max_streams", [&] { limits.max_streams = number32(value); }},
      {"stream_window", [&] { limits.stream_window = number32(value); }},
      {"connection_window", [&] { limits.connection_window = number32(value); }},
      {"max_frame_size", [&] { limits.max_frame_size = number32(value); }},
      {"max_stream_queue", [&] { limits.max_stream_queue = transcript::number(value); }},
      {"max_ahead", [&] { limits.max_ahead = transcript::number(value); }},
      {"max_continuations", [&] { limits.max_continuations = transcript::number(value); }},
      {"max_settings", [&] { limits.max_settings = transcript::number(value); }},
      {"resets", [&] { limits.resets = rate(); }},
      {"pings", [&] { limits.pings = rate(); }},
      {"settings", [&] { limits.settings = rate(); }},
      {"empty_data", [&] { limits.empty_data = rate(); }},
      {"priorities", [&] { limits.priorities = rate(); }},
      {"window_updates", [&] { limits.window_updates = rate(); }},
      {"unknown_frames", [&] { limits.unknown_frames = rate(); }},
      {"late_frames", [&] { limits.late_frames = rate(); }},
      {"preface_timeout", [&] { limits.preface_timeout = duration(value); }},
      {"settings_timeout", [&] { limits.settings_timeout = duration(value); }},
      {"header_timeout", [&] { limits.header_timeout = duration(value); }},
      {"request_timeout", [&] { limits.request_timeout = duration(value); }},
      {"write_timeout", [&] { limits.write_timeout = duration(value); }},
      {"keep_alive_timeout", [&] { limits.keep_alive_timeout = duration(value); }},
      {"linger_timeout", [&] { limits.linger_timeout = duration(value); }},
      {"linger_limit", [&] { limits.linger_limit = duration(value); }},
      {"stop_grace", [&] { limits.stop_grace = duration(value); }},
      {"drain_grace", [&] { limits.drain_grace = duration(value); }},
      {"ping_interval", [&] { limits.ping_interval = duration(value); }},
      {"ping_timeout", [&] { limits.ping_timeout = duration(value); }},
      {"min_rate",
       [&] { limits.min_rate = value == "none" ? std::optional<std::uint64_t>{} : transcript::number(value); }},
  };
  setters.at(words.at(0))();
}

// --- the peer ---

std::string H2Player::encode(const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string line = lines[i];
    wire::Fields fields;
    for (; i + 1 < lines.size() && lines[i + 1].starts_with("  "); ++i) {
      const std::string_view field = std::string_view(lines[i + 1]).substr(2);
      const std::size_t colon = field.find(": ", 1);
      if (colon == std::string_view::npos) throw std::runtime_error("not a field: " + lines[i + 1]);
      fields.emplace_back(unescape({std::string(field.substr(0, colon))}),
                          unescape({std::string(field.substr(colon + 2))}));
    }
    if (line.empty()) continue;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    if (line.starts_with("for ")) {
      const std::size_t dots = line.find("..");
      const std::size_t colon = line.find(": ");
      first = number32(std::string_view(line).substr(4));
      last = number32(std::string_view(line).substr(dots + 2));
      line.erase(0, colon + 2);
    }
    // "$" is the stream, one odd number after the other; ";" parts frames.
    for (std::uint32_t id = first; id <= last; id += 2) {
      std::string rest = replace_all(line, "$", std::to_string(id));
      while (!rest.empty()) {
        const std::size_t end = rest.find(" ; ");
        write_frame(split(rest.substr(0, end)), fields);
        rest.erase(0, end == std::string::npos ? rest.size() : end + 3);
      }
    }
  }
  return writer_.take();
}

void H2Player::write_frame(std::vector<std::string> words, const wire::Fields& fields) {
  const std::string kind = words.at(0);
  words.erase(words.begin());
  const auto id = [&words](std::size_t at = 0) { return number32(words.at(at)); };
  const std::uint32_t ack = has(words, "ack") ? 1 : 0;
  std::vector<std::pair<unsigned, std::uint32_t>> settings;
  if (kind == "SETTINGS" || kind == "HELLO") {
    for (const std::string& word : words) {
      const std::size_t equals = word.find('=');
      if (equals != std::string::npos) {
        settings.emplace_back(setting_of(word.substr(0, equals)), number32(word.substr(equals + 1)));
      }
    }
  }
  if (kind == "HELLO") {
    writer_.hello(settings);
  } else if (kind == "PREFACE") {
    writer_.preface();
  } else if (kind == "BYTES") {
    writer_.raw(words.at(0));
  } else if (kind == "SETTINGS") {
    if (ack != 0) {
      writer_.settings_ack();
    } else {
      writer_.settings(settings);
    }
  } else if (kind == "GET" || kind == "POST" || kind == "HEAD") {
    std::vector<std::string> rest{words.at(0)};
    if (kind != "POST") rest.emplace_back("END_STREAM");
    rest.insert(rest.end(), words.begin() + std::min<std::ptrdiff_t>(2, std::ssize(words)), words.end());
    write_headers(rest, wire::FrameWriter::request(kind, words.size() > 1 ? words[1] : "/", fields));
  } else if (kind == "HEADERS") {
    write_headers(words, fields);
  } else if (kind == "CONTINUATION") {
    // The rest of a block that HEADERS left open with NO_END_HEADERS, or so many octets of it.
    const std::string size = value_of(words, "size", "");
    const std::string piece = block_.substr(0, size.empty() ? block_.size() : transcript::number(size));
    block_.erase(0, piece.size());
    writer_.frame(9, has(words, "NO_END_HEADERS") ? 0 : 4, id(), piece);
  } else if (kind == "DATA") {
    const unsigned end = has(words, "END_STREAM") ? 1 : 0;
    const std::string padding = value_of(words, "pad", "");
    std::string text =
        words.size() > 1 && words.back() != "END_STREAM" && !words.back().starts_with("pad=") ? words.back() : "";
    if (!padding.empty()) {
      const auto size = static_cast<char>(transcript::number(padding));
      text = std::string(1, size) + text + std::string(transcript::number(padding), '\0');
    }
    writer_.frame(0, end | (padding.empty() ? 0U : 8U), id(), text);
  } else if (kind == "PRIORITY") {
    writer_.frame(2, 0, id(), wire::FrameWriter::number(number32(value_of(words, "on", "0"))) + '\x0f');
  } else if (kind == "PRIORITY_UPDATE") {
    writer_.frame(0x10, 0, 0, wire::FrameWriter::number(id()) + words.at(1));
  } else if (kind == "RST_STREAM") {
    writer_.rst_stream(id(), code_of(words.at(1)));
  } else if (kind == "PING") {
    writer_.frame(6, ack, 0, words.back());
  } else if (kind == "GOAWAY") {
    writer_.frame(7, 0, 0, wire::FrameWriter::number(id()) + wire::FrameWriter::number(code_of(words.at(1))));
  } else if (kind == "WINDOW_UPDATE") {
    writer_.window_update(id(), id(1));
  } else if (kind == "FRAME") {
    const std::string payload = words.back().find('=') == std::string::npos ? words.back() : "";
    writer_.frame(number32(value_of(words, "type", "0")), number32(value_of(words, "flags", "0")),
                  number32(value_of(words, "stream", "0")), payload,
                  transcript::number(value_of(words, "length", std::to_string(payload.size()))));
  } else {
    throw std::runtime_error("unknown frame " + kind);
  }
}

void H2Player::write_headers(std::vector<std::string> words, wire::Fields fields) {
  const std::uint32_t id = number32(words.at(0));
  std::string block = writer_.encode(fields);
  unsigned flags = has(words, "END_STREAM") ? 1 : 0;
  std::string prefix;
  std::string suffix;
  if (const std::string padding = value_of(words, "pad", ""); !padding.empty()) {
    flags |= 8;
    prefix += static_cast<char>(transcript::number(padding));
    suffix.assign(transcript::number(padding), '\0');
  }
  if (const std::string on = value_of(words, "on", ""); !on.empty()) {
    flags |= 0x20;
    prefix += wire::FrameWriter::number(number32(on)) + '\x0f';
  }
  const std::size_t size = transcript::number(value_of(words, "split", "0"));
  const bool open = has(words, "NO_END_HEADERS");
  const std::string first = size == 0 ? block : block.substr(0, size);
  block.erase(0, first.size());
  if (open) {
    block_ = block;
    return writer_.frame(1, flags, id, prefix + first + suffix);
  }
  writer_.frame(1, flags | (block.empty() ? 4U : 0U), id, prefix + first + suffix);
  while (!block.empty()) {
    const std::string piece = block.substr(0, size);
    block.erase(0, piece.size());
    writer_.frame(9, block.empty() ? 4 : 0, id, piece);
  }
}

void H2Player::feed(std::string_view bytes) {
  pending_ += bytes;
  pump();
}

// --- a driver ---

// Steps, until nothing moves: show what was not consumed, then write. The bytes are in a block of their own each time, so that a
// view that outlives its step is found by AddressSanitizer.
void H2Player::pump() {
  heard_ = heard_ || !pending_.empty();
  if (!heard_) return flush(stalled_ ? 0 : output_.size());  // it is called for the first time when something has come
  for (bool moved = true; moved;) {
    const auto input = std::make_unique<char[]>(pending_.size());
    std::ranges::copy(pending_, input.get());
    Events events;
    const std::size_t used = connection_.receive({input.get(), pending_.size()}, now_, events, output_);
    pending_.erase(0, used);
    log(events);
    connection_.written(now_, output_);
    const std::size_t most = stalled_ ? 0 : output_.size();
    moved = used != 0 || most != 0;
    flush(most);
  }
}

void H2Player::flush(std::size_t most) {
  std::size_t left = most;
  std::array<Bytes, 8> slices;
  while (left != 0) {
    const std::size_t count = output_.gather(slices);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count && left != 0; ++i) {
      const std::size_t piece = std::min(left, slices[i].size());
      reader_.add(slices[i].substr(0, piece));
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

void H2Player::close_data() {
  if (data_.empty()) return;
  log_.push_back("data " + std::to_string(pounce::number(data_stream_)) + " \"" + escape_line(data_) + '"');
  data_.clear();
}

void H2Player::log_request(const event::Request& request) {
  const RequestHead& head = *request.head;
  std::string line = "request " + std::to_string(pounce::number(request.stream)) + ' ' + std::string(head.method) +
                     ' ' + escape_line(head.target);
  if (head.version != Version::http2) throw std::runtime_error("not HTTP/2");
  if (head.content_length) line += " length=" + std::to_string(*head.content_length);
  if (head.has_body && !head.content_length) line += " content";
  if (head.expects_continue) line += " expects-continue";
  if (!head.protocol.empty()) line += " protocol=" + std::string(head.protocol);
  log_.push_back(line);
  if (head.path != head.target) log_.push_back("  path " + escape_line(head.path));
  if (head.has_query) log_.push_back("  query " + escape_line(head.query));
  const Field* host = find(head.fields, FieldId::host);
  if (host == nullptr || head.authority != host->value) log_.push_back("  authority " + std::string(head.authority));
  for (const Field& field : head.fields) {
    log_.push_back("  " + std::string(field.name) + ": " + escape_line(field.value));
    if (field.id != field_id(field.name)) throw std::runtime_error("a wrong id");
  }

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

void H2Player::log(const Events& events) {
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
    const auto say = [this](std::string_view what, StreamId stream, const std::string& more) {
      log_.push_back(std::string(what) + ' ' + std::to_string(pounce::number(stream)) + more);
    };
    if (const auto* request = std::get_if<event::Request>(&event)) log_request(*request);
    if (const auto* end = std::get_if<event::End>(&event)) {
      say("end", end->stream, "");
      for (const Field& field : end->trailers) {
        log_.push_back("  " + std::string(field.name) + ": " + escape_line(field.value));
      }
    }
    if (const auto* reset = std::get_if<event::Reset>(&event)) {
      const std::string status = reset->status == 0 ? "" : ' ' + std::to_string(reset->status);
      say(reset->rejected ? "rejected" : "reset", reset->stream,
          ' ' + std::string(info(reset->fault).name) + ' ' + code_name(reset->code) + status);
    }
    if (const auto* writable = std::get_if<event::Writable>(&event)) say("writable", writable->stream, "");
    if (const auto* goaway = std::get_if<event::GoAway>(&event)) log_.push_back("goaway " + code_name(goaway->code));
    if (const auto* failed = std::get_if<event::Failed>(&event)) {
      failed_ = true;
      say("failed", failed->stream, ' ' + std::string(info(failed->fault).name));
    }
  }
}

// Calls `expire` exactly at each deadline on the way.
void H2Player::wait(Duration length) {
  const Instant end = after(now_, length);
  for (int calls = 0; connection_.deadline(output_) <= end; ++calls) {
    if (calls == 1000) throw std::runtime_error("the deadline does not move");
    now_ = std::max(now_, connection_.deadline(output_));
    Events events;
    connection_.expire(now_, events, output_);
    log(events);
    pump();
  }
  now_ = end;
}

bool H2Player::holds(std::string_view condition) const {
  if (condition == "idle") return connection_.idle();
  if (condition == "busy") return !connection_.idle();
  if (condition == "open") return !connection_.finished(output_) && !output_.finished();
  if (condition == "lingering") return output_.finished() && !connection_.finished(output_);
  if (condition == "finished") return connection_.finished(output_);
  if (condition == "wants-input") return connection_.wants_input();
  if (condition == "no-streams") return connection_.streams() == 0;
  if (condition.starts_with("streams=")) return connection_.streams() == transcript::number(condition.substr(8));
  if (condition.starts_with("unread=")) return pending_.size() >= transcript::number(condition.substr(7));
  throw std::runtime_error("unknown condition " + std::string(condition));
}

std::string H2Player::send(std::string_view verb, StreamId stream, const std::vector<std::string>& words) {
  const std::vector<Field> fields = fields_of(words);
  if (verb == "head" || verb == "respond") {
    ResponseHead head{.status = static_cast<std::uint16_t>(transcript::number(words.at(0))), .fields = fields};
    const std::string length = value_of(words, "length", "");
    if (!length.empty()) head.content_length = transcript::number(length);
    head.close = has(words, "close");
    if (has(words, "lines")) head.lines = "Server: pounce\r\n";
    if (verb == "head") return std::string(name(connection_.send_head(stream, head, output_)));
    if (at_once_) return std::string(name(connection_.send_response(stream, head, words.at(1), {}, now_, output_)));
    head.content_length = words.at(1).size();
    Sent sent = connection_.send_head(stream, head, output_);
    if (sent == Sent::ok && !words.at(1).empty()) {
      const SentData data = connection_.send_data(stream, words.at(1), {}, output_);
      if (data.status == Sent::ok && data.accepted != words.at(1).size()) throw std::runtime_error("not all was taken");
      sent = data.status;
    }
    if (sent == Sent::ok) sent = connection_.send_end(stream, {}, now_, output_);
    return std::string(name(sent));
  }
  if (verb == "data" || verb == "lend") {
    Bytes bytes = words.at(0);
    StorageRef owner;
    if (verb == "lend") owner = keep(words.at(0), bytes);
    const SentData sent = connection_.send_data(stream, bytes, owner, output_);
    const bool all = sent.accepted == words.at(0).size();
    return std::string(name(sent.status)) + (all ? "" : ' ' + std::to_string(sent.accepted));
  }
  if (verb == "switch") return std::string(name(connection_.send_switch(stream, fields, output_)));
  if (verb == "end") return std::string(name(connection_.send_end(stream, fields, now_, output_)));
  if (verb == "inform") {
    return std::string(name(connection_.send_informational(
        stream, static_cast<std::uint16_t>(transcript::number(words.at(0))), fields, output_)));
  }
  throw std::runtime_error("unknown verb " + std::string(verb));
}

void H2Player::act(const std::string& whole) {
  if (whole.empty()) return;
  // "together" ends a step only after the last of several calls, which are parted by " ; ".
  std::string rest = whole;
  while (!rest.empty()) {
    const std::size_t end = rest.find(" ; ");
    const std::string line = rest.substr(0, end);
    rest.erase(0, end == std::string::npos ? rest.size() : end + 3);
    const std::size_t arrow = line.find(" -> ");
    const std::string expected = arrow == std::string::npos ? "ok" : line.substr(arrow + 4);
    std::vector<std::string> words = split(std::string_view(line).substr(0, arrow));
    const std::string verb = words.at(0);
    words.erase(words.begin());
    const auto stream = [&words] { return StreamId{transcript::number(words.at(0))}; };
    if (verb == "want" || verb == "unwant") {
      connection_.want_body(stream(), verb == "want", now_, output_);
    } else if (verb == "enable-connect") {
      connection_.enable_connect();
    } else if (verb == "taken") {
      connection_.taken(stream(), transcript::number(words.at(1)), output_);
    } else if (verb == "reset") {
      connection_.reset(stream(), output_);
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
      flush(std::min<std::size_t>(transcript::number(words.at(0)), output_.size()));
      return;
    } else if (verb == "flow") {
      stalled_ = false;
    } else if (verb == "expect") {
      for (const std::string& word : words) {
        if (!holds(word)) throw std::runtime_error("not " + word);
      }
      return;
    } else {
      const StreamId to = stream();
      words.erase(words.begin());
      const std::string result = send(verb, to, words);
      if (result != expected) throw std::runtime_error(line + ": " + result);
    }
  }
  pump();
}

// --- what was seen ---

std::vector<std::string> H2Player::take_events() {
  close_data();
  return std::exchange(log_, {});
}

void H2Player::log_frame(const wire::Frame& frame, std::vector<std::string>& lines) {
  const FrameHeader& header = frame.header;
  const Bytes payload = frame.payload;
  const std::string id = ' ' + std::to_string(header.stream);
  const std::string end = header.has(flag_end_stream) ? " END_STREAM" : "";
  const std::string ack = header.has(flag_ack) ? " ack" : "";
  const auto quoted = [](Bytes bytes) { return bytes.empty() ? "" : " \"" + escape_line(bytes) + '"'; };
  switch (header.type) {
    case FrameType::data: lines.push_back("DATA" + id + end + quoted(payload)); break;
    case FrameType::headers:
      lines.push_back("HEADERS" + id + end);
      if (!header.has(flag_end_headers)) throw std::runtime_error("a long field block");
      for (const auto& [name, value] : reader_.decode(payload))
        lines.push_back("  " + name + ": " + escape_line(value));
      break;
    case FrameType::rst_stream: lines.push_back("RST_STREAM" + id + ' ' + code_name(read_32(payload, 0))); break;
    case FrameType::settings: {
      std::string line = "SETTINGS" + ack;
      for (std::size_t i = 0; i < payload.size(); i += 6) {
        line += ' ' + setting_name(read_16(payload, i)) + '=' + std::to_string(read_32(payload, i + 2));
      }
      lines.push_back(line);
      break;
    }
    case FrameType::ping: lines.push_back("PING" + ack + quoted(payload)); break;
    case FrameType::goaway:
      lines.push_back("GOAWAY " + std::to_string(read_32(payload, 0)) + ' ' + code_name(read_32(payload, 4)) +
                      quoted(payload.substr(8)));
      break;
    case FrameType::window_update:
      lines.push_back("WINDOW_UPDATE" + id + ' ' + std::to_string(read_32(payload, 0)));
      break;
    default: throw std::runtime_error("a frame that a server does not send");
  }
}

std::vector<std::string> H2Player::take_output() {
  std::vector<std::string> lines;
  for (wire::Frame frame; reader_.next(frame);) log_frame(frame, lines);
  // What every server with default limits begins with is told in one word.
  const std::string settings{
      "SETTINGS max_concurrent_streams=100 initial_window_size=262144 max_header_list_size=65536 "
      "no_rfc7540_priorities=1"};
  const std::string connect = settings + " enable_connect_protocol=1";
  if (lines.size() >= 3 && (lines[0] == settings || lines[0] == connect) && lines[1] == "WINDOW_UPDATE 0 983041" &&
      lines[2] == "SETTINGS ack") {
    const std::string told = lines[0] == connect ? "(hello, extended CONNECT)" : "(hello)";
    lines.erase(lines.begin(), lines.begin() + 3);
    lines.insert(lines.begin(), told);
  }
  // The same line over and over is told once.
  std::vector<std::string> told;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t run = 1;
    while (i + run < lines.size() && lines[i + run] == lines[i]) ++run;
    told.push_back(run < 3 ? lines[i] : std::to_string(run) + " x " + lines[i]);
    i += run < 3 ? 1 : run;
  }
  if (output_.finished() && output_.empty() && shown_end_.empty()) {
    shown_end_ = output_.abandoned() ? "(reset)" : "(end)";
    told.emplace_back(shown_end_);
  }
  return told;
}

}  // namespace transcript
