// Compressed responses over HTTP/1.1 and HTTP/2: heads, content, streams, limits.
#include <doctest/doctest.h>

#include <pounce/app/collector.hpp>
#include <pounce/app/dictionary.hpp>
#include <pounce/compression/decoder.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/server/codings.hpp>
#include <pounce/server/session.hpp>

#include "tests/compression/samples.hpp"
#include "tests/server/coding_peer.hpp"
#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace pounce::testing;
using namespace std::chrono_literals;
using compression::Coding;

namespace {

const std::string& page() {
  static const std::string text = samples::html(4);  // some 8 KiB
  return text;
}
const std::string& long_page() {
  static const std::string text = samples::html(400);
  return text;
}

App pages() {
  App app;
  app.route("/page", [](const Request&) {
    return Response::html(Body::copy(page())).set("etag", "\"v1\"").set("accept-ranges", "bytes");
  });
  app.route("/long", [](const Request&) { return Response::html(Body::copy(long_page())); });
  app.route("/small", [](const Request&) { return Response::text("small"); });
  app.route("/image",
            [](const Request&) { return Response{200, Body::copy(page())}.set("content-type", "image/png"); });
  app.route("/noise", [](const Request&) { return Response::text(samples::noise(5000)).set("etag", "\"n\""); });
  app.route("/secret", [](const Request&) { return Response::html(Body::copy(page())).compress(Compress::off); });
  app.route("/hidden", [](const Request&) { return Response::html(Body::copy(page())).compress(Compress::hidden); });
  app.route("/varied",
            [](const Request&) { return Response::html(Body::copy(page())).set("vary", "Cookie, Accept-Encoding"); });
  app.route("/not-modified", [](const Request&) { return Response{304}.set("etag", "\"v1\""); });
  app.route("/no-transform",
            [](const Request&) { return Response::html(Body::copy(page())).set("cache-control", "no-transform"); });
  app.route("/nothing", [](const Request&) { return Response{204}; });
  app.route("/reset", [](const Request&) { return Response{205}; });
  app.route("/missing", [](const Request&) { return Response::html(Body::copy(page()), 404); });
  app.route("/partial", [](const Request&) {
    return Response{206, Body::copy(page())}.set("content-type", "text/html").set("content-range", "bytes 0-9/10");
  });
  app.route("/trailers", [](const Request&) {
    Response response = Response::html(Body::copy(page()));
    response.trailers().add("checksum", "7");
    return response;
  });
  app.route("/stream", [](Exchange& x) -> Task {
    if (x.start(Head{200}.set("content-type", "text/plain").set("etag", "\"s\"")) != Status::ok) co_return;
    for (int i = 0; i < 3; ++i) {
      if (co_await x.write(std::string(1000, static_cast<char>('a' + i))) != Status::ok) co_return;
      (void)co_await x.sleep(1s);
    }
    (void)x.finish();
  });
  app.route("/stream-long", [](Exchange& x) -> Task {
    Head head{200};
    head.set("content-type", "text/html").content_length(long_page().size());
    if (x.start(head) != Status::ok) co_return;
    if (co_await x.write(long_page()) != Status::ok) co_return;
    (void)x.finish();
  });
  app.route("/declared", [](Exchange& x) -> Task {
    const std::size_t less = number_in(x.request());
    if (x.start(Head{200}.set("content-type", "text/html").content_length(page().size())) != Status::ok) co_return;
    if (co_await x.write(Bytes{page()}.substr(less)) != Status::ok) co_return;
    if (less == 0 && co_await x.write("more") != Status::length_mismatch) co_return;
    (void)x.finish();
  });
  app.route("/events", [](Exchange& x) -> Task {
    const bool asked = x.request().query() == "always";
    Head head{200};
    head.set("content-type", "text/event-stream").compress(asked ? Compress::always : Compress::automatic);
    if (x.start(head) != Status::ok) co_return;
    if (co_await x.write("data: one\n\n") != Status::ok) co_return;
    (void)x.finish();
  });
  return app;
}

}  // namespace

