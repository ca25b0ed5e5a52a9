// One suite of exchanges, played over HTTP/1.1 and over HTTP/2: what the application sees and says, what the client gets, and what is
// reported of it are the same.
#include <doctest/doctest.h>

#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

namespace {

// What handlers saw and were told, in their words.
class Journal {
 public:
  void say(std::string_view what) { text_.append(what).append("; "); }
  void say(std::string_view what, Status status) { say(std::string{what} + " " + std::string{name(status)}); }
  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

 private:
  std::string text_;
};

std::string seen(const Request& r) {
  std::string out{r.method()};
  out.append(" ")
      .append(r.target())
      .append(" ")
      .append(r.path())
      .append(" ")
      .append(r.query())
      .append(" at ")
      .append(r.authority());
  std::vector<std::string> fields;
  for (const Field& field : r.fields()) {
    if (field.name != "content-length" && field.name != "Content-Length" && field.id != FieldId::host)
      fields.push_back(std::string{field.name} + "=" + std::string{field.value});
  }
  std::ranges::sort(fields);
  for (const std::string& field : fields) out.append(" ").append(field);
  return out;
}

App application(Journal& journal) {
  App app = all_kinds();
  app.route("/plain", [&](const Request& r) {
    journal.say(seen(r));
    journal.say(r.body());
    return Response::text("plain", 201).set("x-made", "by hand");
  });
  app.route("/stream", [&](Exchange& x) -> Task {
    journal.say(seen(x.request()));
    std::string body;
    Status status = Status::ok;
    while (status == Status::ok) {
      const Received got = co_await x.read();
      status = got.status();
      if (status == Status::ok) body.append(got.bytes());
    }
    journal.say(body, status);
    journal.say("start", x.start(Head{200}.set("content-type", "text/plain")));
    journal.say("again", x.start(Head{200}));
    for (const std::string_view piece : {"one ", "two ", "three"}) journal.say("write", co_await x.write(piece));
    journal.say("finish", x.finish(one_field("sum", "3")));
    journal.say("late", co_await x.write("more"));
  });
  app.route("/wrong", [&](Exchange& x) -> Task {
    journal.say("forbidden", x.start(Head{200}.set("transfer-encoding", "chunked")));
    journal.say("invalid", x.start(Head{200}.set("x", "a\r\nb: c")));
    journal.say("early", co_await x.write("x"));
    journal.say("sized", x.start(Head{200}.content_length(5)));
    journal.say("too much", co_await x.write("123456"));
    journal.say("all", co_await x.write("12345"));
    journal.say("finish", x.finish());
  });
  app.route("/patient", [&](Exchange& x) -> Task {
    journal.say("slept", co_await x.sleep(5ms));
    journal.say("read in time", (co_await x.read(10ms)).status());
    (void)x.respond(Response::text("done"));
  });
  app.route("/throw", [](const Request&) -> Response { throw std::runtime_error{"on purpose"}; });
  app.route("/empty", [](const Request&) { return Response{204}; });
  return app;
}

struct Exchanged {
  std::string journal;
  std::string status;
  std::vector<std::string> fields;
  std::string body;
  std::vector<std::string> trailers;
  std::vector<std::string> informational;
  std::vector<std::string> events;

  friend bool operator==(const Exchanged&, const Exchanged&) = default;
};

std::string shown(const Exchanged& x) {
  std::string out = x.journal + "\n" + x.status;
  for (const auto* list : {&x.fields, &x.trailers, &x.informational, &x.events}) {
    out.append("\n");
    for (const std::string& one : *list) out.append("  ").append(one);
  }
  return out + "\n" + x.body.substr(0, 100) + " (" + std::to_string(x.body.size()) + ")";
}

// What frames a message is its protocol's own affair.
void add(std::vector<std::string>& to, std::string name, std::string_view value) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (name == ":status" || name == "connection" || name == "transfer-encoding" || name == "trailer") return;
  to.push_back(name + ": " + std::string{value});
}

