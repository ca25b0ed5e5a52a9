// An application that says what TLS has agreed on, and waits where it is asked to; test_tls.py and test_certificates.py read it.
#include <pounce/app.hpp>

#include <chrono>
#include <string>

namespace {

pounce::Response answer(const pounce::Request& request) {
  const pounce::Agreed* const agreed = request.secured();
  if (agreed == nullptr) return pounce::Response::text("clear\n");
  std::string text;
  const auto say = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\n");
  };
  say("scheme", request.scheme());
  say("version", agreed->version);
  say("cipher", agreed->cipher);
  say("protocol", agreed->protocol);
  say("name", agreed->server_name);
  say("resumed", agreed->resumed ? "yes" : "no");
  say("subject", agreed->client_subject);
  say("names", agreed->client_names);
  say("verdict", agreed->client_verdict);
  return pounce::Response::text(text);
}

// Behind this wait pounce-sync has handed the connection to a reactor.
pounce::Task wait(pounce::Exchange& x) {
  (void)co_await x.sleep(std::chrono::milliseconds{50});
  (void)x.respond(answer(x.request()));
}

pounce::App make() {
  pounce::App app;
  app.route("/wait", wait);
  app.route("*", answer);
  return app;
}

}  // namespace

POUNCE_APP(make);
