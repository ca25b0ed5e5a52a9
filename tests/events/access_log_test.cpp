// Access log lines: the formats that readers know, to the octet; hostile octets; formats that are none.
#include <doctest/doctest.h>

#include <pounce/core/trace_parent.hpp>
#include <pounce/events/access_log.hpp>
#include <pounce/events/event_json.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace pounce;
using namespace pounce::events;
using namespace std::chrono_literals;

namespace {

// 2026-11-21 14:41:41.250 UTC
constexpr WallInstant when{std::chrono::milliseconds{1'795'272'101'250}};

struct Visit {
  Visit() {
    head.method = "GET";
    head.method_id = Method::get;
    head.target = "/a/b?x=1";
    head.path = "/a/b";
    head.query = "x=1";
    head.has_query = true;
    head.authority = "example.org";
    head.fields = fields;
    event.at = Instant{} + 5s;
    event.connection = ConnectionId{4};
    event.worker = 2;
    event.request = RequestId{17};
    event.method = head.method;
    event.target = head.target;
    event.status = 200;
    event.body_received = 3;
    event.body_sent = 13;
    event.duration = 1234567us;
    event.version = Version::http11;
    event.asked = {.peer = "127.0.0.1:40112",
                   .local = "127.0.0.1:8000",
                   .client = "192.0.2.7",
                   .scheme = "https",
                   .host = "example.org",
                   .correlation = "abc-1",
                   .head = &head};
  }

  std::string line(std::string_view format) {
    std::string why;
    const auto parsed = AccessFormat::parse(format, why);
    REQUIRE_MESSAGE(parsed.has_value(), why);
    std::string out;
    TimeText time;
    parsed->append(out, access_entry(event, when + 1234567us).value(), time);
    return out;
  }

