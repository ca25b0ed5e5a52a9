// A client of either protocol for answers that may be coded, and what undoes a coding.
#pragma once

#include <doctest/doctest.h>

#include <pounce/compression/decoder.hpp>
#include <pounce/compression/encoder.hpp>
#include <pounce/server/codings.hpp>

#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pounce::testing {

inline std::string decode(compression::Coding coding, Bytes coded,
                          const compression::Dictionary* dictionary = nullptr) {
  const auto decoder = compression::make_decoder(coding, compression::DecoderLimits{64 * mebibyte, 100000}, dictionary);
  std::string content;
  std::string out(64 * kibibyte, '\0');
  for (bool more = true; more;) {
    const auto decoded = decoder->decode(coded, out);
    REQUIRE(decoded.fault == compression::DecodeFault::none);
    coded.remove_prefix(decoded.consumed);
    content.append(out, 0, decoded.produced);
    more = !coded.empty() || decoded.produced == out.size();
  }
  CHECK(decoder->end() == compression::DecodeFault::none);
  return content;
}

inline std::string encode(compression::Coding coding, Bytes content) {
  compression::EncoderSettings settings;
  settings.coding = coding;
  std::string out(content.size() + 1000, '\0');
  out.resize(compression::encode_whole(settings, content, out).value());
  return out;
}

// A client of either protocol, for one answer at a time.
struct Got {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool complete = false;

  // All values of the name, joined as a list; "-" when there is none.
  [[nodiscard]] std::string field(std::string_view name) const {
    std::string joined = "-";
    for (const auto& [key, value] : fields) {
      if (!equal_without_case(key, name)) continue;
      joined = joined == "-" ? value : joined + ", " + value;
    }
    return joined;
  }
  [[nodiscard]] std::string content(const compression::Dictionary* dictionary = nullptr) const {
    const auto coding = compression::coding_named(field("content-encoding"));
    return coding ? decode(*coding, body, dictionary) : body;
  }
};

class Peer {
 public:
  Peer(const App& app, bool h2, Options options = {}) : app_(&app), h2_(h2), options_(std::move(options)) {
    if (!options_.codings) options_.codings = Codings::make(app);
  }

  Got ask(std::string_view method, const std::string& path,
          const std::vector<std::pair<std::string, std::string>>& fields, std::string_view content = {}) {
    return h2_ ? ask_h2(method, path, fields, content) : ask_h1(method, path, fields, content);
  }
  Got get(const std::string& path, const std::string& accepts) {
    return ask("GET", path, {{"accept-encoding", accepts}});
  }

 private:
  Got ask_h1(std::string_view method, const std::string& path,
             const std::vector<std::pair<std::string, std::string>>& fields, std::string_view content) {
    Client client{*app_, options_};
    Fields all;
    for (const auto& [name, value] : fields) all.add(name, value);
    const Reply reply = client.request(method, path, all, content);
    Got got{.status = reply.status, .fields = {}, .body = reply.body, .complete = reply.complete};
    for (const Field field : reply.fields) got.fields.emplace_back(field.name, field.value);
    return got;
  }
  Got ask_h2(std::string_view method, const std::string& path,
             const std::vector<std::pair<std::string, std::string>>& fields, std::string_view content) {
    H2Client client{*app_, options_};
    std::uint32_t stream = 0;
    if (method == "GET") {
      stream = client.get(path, fields);
    } else if (method == "POST") {
      stream = client.post(path, content, fields);
    } else {
      stream = client.next();
      wire::Fields head = {{":method", std::string{method}}, {":scheme", "http"}, {":path", path}, {":authority", "t"}};
      head.insert(head.end(), fields.begin(), fields.end());
      client.frames.headers(stream, head, true);
    }
    client.run();
    const Answer& answer = client.answer(stream);
    return {.status = answer.status.empty() ? 0 : std::stoi(answer.status),
            .fields = {answer.fields.begin(), answer.fields.end()},
            .body = answer.body,
            .complete = answer.ended};
  }

  const App* app_;
  bool h2_;
  Options options_;
};

}  // namespace pounce::testing