TEST_CASE("the policy, through the whole server, on both protocols") {
  struct Row {
    std::string_view method;
    std::string_view path;
    std::string_view accepts;
    int status;
    std::string_view coding;  // "-": none
    std::string_view vary;
    std::string_view etag;
  };
  const Row rows[] = {
      {"GET", "/page", "gzip", 200, "gzip", "accept-encoding", "W/\"v1\""},
      {"GET", "/page", "gzip, deflate, br, zstd", 200, "zstd", "accept-encoding", "W/\"v1\""},
      {"GET", "/page", "deflate", 200, "deflate", "accept-encoding", "W/\"v1\""},
      {"GET", "/page", "br", 200, "-", "accept-encoding", "\"v1\""},
      {"GET", "/page", "identity", 200, "-", "accept-encoding", "\"v1\""},
      {"GET", "/page", "gzip;q=0", 200, "-", "accept-encoding", "\"v1\""},
      {"GET", "/page", "identity;q=0", 406, "-", "-", "-"},
      {"GET", "/small", "identity;q=0", 200, "-", "-", "-"},
      {"GET", "/small", "gzip", 200, "-", "-", "-"},
      {"GET", "/image", "gzip", 200, "-", "-", "-"},
      {"GET", "/noise", "gzip", 200, "-", "accept-encoding", "\"n\""},
      {"GET", "/secret", "gzip", 200, "-", "-", "-"},
      {"GET", "/hidden", "gzip", 200, "gzip", "accept-encoding", "-"},
      {"GET", "/varied", "gzip", 200, "gzip", "Cookie, Accept-Encoding", "-"},
      {"GET", "/no-transform", "gzip", 200, "-", "-", "-"},
      {"GET", "/nothing", "gzip", 204, "-", "-", "-"},
      {"GET", "/reset", "gzip", 205, "-", "-", "-"},
      {"GET", "/missing", "gzip", 404, "gzip", "accept-encoding", "-"},
      {"GET", "/partial", "gzip", 206, "-", "-", "-"},
      {"GET", "/long", "gzip", 200, "gzip", "accept-encoding", "-"},
      {"GET", "/long", "zstd", 200, "zstd", "accept-encoding", "-"},
      {"GET", "/trailers", "gzip", 200, "gzip", "accept-encoding", "-"},
      {"GET", "/stream", "gzip", 200, "gzip", "accept-encoding", "W/\"s\""},
      {"GET", "/stream", "identity", 200, "-", "accept-encoding", "\"s\""},
      {"GET", "/stream", "*;q=0", 406, "-", "-", "-"},
      {"GET", "/stream-long", "zstd", 200, "zstd", "accept-encoding", "-"},
      {"GET", "/events", "gzip", 200, "-", "-", "-"},
      {"GET", "/events?always", "gzip", 200, "gzip", "accept-encoding", "-"},
      {"GET", "/nowhere", "gzip", 404, "-", "-", "-"},
      {"POST", "/page", "gzip", 200, "gzip", "accept-encoding", "W/\"v1\""},
      {"HEAD", "/page", "gzip", 200, "-", "accept-encoding", "W/\"v1\""},
      {"HEAD", "/page", "identity", 200, "-", "accept-encoding", "\"v1\""},
      {"HEAD", "/stream", "gzip", 200, "-", "accept-encoding", "W/\"s\""},
      {"HEAD", "/image", "gzip", 200, "-", "-", "-"},
  };
  const App app = pages();
  for (const bool h2 : {false, true}) {
    Peer peer{app, h2};
    for (const Row& row : rows) {
      CAPTURE(h2);
      CAPTURE(row.method);
      CAPTURE(row.path);
      CAPTURE(row.accepts);
      const std::string path{row.path};
      const Got got = peer.ask(row.method, path, {{"accept-encoding", std::string{row.accepts}}});
      CHECK(got.status == row.status);
      CHECK(got.complete);
      CHECK(got.field("content-encoding") == row.coding);
      CHECK(got.field("vary") == row.vary);
      CHECK(got.field("etag") == row.etag);
      if (row.method == "HEAD") {
        CHECK(got.body.empty());
        // What a GET would not send is not declared.
        CHECK((got.field("content-length") == "-") == (row.etag.starts_with("W/") || row.path == "/stream"));
        continue;
      }
      if (row.coding == "-") continue;
      CHECK((got.field("accept-ranges") == "-"));
      // The content is what identity gets, and what is declared is what is sent.
      CHECK(got.content() == peer.ask(row.method, path, {}).body);
      if (got.field("content-length") != "-") CHECK(std::stoul(got.field("content-length")) == got.body.size());
    }
  }
}

