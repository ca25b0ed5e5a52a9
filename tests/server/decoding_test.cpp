// Request content out of its coding, for handlers that ask for it; bombs.
#include <doctest/doctest.h>

#include <pounce/compression/encoder.hpp>

#include "tests/compression/samples.hpp"
#include "tests/server/coding_peer.hpp"
#include "tests/server/recorder.hpp"

#include <string>
#include <string_view>

using namespace pounce;
using namespace pounce::testing;
using compression::Coding;

namespace {

App uploads() {
  App app;
  const auto size = [](const Request& r) {
    return Response::text(std::to_string(r.body().size()) + " " + std::string{r.body().substr(0, 20)});
  };
  app.route("/plain", decoded(size));
  app.route("/raw", size);
  app.route("/stream", decoded([](Exchange& x) -> Task {
              std::string text;
              Received got = co_await x.read();
              for (; got.status() == Status::ok; got = co_await x.read()) text.append(got.bytes());
              if (got.status() != Status::end) co_return;
              (void)x.respond(Response::text(std::to_string(text.size()) + " " + text.substr(0, 20)));
            }));
  return app;
}

}  // namespace

TEST_CASE("request content is decoded for whoever asked, and for nobody else") {
  const App app = uploads();
  const std::string content = samples::json(100);
  const std::string expected = std::to_string(content.size()) + " " + content.substr(0, 20);
  for (const bool h2 : {false, true}) {
    Peer peer{app, h2};
    for (const std::string path : {"/plain", "/stream"}) {
      CAPTURE(h2);
      CAPTURE(path);
      CHECK(peer.ask("POST", path, {}, content).body == expected);
      CHECK(peer.ask("POST", path, {{"content-encoding", "identity"}}, content).body == expected);
      for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd}) {
        const std::string name{compression::name(coding)};
        CHECK(peer.ask("POST", path, {{"content-encoding", name}}, encode(coding, content)).body == expected);
      }
      CHECK(peer.ask("POST", path, {{"content-encoding", "X-GZIP"}}, encode(Coding::gzip, content)).body == expected);
      // What cannot be undone.
      for (const std::string coding : {"br", "dcz", "gzip, gzip", "compress"}) {
        const Got refused = peer.ask("POST", path, {{"content-encoding", coding}}, content);
        CHECK(refused.status == 415);
        CHECK(refused.field("accept-encoding") == "zstd, gzip, deflate");
      }
      // Damaged, or cut off.
      CHECK(peer.ask("POST", path, {{"content-encoding", "gzip"}}, content).status == 400);
      const std::string coded = encode(Coding::gzip, content);
      CHECK(peer.ask("POST", path, {{"content-encoding", "gzip"}}, Bytes{coded}.substr(0, coded.size() - 1)).status ==
            400);
      // No content is none.
      CHECK(peer.ask("POST", path, {{"content-encoding", "gzip"}}, "").body == "0 ");
    }
    const std::string coded = encode(Coding::gzip, content);
    CHECK(
        peer.ask("POST", "/raw", {{"content-encoding", "gzip"}}, coded).body.starts_with(std::to_string(coded.size())));
    CHECK(peer.ask("POST", "/raw", {{"content-encoding", "br"}}, "x").status == 200);
  }
}

TEST_CASE("a bomb is answered 413 and costs what the limit says") {
  const App app = uploads();
  for (const bool h2 : {false, true}) {
    for (const std::string path : {"/plain", "/stream"}) {
      for (const Coding coding : {Coding::gzip, Coding::zstd}) {
        CAPTURE(h2);
        CAPTURE(path);
        Peer peer{app, h2};
        // 10 MiB, of some 10 KiB or less.
        const Got got = peer.ask("POST", path, {{"content-encoding", std::string{compression::name(coding)}}},
                                 samples::bomb(coding, 10 * mebibyte));
        CHECK(got.status == 413);
      }
    }
  }
  // Within the ratio, beyond the size.
  Options options;
  options.limits.max_request_size = 10000;
  Peer peer{app, false, options};
  const std::string content = samples::json(100);
  CHECK(peer.ask("POST", "/plain", {{"content-encoding", "gzip"}}, encode(Coding::gzip, content)).status == 413);
  CHECK(peer.ask("POST", "/plain", {{"content-encoding", "gzip"}}, encode(Coding::gzip, content.substr(0, 10000)))
            .status == 200);
}
