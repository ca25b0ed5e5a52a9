// Collectors: an application that watches the server that it runs on, whichever connection, protocol or worker it is about.
//
//   curl localhost:8000/work?ms=30
//   curl localhost:8000/slowest      the slowest targets so far, and how many requests there were
#include <pounce/app.hpp>
#include <pounce/app/collector.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace {

namespace events = pounce::events;

// What both the collectors, on all workers, and the handler look at.
struct Board {
  struct Row {
    std::string target;
    pounce::Duration duration;
  };
  static constexpr std::size_t most = 5;

  void add(std::string_view target, pounce::Duration duration) {
    const std::lock_guard guard{lock};
    const auto slower = [](const Row& a, const Row& b) { return a.duration > b.duration; };
    Row row{std::string{target}, duration};
    rows.insert(std::upper_bound(rows.begin(), rows.end(), row, slower), row);
    if (rows.size() > most) rows.pop_back();
  }

  std::mutex lock;
  std::vector<Row> rows;  // the slowest first
  std::atomic<std::size_t> requests{0};
};
Board board;

// It is only told of what it asks for: what has not been asked for is not even made.
class Slowest final : public pounce::Collector {
 public:
  [[nodiscard]] events::Kinds kinds() const override { return events::Kinds::of<events::ResponseCompleted>(); }
  void collect(const events::Lifecycle& event) override {
    const auto* const completed = std::get_if<events::ResponseCompleted>(&event);
    // Strings in an event live for the call: the board copies.
    if (completed != nullptr) board.add(completed->target, completed->duration);
  }
};

pounce::Task work(pounce::Exchange& x) {
  unsigned milliseconds = 0;
  const std::string_view query = x.request().query();
  if (query.starts_with("ms=")) std::from_chars(query.data() + 3, query.data() + query.size(), milliseconds);
  (void)co_await x.sleep(std::chrono::milliseconds{std::min(milliseconds, 1000U)});
  (void)x.respond(pounce::Response::text("done\n"));
}

pounce::Response show(const pounce::Request&) {
  std::string text = std::to_string(board.requests) + " requests\n";
  const std::lock_guard guard{board.lock};
  for (const Board::Row& row : board.rows) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(row.duration).count();
    text.append(std::to_string(milliseconds)).append(" ms ").append(row.target).append("\n");
  }
  return pounce::Response::text(std::move(text));
}

pounce::App make() {
  pounce::App app;
  app.observe(pounce::make_owned<Slowest>());
  app.observe<events::RequestStarted>([](const events::RequestStarted&) { ++board.requests; });
  app.route("/work", work);
  app.route("/slowest", show);
  return app;
}

}  // namespace

POUNCE_APP(make);