TEST_CASE("without Codings nothing is compressed, and nothing said about it") {
  const App app = pages();
  Client client{app};
  Fields fields;
  fields.add("accept-encoding", "gzip");
  const Reply reply = client.get("/page", fields);
  CHECK(reply.body == page());
  CHECK(!reply.header("vary"));
  CHECK(reply.header("etag") == "\"v1\"");
  CHECK(reply.header("accept-ranges") == "bytes");
}

TEST_CASE("events tell what was coded, and into how much; what a HEAD leaves out was not sent") {
  struct Ended {
    std::uint64_t sent = 0;
    std::uint64_t uncoded = 0;
  };
  Ended ended;
  App app = pages();
  app.observe<events::ResponseCompleted>(
      [&ended](const events::ResponseCompleted& completed) { ended = {completed.body_sent, completed.body_uncoded}; });
  for (const bool h2 : {false, true}) {
    CAPTURE(h2);
    Peer peer{app, h2};
    for (const char* const path : {"/page", "/long", "/stream-long"}) {
      CAPTURE(path);
      const Got got = peer.get(path, "gzip");
      CHECK(got.field("content-encoding") == "gzip");
      CHECK(ended.sent == got.body.size());
      CHECK(ended.uncoded == got.content().size());
    }
    const Got plain = peer.get("/page", "identity");
    CHECK(ended.sent == plain.body.size());
    CHECK(ended.uncoded == 0);
    CHECK(peer.ask("HEAD", "/page", {{"accept-encoding", "gzip"}}).status == 200);
    CHECK(ended.sent == 0);
    CHECK(ended.uncoded == 0);
  }
}

TEST_CASE("each write can be read when it was made") {
  const App app = pages();
  for (const std::string accepts : {"gzip", "zstd", "deflate"}) {
    CAPTURE(accepts);
    Options options;
    options.codings = Codings::make(app);
    Client client{app, options};
    client.send("GET /stream HTTP/1.1\r\nHost: t\r\nAccept-Encoding: " + accepts + "\r\n\r\n");
    client.advance(0s);
    const auto decoder =
        compression::make_decoder(*compression::coding_named(accepts), compression::DecoderLimits{mebibyte, 10000});
    std::string heard;
    std::string output = client.take_output();
    output.erase(0, output.find("\r\n\r\n") + 4);
    for (int i = 0; i < 3; ++i) {
      // Its chunks, however many.
      while (!output.empty() && output[0] != '0') {
        const std::size_t size = std::stoul(output, nullptr, 16);
        const std::size_t at = output.find("\r\n") + 2;
        std::string out(4096, '\0');
        Bytes coded = Bytes{output}.substr(at, size);
        while (!coded.empty()) {
          const auto decoded = decoder->decode(coded, out);
          REQUIRE(decoded.fault == compression::DecodeFault::none);
          heard.append(out, 0, decoded.produced);
          coded.remove_prefix(decoded.consumed);
        }
        output.erase(0, at + size + 2);
      }
      CHECK(heard.size() == 1000U * static_cast<unsigned>(i + 1));
      client.advance(1s);
      output += client.take_output();
    }
  }
}

TEST_CASE("a handler that declares a length is held to it, also when what is sent has another") {
  const App app = pages();
  for (const bool h2 : {false, true}) {
    CAPTURE(h2);
    Peer peer{app, h2};
    const Got whole = peer.get("/declared?0", "gzip");
    CHECK(whole.complete);
    CHECK(whole.content() == page());
    CHECK(whole.field("content-length") == "-");
    // Less than was declared: cut, and not passed off as whole.
    CHECK(!peer.get("/declared?1", "gzip").complete);
  }
}

TEST_CASE("a client that reads slowly gets all of it, and the server keeps little of it") {
  const App app = pages();
  for (const std::string path : {"/long", "/stream-long"}) {
    CAPTURE(path);
    Options options;
    options.codings = Codings::make(app, 1, 1);
    options.output_limit = 8 * kibibyte;
    options.write_size = 1000;
    Client client{app, options};
    client.send("GET " + path + " HTTP/1.1\r\nHost: t\r\nAccept-Encoding: gzip\r\n\r\n");
    client.take_at_most(2000);
    client.run();
    CHECK(client.session()->output().size() <= 8 * kibibyte + Workspace::medium + 100);
    client.take_at_most(std::nullopt);
    const Reply reply = client.reply();
    CHECK(reply.complete);
    CHECK(decode(Coding::gzip, reply.body) == long_page());
  }
}

