// An application's own collectors: told in turn of what they ask for, beside the server's observer; what one throws is its own affair.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/app/collector.hpp>
#include <pounce/server/collectors.hpp>
#include <pounce/testing.hpp>

#include "tests/server/recorder.hpp"

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace pounce;
using events::Kinds;

namespace {

class Named final : public Collector {
 public:
  Named(std::string name, Kinds kinds, std::vector<std::string>& said)
      : name_(std::move(name)), kinds_(kinds), said_(said) {}
  [[nodiscard]] Kinds kinds() const override { return kinds_; }
  void collect(const events::Lifecycle& event) override {
    said_.push_back(name_ + " " + std::string{events::name(event)});
    if (name_ == "angry") throw std::runtime_error{"no"};
  }

 private:
  std::string name_;
  Kinds kinds_;
  std::vector<std::string>& said_;
};

App make_app(std::vector<std::string>& said) {
  App app;
  app.observe(make_owned<Named>("all", Kinds::all(), said));
  app.observe(make_owned<Named>("angry", Kinds::of<events::RequestStarted>(), said));
  app.observe<events::ResponseCompleted>([&said](const events::ResponseCompleted& completed) {
    said.push_back("function " + std::to_string(completed.status) + " " + std::string{completed.target});
  });
  app.route("*", [](const Request&) { return Response::text("hello"); });
  return app;
}

}  // namespace

TEST_CASE("several collectors are told in the order in which they were added, each of its kinds") {
  std::vector<std::string> said;
  const App app = make_app(said);
  testing::Recorder recorder;
  {
    testing::Client client{app, testing::observed(recorder)};
    CHECK(client.get("/a").status == 200);
    CHECK(said == std::vector<std::string>{"all connection_opened", "all protocol_chosen", "all request_started",
                                           "angry request_started", "all response_completed", "function 200 /a"});
    CHECK(client.get("/b").status == 200);  // a collector that throws has changed nothing
  }
  CHECK(said.back() == "all connection_completed");
  CHECK(recorder.count("completed 200") == 2);
}

TEST_CASE("what collectors throw is counted") {
  std::vector<std::string> said;
  const App app = make_app(said);
  std::atomic<std::uint64_t> failures{0};
  Collectors collectors{app, nullptr, failures};
  REQUIRE(collectors.observer() != nullptr);
  CHECK(collectors.observer()->kinds().has<events::WorkerStarted>());
  collectors.observer()->observe(events::RequestStarted{});
  collectors.observer()->observe(events::RequestStarted{});
  CHECK(failures == 2);
  CHECK(said.size() == 4);
}

TEST_CASE("an application without collectors adds nothing, and nobody listens where nobody is") {
  const App app;
  std::atomic<std::uint64_t> failures{0};
  testing::Recorder recorder;
  CHECK(Collectors{app, nullptr, failures}.observer() == nullptr);
  Collectors one{app, &recorder, failures};
  CHECK(one.observer() == &recorder);
}