struct Asked {
  std::string method;
  std::string target;
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
};

Exchanged over_http1(const Asked& asked, Options options) {
  Exchanged out;
  Recorder recorder;
  Journal journal;
  {
    const App app = application(journal);
    options.observer = &recorder;
    Client client{app, options};
    Fields fields;
    for (const auto& [name, value] : asked.fields) fields.add(name, value);
    fields.add("host", "t");
    const Reply reply = client.request(asked.method, asked.target, fields, asked.body);
    out.status = std::to_string(reply.status);
    for (const Field& field : reply.fields) add(out.fields, std::string{field.name}, field.value);
    for (const Field& field : reply.trailers) add(out.trailers, std::string{field.name}, field.value);
    for (const Reply& one : reply.informational) {
      if (one.status != 100) out.informational.push_back(std::to_string(one.status));
    }
    out.body = reply.body;
    client.run();
  }
  out.journal = journal.take();
  out.events = recorder.lines;
  return out;
}

Exchanged over_http2(const Asked& asked, Options options) {
  Exchanged out;
  Recorder recorder;
  Journal journal;
  {
    const App app = application(journal);
    options.observer = &recorder;
    H2Client peer{app, options};
    peer.authority = "t";
    wire::Fields fields{asked.fields.begin(), asked.fields.end()};
    const std::uint32_t stream = peer.ask(asked.method, asked.target, asked.body, fields);
    peer.run();
    const Answer& answer = peer.answer(stream);
    out.status = answer.status;
    for (const auto& [name, value] : answer.fields) add(out.fields, name, value);
    for (const auto& [name, value] : answer.trailers) add(out.trailers, name, value);
    out.informational = answer.informational;
    out.body = answer.body;
  }
  out.journal = journal.take();
  out.events = recorder.lines;
  return out;
}

const std::vector<Asked>& suite() {
  static const std::vector<Asked> all{
      {"GET", "/plain?q=1&r", "", {{"accept", "*/*"}, {"x-two", "a"}, {"x-two", "b"}}},
      {"HEAD", "/plain", "", {}},
      {"POST", "/plain", "content", {{"content-type", "text/plain"}}},
      {"PUT", "/plain", letters(100'000), {}},
      {"GET", "/stream", "", {}},
      {"POST", "/stream", letters(30'000), {}},
      {"HEAD", "/stream", "", {}},
      {"OPTIONS", "*", "", {}},
      {"GET", "/nowhere/at/all", "", {}},
      {"FROB", "/plain", "", {}},
      {"TRACE", "/plain", "", {}},
      {"GET", "/wrong", "", {}},
      {"GET", "/patient", "", {}},
      {"GET", "/throw", "", {}},
      {"GET", "/throw-late", "", {}},
      {"GET", "/leave", "", {}},
      {"GET", "/empty", "", {}},
      {"GET", "/hints", "", {}},
      {"GET", "/big?300000", "", {}},
      {"GET", "/flood?300000", "", {}},
      {"POST", "/echo", letters(200'000), {}},
      {"POST", "/collect", letters(200'000), {}},
      {"POST", "/collect", letters(9), {{"expect", "100-continue"}}},
      {"GET", "/sleep?100", "", {}},
      {"GET", "/linger", "", {}},
      {"GET", "/plain?%zz", "", {}},
      {"GET", "/plain", "", {{"cookie", "a=1; b=2"}}},
  };
  return all;
}

}  // namespace

TEST_CASE("the same exchanges over HTTP/1.1 and HTTP/2: the same for the application, its client and its observer") {
  for (const std::size_t read_size : {65536UL, 1009UL}) {
    for (const Asked& asked : suite()) {
      INFO(asked.method, " ", asked.target, " ", asked.body.size(), " ", read_size);
      Options options;
      options.read_size = read_size;
      const Exchanged one = over_http1(asked, options);
      const Exchanged two = over_http2(asked, options);
      CHECK_MESSAGE(one == two, shown(one), "\n---\n", shown(two));
    }
  }
}
