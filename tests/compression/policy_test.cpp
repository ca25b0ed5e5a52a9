// The policy as a table: what a response is, what the client accepts, what is done and what the head must say.
#include <doctest/doctest.h>

#include <pounce/compression/policy.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace pounce::compression;

namespace {

constexpr std::string_view available = ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:";  // of "Hello World"

struct Row {
  std::string_view
      says;  // of the response: "status type size [choice] [Field: value]…", separated by '|'; size '-' is unknown
  std::string_view request;  // "METHOD accept-encoding [Field: value]…", separated by '|'
  Reason reason;
  Coding coding;
  bool vary;
};

const Row rows[] = {
    // What is worth it.
    {"200|text/html|5000", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|text/html; charset=utf-8|5000", "GET|gzip, zstd", Reason::coded, Coding::zstd, true},
    {"200|TEXT/CSS|5000", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|application/json|5000", "POST|gzip", Reason::coded, Coding::gzip, true},
    {"200|application/problem+json|5000", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|image/svg+xml|5000", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|application/wasm|5000", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|text/plain|-", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"404|text/html|5000", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"500|text/plain|5000", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|text/plain|5000", "OPTIONS|gzip", Reason::coded, Coding::gzip, true},
    // Vary stands on the identity answer too.
    {"200|text/html|5000", "GET|", Reason::negotiated, Coding::identity, true},
    {"200|text/html|5000", "GET|br", Reason::negotiated, Coding::identity, true},
    {"200|text/html|5000", "GET|identity", Reason::negotiated, Coding::identity, true},
    {"200|text/html|5000", "GET|gzip;q=0", Reason::negotiated, Coding::identity, true},
    // Size.
    {"200|text/html|499", "GET|gzip", Reason::too_small, Coding::identity, false},
    {"200|text/html|500", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|text/html|0", "GET|gzip", Reason::too_small, Coding::identity, false},
    {"200|text/html|0|always", "GET|gzip", Reason::too_small, Coding::identity, false},
    {"200|text/html|1|always", "GET|gzip", Reason::coded, Coding::gzip, true},
    // Type.
    {"200|image/png|5000", "GET|gzip", Reason::media_type, Coding::identity, false},
    {"200|application/octet-stream|5000", "GET|gzip", Reason::media_type, Coding::identity, false},
    {"200|application/zip|-", "GET|gzip", Reason::media_type, Coding::identity, false},
    {"200||5000", "GET|gzip", Reason::media_type, Coding::identity, false},
    {"200|text/|5000", "GET|gzip", Reason::media_type, Coding::identity, false},
    {"200|json|5000", "GET|gzip", Reason::media_type, Coding::identity, false},
    {"200|image/png|5000|always", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|text/event-stream|-", "GET|gzip", Reason::event_stream, Coding::identity, false},
    {"200|text/event-stream; charset=utf-8|-", "GET|gzip", Reason::event_stream, Coding::identity, false},
    {"200|text/event-stream|-|always", "GET|gzip", Reason::coded, Coding::gzip, true},
    // Method.
    {"200|text/html|5000", "HEAD|gzip", Reason::head, Coding::identity, true},
    {"200|text/html|5000", "HEAD|", Reason::negotiated, Coding::identity, true},
    {"200|text/html|20", "HEAD|gzip", Reason::too_small, Coding::identity, false},
    {"200|text/html|5000|always", "HEAD|gzip", Reason::head, Coding::identity, true},
    {"200|text/html|5000", "CONNECT|gzip", Reason::status, Coding::identity, false},
    // Status.
    {"103|text/html|5000", "GET|gzip", Reason::status, Coding::identity, false},
    {"204|text/html|-", "GET|gzip", Reason::status, Coding::identity, false},
    {"205|text/html|-", "GET|gzip", Reason::status, Coding::identity, false},
    {"304|text/html|5000", "GET|gzip", Reason::status, Coding::identity, false},
    {"304|text/html|5000|always", "GET|gzip", Reason::status, Coding::identity, false},
    // Ranges.
    {"206|text/html|5000", "GET|gzip", Reason::partial, Coding::identity, false},
    {"206|text/html|5000|always", "GET|gzip", Reason::partial, Coding::identity, false},
    {"200|text/html|5000|Content-Range: bytes 0-4999/9999", "GET|gzip", Reason::partial, Coding::identity, false},
    {"416|text/html|5000|Content-Range: bytes */9999", "GET|gzip", Reason::partial, Coding::identity, false},
    {"200|text/html|5000", "GET|gzip|Range: bytes=0-9", Reason::coded, Coding::gzip, true},
    // Coded already.
    {"200|text/html|5000|Content-Encoding: br", "GET|gzip", Reason::already_coded, Coding::identity, false},
    {"200|text/html|5000|always|content-encoding: identity", "GET|gzip", Reason::already_coded, Coding::identity,
     false},
    // Cache-Control.
    {"200|text/html|5000|Cache-Control: no-transform", "GET|gzip", Reason::no_transform, Coding::identity, false},
    {"200|text/html|5000|Cache-Control: public, NO-Transform, max-age=3", "GET|gzip", Reason::no_transform,
     Coding::identity, false},
    {"200|text/html|5000|always|Cache-Control: no-transform", "GET|gzip", Reason::no_transform, Coding::identity,
     false},
    {"200|text/html|5000|Cache-Control: private, max-age=0", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|text/html|5000|Cache-Control: x=\"no-transform\"", "GET|gzip", Reason::coded, Coding::gzip, true},
    {"200|text/html|5000|Cache-Control: public|Cache-Control: no-transform", "GET|gzip", Reason::no_transform,
     Coding::identity, false},
    // A digest of the bytes as they are.
    {"200|text/html|5000|Content-Digest: sha-256=:AA==:", "GET|gzip", Reason::no_transform, Coding::identity, false},
    {"200|text/html|5000|Repr-Digest: sha-256=:AA==:", "GET|gzip", Reason::no_transform, Coding::identity, false},
    {"200|text/html|5000|Digest: x", "GET|gzip", Reason::no_transform, Coding::identity, false},
    {"200|text/html|5000|Content-MD5: x", "GET|gzip", Reason::no_transform, Coding::identity, false},
    // The response's own choice.
    {"200|text/html|5000|never", "GET|gzip", Reason::chosen, Coding::identity, false},
    {"200|text/html|5000|hidden", "GET|deflate, gzip;q=0.5", Reason::coded, Coding::gzip, true},
    {"200|text/html|5000|hidden", "GET|deflate", Reason::negotiated, Coding::identity, true},
    // Identity forbidden.
    {"200|text/html|5000", "GET|identity;q=0", Reason::not_acceptable, Coding::identity, true},
    {"200|text/html|5000", "GET|*;q=0", Reason::not_acceptable, Coding::identity, true},
    {"200|text/html|5000", "GET|*;q=0, gzip", Reason::coded, Coding::gzip, true},
    {"404|text/html|5000", "GET|*;q=0", Reason::negotiated, Coding::identity, true},
    {"200|text/html|20", "GET|*;q=0", Reason::too_small, Coding::identity, false},
};

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('|', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Field field_of(std::string_view line) {
  const std::size_t colon = line.find(": ");
  const std::string_view name = line.substr(0, colon);
  return {.name = name, .value = line.substr(colon + 2), .id = field_id(name)};
}

struct Case {
  explicit Case(std::string_view says, std::string_view asks) {
    const auto response_parts = parts_of(says);
    subject.status = static_cast<std::uint16_t>(std::stoi(std::string{response_parts[0]}));
    if (!response_parts[1].empty()) response.push_back({.name = "Content-Type", .value = response_parts[1]});
    if (response_parts[2] != "-") subject.size = std::stoull(std::string{response_parts[2]});
    for (std::size_t i = 3; i < response_parts.size(); ++i) {
      const std::string_view part = response_parts[i];
      if (part == "never")
        subject.choice = Compress::off;
      else if (part == "always")
        subject.choice = Compress::always;
      else if (part == "hidden")
        subject.choice = Compress::hidden;
      else
        response.push_back(field_of(part));
    }
    const auto request_parts = parts_of(asks);
    subject.method = method_id(request_parts[0]);
    if (!request_parts[1].empty())
      request.push_back({.name = "accept-encoding", .value = request_parts[1], .id = FieldId::accept_encoding});
    for (std::size_t i = 2; i < request_parts.size(); ++i) request.push_back(field_of(request_parts[i]));
    subject.request = request;
    subject.response = response;
  }

  std::vector<Field> request;
  std::vector<Field> response;
  Subject subject;
};

}  // namespace

TEST_CASE("what is coded and what is not") {
  const Policy policy;
  for (const Row& row : rows) {
    CAPTURE(row.says);
    CAPTURE(row.request);
    const Case row_case{row.says, row.request};
    const Decision decision = decide(policy, row_case.subject);
    CHECK(name(decision.reason) == name(row.reason));
    CHECK(name(decision.coding) == name(row.coding));
    CHECK(decision.vary == row.vary);
    CHECK(!decision.vary_dictionary);
    CHECK(decision.dictionary == nullptr);
    // Where a GET's content is coded its length and its strong validator are not the identity answer's.
    const bool differs = decision.reason == Reason::coded || decision.reason == Reason::head;
    CHECK(decision.other_length == differs);
    CHECK(decision.weaken == differs);
    // Coding and reason agree.
    CHECK((decision.coding != Coding::identity) == (decision.reason == Reason::coded));
  }
}

TEST_CASE("switched off, nothing is coded and nothing varies") {
  Policy policy;
  policy.enabled = false;
  for (const Row& row : rows) {
    const Case row_case{row.says, row.request};
    const Decision decision = decide(policy, row_case.subject);
    CHECK(decision.reason == Reason::disabled);
    CHECK(!decision.vary);
  }
}

TEST_CASE("size, types and order are the policy's") {
  Policy policy;
  policy.min_size = 10;
  constexpr std::array<std::string_view, 3> patterns{"image/png", "x/*", "+cbor"};
  policy.types = MediaTypes{patterns};
  policy.offers = Offers{};
  policy.offers.add(Coding::gzip);
  policy.offers.add(Coding::zstd);
  const auto reason = [&policy](std::string_view says) {
    const Case row_case{says, "GET|zstd, gzip"};
    const Decision decision = decide(policy, row_case.subject);
    CHECK((decision.coding == Coding::gzip) == (decision.reason == Reason::coded));
    return decision.reason;
  };
  CHECK(reason("200|image/png|10") == Reason::coded);
  CHECK(reason("200|image/png|9") == Reason::too_small);
  CHECK(reason("200|X/y|10") == Reason::coded);
  CHECK(reason("200|application/senml+CBOR; a=b|10") == Reason::coded);
  CHECK(reason("200|+cbor|10") == Reason::media_type);
  CHECK(reason("200|text/html|10") == Reason::media_type);
}

TEST_CASE("patterns of media types") {
  for (const std::string_view good : {"text/html", "text/*", "+json", "application/vnd.a-b_c+xml", "application/x-y"})
    CHECK_MESSAGE(MediaTypes::is_pattern(good), good);
  for (const std::string_view bad :
       {"", "text", "*/*", "text/", "/html", "+", "text/ht ml", "text/html;q=1", "te*t/html", "a/b/c"})
    CHECK_MESSAGE(!MediaTypes::is_pattern(bad), bad);
  const MediaTypes usual;
  for (const std::string_view pattern : usual.patterns()) CHECK_MESSAGE(MediaTypes::is_pattern(pattern), pattern);
}

TEST_CASE("a client with a dictionary") {
  Dictionaries dictionaries;
  dictionaries.add(make_owned<Dictionary>("Hello World"));
  Policy policy;
  policy.dictionaries = &dictionaries;
  const auto decide_for = [&policy](std::string_view says, std::string request) {
    const Case row_case{says, request};
    return decide(policy, row_case.subject);
  };
  const std::string has = "|Available-Dictionary: " + std::string{available};
  const std::string page = "200|text/html|5000";

  Decision decision = decide_for(page, "GET|gzip, zstd, dcz" + has);
  CHECK(decision.coding == Coding::dcz);
  CHECK(decision.dictionary == dictionaries.find(*parse_available_dictionary(available)));
  CHECK(decision.vary);
  CHECK(decision.vary_dictionary);

  // Whoever could have had it is told so in Vary.
  for (const std::string& request :
       {std::string{"GET|gzip, zstd, dcz"}, "GET|gzip, zstd" + has, std::string{"GET|zstd"}, "GET|zstd, dcz;q=0" + has,
        std::string{"GET|zstd, dcz|Available-Dictionary: :AAAA:"},
        std::string{"GET|zstd, dcz|Available-Dictionary: :qZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:"},
        "GET|zstd, dcz|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors" + has}) {
    CAPTURE(request);
    decision = decide_for(page, request);
    CHECK(decision.coding == Coding::zstd);
    CHECK(decision.dictionary == nullptr);
    CHECK(decision.vary_dictionary);
  }
  CHECK(decide_for(page, "GET|").vary_dictionary);
  // Not for what hides its length, nor for what is not coded.
  CHECK(decide_for(page + "|hidden", "GET|zstd, dcz" + has).coding == Coding::zstd);
  CHECK(!decide_for("200|image/png|5000", "GET|zstd, dcz" + has).vary_dictionary);
  CHECK(decide_for(page, "HEAD|dcz" + has).dictionary == nullptr);
  CHECK(decide_for(page, "HEAD|dcz" + has).reason == Reason::head);
}

TEST_CASE("a 304 repeats the validator in the client's form") {
  const auto weak = [](std::string_view held, std::string_view etag) {
    const Field field{.name = "If-None-Match", .value = held, .id = FieldId::if_none_match};
    return holds_weak_form({&field, 1}, etag);
  };
  CHECK(weak("W/\"a\"", "\"a\""));
  CHECK(weak("\"b\", W/\"a,b\" ,\"c\"", "\"a,b\""));
  CHECK(!weak("\"a\"", "\"a\""));
  CHECK(!weak("W/\"b\"", "\"a\""));
  CHECK(!weak("W/\"a\"", "W/\"a\""));
  CHECK(!weak("*", "\"a\""));
}

TEST_CASE("padding is spread over all its lengths, and follows from secret and number alone") {
  Secret secret{};
  std::vector<int> seen(most_padding + 1U);
  for (std::uint64_t number = 0; number < 20000; ++number) ++seen.at(padding_length(secret, number));
  CHECK(seen[0] == 0);
  for (std::size_t length = 1; length <= most_padding; ++length) CHECK(seen[length] > 30);
  std::size_t same = 0;
  Secret other{};
  other[31] = 1;
  for (std::uint64_t number = 0; number < 1000; ++number)
    same += padding_length(secret, number) == padding_length(other, number);
  CHECK(same < 30);
}

TEST_CASE("Vary lists") {
  CHECK(varies_on("Accept-Encoding", "accept-encoding"));
  CHECK(varies_on("Cookie, ACCEPT-encoding", "accept-encoding"));
  CHECK(varies_on("*", "accept-encoding"));
  CHECK(!varies_on("", "accept-encoding"));
  CHECK(!varies_on("accept-encoding-x", "accept-encoding"));
}
