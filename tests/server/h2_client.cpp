#include "tests/server/h2_client.hpp"

#include <algorithm>
#include <utility>

namespace pounce::testing {

using namespace pounce::h2;

H2Client::H2Client(const App& app, Options options, std::uint32_t window) : client(app, std::move(options)) {
  frames.hello({{4, window}});
}

std::uint32_t H2Client::get(const std::string& path, const wire::Fields& more) {
  const std::uint32_t stream = next();
  frames.get(stream, path, more);
  return stream;
}

std::uint32_t H2Client::ask(const std::string& method, const std::string& path, std::string_view content,
                            const wire::Fields& more) {
  const std::uint32_t stream = next();
  wire::Fields fields = wire::FrameWriter::request(method, path, more);
  for (auto& [name, value] : fields) {
    if (name == ":authority" && !authority.empty()) value = authority;
  }
  frames.headers(stream, fields, content.empty());
  if (!content.empty()) uploads_.emplace(stream, Upload{std::string{content}, stream_window_});
  return stream;
}

std::uint32_t H2Client::post(const std::string& path, std::string_view content, const wire::Fields& more) {
  const std::uint32_t stream = next();
  frames.post(stream, path, more);
  uploads_.emplace(stream, Upload{std::string{content}, stream_window_});
  return stream;
}

std::uint32_t H2Client::connect(const std::string& path, const wire::Fields& more, const std::string& protocol) {
  const std::uint32_t stream = next();
  wire::Fields fields = wire::FrameWriter::request("CONNECT", path, {});
  fields.emplace_back(":protocol", protocol);
  if (!authority.empty()) fields[3].second = authority;
  fields.insert(fields.end(), more.begin(), more.end());
  frames.headers(stream, fields, false);
  uploads_.emplace(stream, Upload{{}, stream_window_, true});
  return stream;
}

void H2Client::send_on(std::uint32_t stream, std::string_view content) {
  if (const auto at = uploads_.find(stream); at != uploads_.end()) at->second.rest += content;
}

void H2Client::end(std::uint32_t stream) {
  if (const auto at = uploads_.find(stream); at != uploads_.end()) at->second.open = false;
}

void H2Client::push_uploads() {
  for (auto at = uploads_.begin(); at != uploads_.end();) {
    auto& [stream, upload] = *at;
    bool over = answers[stream].reset.has_value();
    while (!over && (upload.rest.empty() ? !upload.open : std::min(upload.window, window_) > 0)) {
      const auto most = static_cast<std::size_t>(std::clamp<std::int64_t>(std::min(upload.window, window_), 0, 16384));
      const std::string piece = upload.rest.substr(0, most);
      upload.rest.erase(0, piece.size());
      upload.window -= static_cast<std::int64_t>(piece.size());
      window_ -= static_cast<std::int64_t>(piece.size());
      over = upload.rest.empty() && !upload.open;
      frames.data(stream, piece, over);
    }
    at = over ? uploads_.erase(at) : std::next(at);
  }
}

void H2Client::send() {
  push_uploads();
  client.send(frames.take());
}

void H2Client::run() {
  do {
    send();
    client.run();
    take();
  } while (!frames.bytes().empty() && !client.closed());
}

void H2Client::settle() {
  do {
    send();
    client.advance(Duration::zero());
    take();
  } while (!frames.bytes().empty() && !client.closed());
}

void H2Client::advance(Duration duration) {
  settle();
  client.advance(duration);
  take();
  settle();
}

void H2Client::take() {
  reader_.add(client.take_output());
  for (wire::Frame frame; reader_.next(frame);) {
    ++frames_got;
    take(frame);
  }
  push_uploads();
}

void H2Client::head(std::uint32_t stream, const wire::Frame& frame) {
  Answer& answer = answers[stream];
  wire::Fields fields = reader_.decode(frame.payload);
  if (!answer.status.empty() && answer.status[0] != '1') {
    answer.trailers = std::move(fields);
  } else {
    if (!answer.status.empty()) answer.informational.push_back(answer.status);
    answer.status = fields.front().second;
    answer.fields = std::move(fields);
  }
}

void H2Client::take(const wire::Frame& frame) {
  const std::uint32_t stream = frame.header.stream;
  const Bytes payload = frame.payload;
  switch (frame.header.type) {
    case FrameType::headers: head(stream, frame); break;
    case FrameType::data:
      answers[stream].body += payload;
      if (on_data) on_data(stream);
      if (gives_credit && !payload.empty()) {
        const auto size = static_cast<std::uint32_t>(payload.size());
        frames.window_update(0, size);
        if (!frame.header.has(flag_end_stream)) frames.window_update(stream, size);
      }
      break;
    case FrameType::rst_stream: answers[stream].reset = read_32(payload, 0); break;
    case FrameType::settings:
      for (Bytes rest = payload; !rest.empty(); rest.remove_prefix(6))
        settings[static_cast<std::uint16_t>(read_16(rest, 0))] = read_32(rest, 2);
      if (payload.empty()) break;
      for (auto& [id, upload] : uploads_) upload.window += std::int64_t{settings[4]} - stream_window_;
      stream_window_ = settings[4];
      break;
    case FrameType::ping:
      if (frame.header.has(flag_ack)) break;
      ++pings;
      if (answers_pings) frames.frame(6, flag_ack, 0, payload);
      break;
    case FrameType::goaway: goaways.emplace_back(read_32(payload, 0), read_32(payload, 4)); break;
    case FrameType::window_update:
      if (stream == 0) {
        window_ += read_32(payload, 0);
      } else {
        answers[stream].credit += read_32(payload, 0);
        if (const auto upload = uploads_.find(stream); upload != uploads_.end())
          upload->second.window += read_32(payload, 0);
      }
      break;
    default: break;
  }
  const bool ends = frame.header.type == FrameType::headers || frame.header.type == FrameType::data;
  if (ends && frame.header.has(flag_end_stream)) answers[stream].ended = true;
}

}  // namespace pounce::testing
