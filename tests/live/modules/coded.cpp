// Content that is worth compressing, whole and in pieces; a dictionary, a page that makes a browser use it; uploads in codings.
#include <pounce/app.hpp>
#include <pounce/app/dictionary.hpp>

#include <cstdio>
#include <string>

namespace {

using pounce::Head;
using pounce::Response;
using pounce::Status;

std::string rows(int count, int salt) {
  std::string text = "<!doctype html>\n<title>rows</title>\n<table>\n";
  for (int i = 0; i < count; ++i) {
    text += "<tr><td>row " + std::to_string(i) + "</td><td class=\"number\">" + std::to_string(i * 7919 % 1000 + salt) +
            "</td></tr>\n";
  }
  return text + "</table>\n";
}

// Names the dictionary, then asks for what it is for until the answer came in dcz; says what came.
constexpr std::string_view browse = R"(<!doctype html><title>dictionaries</title>
<link rel="compression-dictionary" href="/dictionary"><script>
(async () => {
  for (let i = 0; i < 200; ++i) {
    const answer = await fetch('/fresh?' + i, {cache: 'no-store'});
    const text = await answer.text();
    const coding = answer.headers.get('content-encoding');
    if (coding === 'dcz') { await fetch('/report?coding=dcz&size=' + text.length + '&good=' + text.endsWith('</table>\n')); return; }
    await new Promise(done => setTimeout(done, 50));
  }
  await fetch('/report?coding=never');
})();
</script>)";

// Each write is one piece of what the client sends: it must be able to read that before it sends the next.
pounce::Task pieces(pounce::Exchange& x) {
  if (x.start(Head{200}.set("content-type", "text/plain")) != Status::ok) co_return;
  while (true) {
    const pounce::Received got = co_await x.read();
    if (got.status() != Status::ok) break;
    if (co_await x.write(std::string{got.bytes()}) != Status::ok) co_return;
  }
  (void)x.finish();
}

pounce::Task stream(pounce::Exchange& x) {
  if (x.start(Head{200}.set("content-type", "text/html")) != Status::ok) co_return;
  for (int i = 0; i < 20; ++i) {
    if (co_await x.write(rows(50, i)) != Status::ok) co_return;
  }
  (void)x.finish();
}

pounce::Task wait(pounce::Exchange& x) {
  if (x.start(Head{200}.set("content-type", "text/html")) != Status::ok) co_return;
  const std::string text = rows(500, 1);
  if (co_await x.write(text) != Status::ok) co_return;
  (void)co_await x.message();
  (void)x.finish();
}

Response size_of(const pounce::Request& request) { return Response::text(std::to_string(request.body().size())); }

pounce::App make() {
  pounce::App app;
  app.route("/hello", [](const pounce::Request&) { return Response::text("Hello, World!"); });
  app.route("/page", [](const pounce::Request&) { return Response::html(rows(200, 1)).set("etag", "\"1\""); });
  app.route("/long", [](const pounce::Request&) { return Response::html(rows(20000, 1)); });
  app.route("/fresh", [](const pounce::Request&) { return Response::html(rows(210, 3)); });
  app.route("/secret",
            [](const pounce::Request&) { return Response::html(rows(200, 1)).compress(pounce::Compress::off); });
  app.dictionary("/dictionary", rows(200, 3), "/fresh*", "text/html");
  app.route("/browse", [](const pounce::Request&) { return Response::html(std::string{browse}); });
  app.route("/report", [](const pounce::Request& request) {
    std::printf("report: %.*s\n", static_cast<int>(request.query().size()), request.query().data());
    std::fflush(stdout);
    return Response::text("thank you\n");
  });
  app.route("/pieces", pieces);
  app.route("/stream", stream);
  app.route("/wait", wait);
  app.route("/upload", pounce::decoded(size_of));
  app.route("/upload-as-is", size_of);
  return app;
}

}  // namespace

POUNCE_APP(make);