  std::array<Field, 5> fields{
      Field{"Host", "example.org", FieldId::host}, Field{"User-Agent", "curl/8", FieldId::user_agent},
      Field{"Referer", "http://r/", FieldId::other},
      Field{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", FieldId::other},
      Field{"TraceState", "congo=t61rcWkgMzE,rojo=1", FieldId::other}};
  RequestHead head;
  ResponseCompleted event{};
};

std::string refusal(std::string_view format) {
  std::string why;
  CHECK_FALSE(AccessFormat::parse(format, why).has_value());
  return why;
}

}  // namespace

TEST_CASE("common and combined") {
  Visit visit;
  CHECK(visit.line("common") == "192.0.2.7 - - [21/Nov/2026:14:41:41 +0000] \"GET /a/b?x=1 HTTP/1.1\" 200 13\n");
  CHECK(visit.line("combined") ==
        "192.0.2.7 - - [21/Nov/2026:14:41:41 +0000] \"GET /a/b?x=1 HTTP/1.1\" 200 13 \"http://r/\" \"curl/8\"\n");
}

TEST_CASE("json has all there is") {
  Visit visit;
  CHECK(
      visit.line("json") ==
      R"({"time":"2026-11-21T14:41:41.250Z","client":"192.0.2.7","method":"GET","target":"/a/b?x=1",)"
      R"("scheme":"https","host":"example.org","protocol":"HTTP/1.1","status":200,"bytes_received":3,"bytes_sent":13,)"
      R"("duration_us":1234567,"referer":"http://r/","user_agent":"curl/8","x_request_id":"abc-1",)"
      R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","parent_id":"00f067aa0ba902b7",)"
      R"("tracestate":"congo=t61rcWkgMzE,rojo=1",)"
      R"("connection":4,"request":17,"worker":2})"
      "\n");
}

TEST_CASE("the atoms of Apache") {
  Visit visit;
  CHECK(visit.line("%h|%a|%l|%u|%m|%U|%q|%H|%v|%s|%>s|%b|%B|%I|%%") ==
        "192.0.2.7|192.0.2.7|-|-|GET|/a/b|?x=1|HTTP/1.1|example.org|200|200|13|13|3|%\n");
  CHECK(visit.line("%T %D %{s}T %{ms}T %{us}T") == "1 1234567 1 1234 1234567\n");
  CHECK(visit.line("%p %{local}p %{remote}p %L") == "8000 8000 40112 17\n");
  CHECK(visit.line("%{sec}t %{msec}t %{usec}t") == "1795272101 1795272101250 1795272101250000\n");
  CHECK(visit.line("%{user-AGENT}i %{referer}i %{Nobody}i") == "curl/8 http://r/ -\n");
  for (const auto& [host, name] : {std::pair{"example.org:8443", "example.org\n"}, std::pair{"[::1]:8000", "[::1]\n"},
                                   std::pair{"[::1]", "[::1]\n"}, std::pair{"", "-\n"}}) {
    visit.event.asked.host = host;
    CHECK(visit.line("%v") == name);
  }
  CHECK(visit.line("%{connection}x %{request-id}x %{worker}x %{failure}x") == "4 abc-1 2 -\n");
}

TEST_CASE("the atoms of gunicorn") {
  Visit visit;
  CHECK(visit.line(R"(%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s")") == visit.line("combined"));
  CHECK(visit.line("%(m)s %(U)s %(q)s %(H)s %(B)s %(T)s %(M)s %(D)s %(L)s %({host}i)s") ==
        "GET /a/b ?x=1 HTTP/1.1 13 1 1234 1234567 1.234567000 example.org\n");
}

TEST_CASE("what is no format is said") {
  CHECK(refusal("") == "is neither common, combined, json nor a format with percent atoms");
  CHECK(refusal("comined") == "is neither common, combined, json nor a format with percent atoms");
  CHECK(refusal("%h %") == "ends with a lone percent sign");
  CHECK(refusal("%{User-Agent") == "has a brace that nothing closes");
  CHECK(refusal("%{User-Agent}") == "has a brace that nothing closes");
  CHECK(refusal("%{}i") == "names no field between its braces");
  CHECK(refusal("%Z") == "has the atom %Z, which is none");
  CHECK(refusal("%{Set-Cookie}o") == "has the atom %{Set-Cookie}o, which is not kept here");
  CHECK(refusal("%{%Y}t") == "has the atom %{%Y}t, which is none");
  CHECK(refusal("%(p)s") == "has the atom %(p)s, which is not kept here");
  CHECK(refusal("%(h") == "has a parenthesis that )s does not close");
  CHECK(refusal("%h %(h)s") == "mixes %(x)s with %x");
  CHECK(refusal("%(h)s %h") == "mixes %(x)s with %x");
  std::string many;
  for (std::size_t i = 0; i <= AccessFormat::most_atoms; ++i) many.append("%h");
  CHECK(refusal(many) == "has too many atoms (64 are allowed)");
}

TEST_CASE("nobody forges a line, in any format, with any octet") {
  for (int octet = 0; octet < 256; ++octet) {
    Visit visit;
    std::string hostile = "x";
    hostile.push_back(static_cast<char>(octet));
    hostile.append("y");
    visit.fields[1].value = hostile;
    visit.event.target = hostile;
    for (const std::string_view format : {"combined", "json", "%{User-Agent}i %r"}) {
      const std::string line = visit.line(format);
      CAPTURE(line);
      REQUIRE(line.find('\n') == line.size() - 1);
      for (const char c : line.substr(0, line.size() - 1)) REQUIRE((c >= 0x20 && c < 0x7f));
    }
  }
  Visit visit;
  visit.fields[1].value = "\" 200 0 \\ \x1b[31m\xc3\xa9";
  CHECK(visit.line("%{User-Agent}i") == "\\\" 200 0 \\\\ \\x1b[31m\\xc3\\xa9\n");
  CHECK(visit.line("json").find(R"("user_agent":"\" 200 0 \\ \u001b[31m\u00c3\u00a9")") != std::string::npos);
}

TEST_CASE("an octet is found in texts of every length, wherever it stands") {
  constexpr std::array<std::pair<char, std::string_view>, 9> spellings{{{'\x1f', "\\x1f"},
                                                                        {'\x7f', "\\x7f"},
                                                                        {'\x80', "\\x80"},
                                                                        {'\xff', "\\xff"},
                                                                        {'\0', "\\x00"},
                                                                        {'"', "\\\""},
                                                                        {'\\', "\\\\"},
                                                                        {' ', " "},
                                                                        {'~', "~"}}};
  const auto spelt = [](const std::string& text, std::size_t at, std::string_view as) {
    return text.substr(0, at).append(as).append(text.substr(at + 1));
  };
  std::vector<std::size_t> sizes{255, 256, 257, 511, 512, 513, 600};  // lines are composed in pieces
  for (std::size_t size = 1; size <= 50; ++size) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    const std::string plain(size, 'p');
    std::string out = "before ";
    append_json_text(out, plain);
    REQUIRE(out == "before " + plain);
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = plain;
      for (const auto& [octet, as] : spellings) {
        text[at] = octet;
        out.clear();
        append_escaped(out, text);
        REQUIRE(out == spelt(text, at, as));
      }
    }
  }
}

TEST_CASE("several lines in one string, whatever room it has") {
  Visit visit;
  const std::string one = visit.line("combined");
  std::string all;
  for (std::size_t n = 1; n <= 100; ++n) {
    append_number(all, n);
    append_escaped(all, one);
    all.shrink_to_fit();
  }
  std::size_t at = 0;
  std::string escaped;
  append_escaped(escaped, one);
  for (std::size_t n = 1; n <= 100; ++n) {
    const std::string wanted = std::to_string(n) + escaped;
    REQUIRE(all.compare(at, wanted.size(), wanted) == 0);
    at += wanted.size();
  }
  CHECK(at == all.size());
}

TEST_CASE("traces of both JSON logs: none without one valid traceparent") {
  Visit visit;
  TimeText time;
  std::string out;
  append_json(out, visit.event, {}, time);
  CHECK(out.find(
            R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","parent_id":"00f067aa0ba902b7","tracestate":"congo=)") !=
        std::string::npos);
  visit.fields[2] = visit.fields[3];  // two of them
  out.clear();
  append_json(out, visit.event, {}, time);
  CHECK(out.find("trace") == std::string::npos);
  CHECK(visit.line("json").find("trace") == std::string::npos);
}

TEST_CASE("a value of a field is cut") {
  Visit visit;
  const std::string lengthy(10000, 'a');
  visit.fields[1].value = lengthy;
  CHECK(visit.line("%{User-Agent}i").size() == AccessFormat::most_value + 1);
}

TEST_CASE("requests that failed, and heads that could not be read") {
  TimeText time;
  std::string why;
  const auto common = AccessFormat::parse("common", why);
  const auto line = [&](const Lifecycle& event) {
    std::string out;
    common->append(out, access_entry(event, when).value(), time);
    return out;
  };
  RequestFailed failed{};
  failed.method = "GET";
  failed.target = "/";
  failed.version = Version::http2;
  failed.failure = Failure::client_gone;
  failed.asked.peer = "[2001:db8::1]:5";
  CHECK(line(failed) == "2001:db8::1 - - [21/Nov/2026:14:41:41 +0000] \"GET / HTTP/2.0\" 499 -\n");
  failed.failure = Failure::peer_fault;
  failed.fault = Fault::body_timeout;
  CHECK(line(failed) == "2001:db8::1 - - [21/Nov/2026:14:41:41 +0000] \"GET / HTTP/2.0\" 408 -\n");
  failed.status = 200;
  failed.body_sent = 7;
  CHECK(line(failed) == "2001:db8::1 - - [21/Nov/2026:14:41:41 +0000] \"GET / HTTP/2.0\" 200 7\n");
  RequestRejected rejected{};
  rejected.fault = Fault::head_too_large;
  rejected.peer = "unix:";
  CHECK(line(rejected) == "unix: - - [21/Nov/2026:14:41:41 +0000] \"-\" 431 -\n");
  rejected.stream = StreamId{1};
  rejected.fault = Fault::connection_specific_field;  // HTTP/2 resets the stream
  CHECK(line(rejected) == "unix: - - [21/Nov/2026:14:41:41 +0000] \"-\" 400 -\n");
  CHECK_FALSE(access_entry(WorkerStarted{}, when).has_value());
  CHECK_FALSE(access_entry(RequestStarted{}, when).has_value());
}

TEST_CASE("times: a leap day, the end of a year, the epoch") {
  TimeText time;
  const auto at = [](long long seconds) { return WallInstant{std::chrono::seconds{seconds}}; };
  CHECK(time.common(at(0)) == "01/Jan/1970:00:00:00 +0000");
  CHECK(time.precise(at(1'709'164'800)) == "2024-02-29T00:00:00.000Z");
  CHECK(time.common(at(1'735'689'599)) == "31/Dec/2024:23:59:59 +0000");
  CHECK(time.precise(at(1'735'689'599) + 999ms + 999us) == "2024-12-31T23:59:59.999Z");
  CHECK(time.precise(at(1'735'689'599)) == "2024-12-31T23:59:59.000Z");
}

TEST_CASE("traceparent: what W3C Trace Context allows, and nothing else") {
  constexpr std::string_view good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto read = read_traceparent(good);
  REQUIRE(read);
  CHECK(read->trace == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(read->parent == "00f067aa0ba902b7");
  CHECK(read->sampled);
  CHECK_FALSE(read_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
  CHECK(read_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future").has_value());
  for (const std::string_view bad : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                                     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                                     "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                     "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                     "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                     "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                     "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                     "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x",
                                     "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_traceparent(bad).has_value());
  }
  const std::array<Field, 2> twice{Field{"Traceparent", good, FieldId::other},
                                   Field{"traceparent", good, FieldId::other}};
  CHECK_FALSE(trace_parent(twice).has_value());
  CHECK(trace_parent(FieldList{twice.data(), 1}).has_value());
}