TEST_CASE("a step codes a part of what is long, so that others have their turn") {
  const App app = pages();
  Options options;
  options.codings = Codings::make(app);
  Client client{app, options};
  client.send("GET /long HTTP/1.1\r\nHost: t\r\nAccept-Encoding: zstd\r\n\r\n");
  const std::size_t before = client.steps();
  const Reply reply = client.reply();
  CHECK(decode(Coding::zstd, reply.body) == long_page());
  CHECK(client.steps() - before >= long_page().size() / Codings::bytes_per_step);
}

TEST_CASE("so many encoders a connection, and no more") {
  App app;
  app.route("/wait", [](Exchange& x) -> Task {
    if (x.start(Head{200}.set("content-type", "text/plain")) != Status::ok) co_return;
    (void)co_await x.write("so far");
    (void)co_await x.message(10s);
    (void)x.finish();
  });
  Options options;
  options.codings = Codings::make(app);
  H2Client client{app, options};
  std::vector<std::uint32_t> streams;
  for (std::size_t i = 0; i < Codings::most_encoders + 3; ++i)
    streams.push_back(client.get("/wait", {{"accept-encoding", "gzip"}}));
  client.settle();
  std::size_t coded = 0;
  for (const auto stream : streams) {
    coded += client.answer(stream).field("content-encoding") == "gzip";
    CHECK(client.answer(stream).field("vary") == "accept-encoding");
  }
  CHECK(coded == Codings::most_encoders);
  client.run();
  // They have ended: there are as many again.
  const auto late = client.get("/wait", {{"accept-encoding", "gzip"}});
  client.run();
  CHECK(client.answer(late).field("content-encoding") == "gzip");
  for (const auto stream : streams) CHECK(client.answer(stream).ended);
}

TEST_CASE("so many encoders of all connections, and no more") {
  App app;
  app.route("/wait", [](Exchange& x) -> Task {
    if (x.start(Head{200}.set("content-type", "text/plain")) != Status::ok) co_return;
    (void)co_await x.write("so far");
    (void)co_await x.message(10s);
    (void)x.finish();
  });
  auto codings = Codings::make(app);
  codings->most_streams = 1;
  Options options;
  options.codings = codings;
  const std::string request = "GET /wait HTTP/1.1\r\nHost: t\r\nAccept-Encoding: gzip\r\n\r\n";
  Client second{app, options};
  {
    Client first{app, options};
    first.send(request);
    first.advance(0s);
    second.send(request);
    CHECK(first.take_output().find("content-encoding: gzip") != std::string::npos);
    const Reply reply = second.reply();
    CHECK(!reply.header("content-encoding"));
    CHECK(reply.header("vary") == "accept-encoding");
    CHECK(reply.body == "so far");
  }
  // The first has gone, in the middle of its answer.
  second.send(request);
  CHECK(second.reply().header("content-encoding") == "gzip");
}

TEST_CASE("a 304 repeats the validator in the form that the client holds") {
  const App app = pages();
  for (const bool h2 : {false, true}) {
    Peer peer{app, h2};
    const Got weak = peer.ask("GET", "/not-modified", {{"accept-encoding", "gzip"}, {"if-none-match", "W/\"v1\""}});
    CHECK(weak.status == 304);
    CHECK(weak.field("etag") == "W/\"v1\"");
    CHECK(weak.field("vary") == "accept-encoding");
    const Got strong = peer.ask("GET", "/not-modified", {{"accept-encoding", "gzip"}, {"if-none-match", "\"v1\""}});
    CHECK(strong.field("etag") == "\"v1\"");
    CHECK(strong.field("vary") == "-");
  }
}

TEST_CASE("hidden lengths differ from request to request") {
  const App app = pages();
  Options options;
  options.codings = Codings::make(app);
  for (const std::string accepts : {"gzip", "zstd", "deflate"}) {
    Client client{app, options};
    Fields fields;
    fields.add("accept-encoding", accepts);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 20; ++i) {
      const Reply reply = client.get("/hidden", fields);
      // Deflate has no place for padding.
      CHECK(reply.header("content-encoding").value_or("-") == (accepts == "deflate" ? "-" : accepts));
      sizes.push_back(reply.body.size());
    }
    std::sort(sizes.begin(), sizes.end());
    if (accepts != "deflate") CHECK(std::unique(sizes.begin(), sizes.end()) - sizes.begin() > 10);
  }
}

TEST_CASE("middleware has the last word about a head, also about its compression") {
  class Off final : public Middleware {
    void after(const Request& request, Head& head) const override {
      if (request.query() == "off") head.compress(Compress::off);
      if (request.query() == "coded") head.set("content-encoding", "x-own");
    }
  };
  App app = pages();
  app.use(make_owned<Off>());
  Peer peer{app, false};
  CHECK(peer.get("/page", "gzip").field("content-encoding") == "gzip");
  CHECK(peer.get("/page?off", "gzip").field("content-encoding") == "-");
  CHECK(peer.get("/page?off", "gzip").field("vary") == "-");
  CHECK(peer.get("/page?coded", "gzip").field("content-encoding") == "x-own");
  CHECK(peer.get("/page?coded", "gzip").body == page());
  CHECK(peer.get("/stream?off", "gzip").field("content-encoding") == "-");
}

TEST_CASE("HTTP/1.0: what is streamed ends with the connection, coded or not") {
  const App app = pages();
  Options options;
  options.codings = Codings::make(app);
  Client client{app, options};
  client.send("GET /stream HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
  const Reply reply = client.reply();
  CHECK(reply.header("content-encoding") == "gzip");
  CHECK(decode(Coding::gzip, reply.body).size() == 3000);
}

// --- dictionaries ---

TEST_CASE("a client that has a dictionary gets what is new, and everybody is told that it matters") {
  App app = pages();
  app.dictionary("/dictionary", samples::html(3), "/page*", "text/html", std::chrono::hours{1});
  app.dictionary("/stale", samples::html(1), "/stale*", "text/html", -std::chrono::hours{1});
  for (const bool h2 : {false, true}) {
    CAPTURE(h2);
    Peer peer{app, h2};
    const Got resource = peer.get("/dictionary", "");
    CHECK(resource.field("use-as-dictionary") == "match=\"/page*\"");
    CHECK(resource.field("cache-control") == "public, max-age=3600");
    CHECK(peer.ask("GET", "/stale", {}).field("cache-control") == "public, max-age=0");
    CHECK(resource.body == samples::html(3));
    const compression::Dictionary dictionary{resource.body};
    std::string available = ":";
    {
      constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      std::uint32_t bits = 0;
      int held = 0;
      for (const std::uint8_t octet : dictionary.hash()) {
        bits = bits << 8 | octet;
        for (held += 8; held >= 6; held -= 6) available += digits[bits >> (held - 6) & 63];
      }
      available += digits[bits << (6 - held) & 63];
      available += "=:";
    }
    const Got coded =
        peer.ask("GET", "/page", {{"accept-encoding", "gzip, zstd, dcz"}, {"available-dictionary", available}});
    CHECK(coded.field("content-encoding") == "dcz");
    CHECK(coded.field("vary") == "accept-encoding, available-dictionary");
    CHECK(coded.field("etag") == "W/\"v1\"");
    CHECK(coded.content(&dictionary) == page());
    CHECK(coded.body.size() < peer.get("/page", "zstd").body.size() / 2);
    CHECK(peer.get("/page", "zstd").field("vary") == "accept-encoding, available-dictionary");
    CHECK(peer.ask("GET", "/hidden", {{"accept-encoding", "zstd, dcz"}, {"available-dictionary", available}})
              .field("content-encoding") == "zstd");
    // Streamed.
    const Got streamed =
        peer.ask("GET", "/stream", {{"accept-encoding", "gzip, zstd, dcz"}, {"available-dictionary", available}});
    CHECK(streamed.field("content-encoding") == "dcz");
    CHECK(streamed.content(&dictionary).size() == 3000);
  }
}

TEST_CASE("dictionaries that no client would take are refused at start") {
  App app;
  CHECK_THROWS_AS(app.dictionary("/d", "x", "page"), InvalidDictionary);
  CHECK_THROWS_AS(app.dictionary("/d", "x", "/a\"b"), InvalidDictionary);
  CHECK_THROWS_AS(app.dictionary("/d", "x", "/(a|b)"), InvalidDictionary);
  CHECK_THROWS_AS(app.dictionary("/d", "", "/"), InvalidDictionary);
  CHECK_THROWS_AS(app.dictionary("/d", std::string(DictionaryResource::most_content + 1, 'x'), "/"), InvalidDictionary);
  for (std::size_t i = 0; i < DictionaryResource::most; ++i) app.dictionary("/d" + std::to_string(i), "x", "/");
  CHECK_THROWS_AS(app.dictionary("/d", "x", "/"), InvalidDictionary);
}
