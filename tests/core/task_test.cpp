// Task: lazy, started inline, values and exceptions travel to the parent, frames go once. Here without a server: a little driver
// resumes the leaf and walks to the parents, as the session does.
#include <doctest/doctest.h>

#include <pounce/app/exchange.hpp>
#include <pounce/app/task.hpp>

#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace pounce;

namespace {

// A wait that records who waits.
struct Park {
  Frame** leaf;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> handle) const noexcept {
    *leaf = &handle.promise();
  }
  void await_resume() const noexcept {}
  explicit Park(Frame*& to) noexcept : leaf(&to) {}
};

// Runs until the next park. True when the root is done.
bool go_on(Frame*& leaf) {
  for (Frame* frame = std::exchange(leaf, nullptr); frame != nullptr;) {
    Frame* const parent = frame->parent();
    frame->handle().resume();
    if (!frame->handle().done()) return false;
    if (parent == nullptr) return true;
    frame = parent;
  }
  return true;
}

TaskOf<int> number(Frame*& leaf, bool parks, int n) {
  if (parks) co_await Park{leaf};
  co_return n;
}

TaskOf<std::unique_ptr<int>> boxed(Frame*& leaf) {
  co_await Park{leaf};
  co_return std::make_unique<int>(7);
}

TaskOf<void> fails(Frame*& leaf, bool parks) {
  if (parks) co_await Park{leaf};
  throw std::runtime_error{"child"};
}

TaskOf<int> deep(Frame*& leaf, int depth) {
  if (depth == 0) {
    co_await Park{leaf};
    co_return 0;
  }
  co_return 1 + co_await deep(leaf, depth - 1);
}

}  // namespace

TEST_CASE("a task is lazy") {
  bool ran = false;
  const auto body = [&]() -> Task {
    ran = true;
    co_return;
  };
  {
    const Task task = body();
    CHECK_FALSE(task.done());
  }
  CHECK_FALSE(ran);
  Task task = body();
  task.frame()->handle().resume();
  CHECK(ran);
  CHECK(task.done());
  CHECK(task.frame()->error() == nullptr);
}

TEST_CASE("children that do not park run inside their parent; those that do are resumed as leaves") {
  for (const bool parks : {false, true}) {
    Frame* leaf = nullptr;
    int sum = 0;
    const auto body = [&]() -> Task {
      for (int i = 1; i <= 4; ++i) sum += co_await number(leaf, parks, i);
      sum += *co_await boxed(leaf);
    };
    Task root = body();
    leaf = root.frame();
    int parked = 0;
    while (!go_on(leaf)) ++parked;
    CHECK(sum == 17);
    CHECK(parked == (parks ? 5 : 1));
    CHECK(root.done());
  }
}

TEST_CASE("a child's exception is its parent's to catch, or the root's error") {
  for (const bool parks : {false, true}) {
    for (const bool catches : {false, true}) {
      Frame* leaf = nullptr;
      bool caught = false;
      const auto body = [&]() -> Task {
        try {
          co_await fails(leaf, parks);
        } catch (const std::runtime_error&) {
          caught = true;
          if (!catches) throw;
        }
      };
      Task root = body();
      leaf = root.frame();
      while (!go_on(leaf)) continue;
      CHECK(caught);
      CHECK((root.frame()->error() == nullptr) == catches);
    }
  }
}

TEST_CASE("depth costs no stack on the way back") {
  Frame* leaf = nullptr;
  int depth = 0;
  const auto body = [&]() -> Task { depth = co_await deep(leaf, 2000); };
  Task root = body();
  leaf = root.frame();
  while (!go_on(leaf)) continue;
  CHECK(depth == 2000);
}

TEST_CASE("a parked tree is destroyed from its leaf to its root, once") {
  std::string log;
  struct Guard {
    Guard(std::string& to, char what) : log(&to), letter(what) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { log->push_back(letter); }
    std::string* log;
    char letter;
  };
  struct Tree {
    static TaskOf<void> leaf(Frame*& at, std::string& log) {
      const Guard guard{log, 'l'};
      co_await Park{at};
    }
    static TaskOf<void> middle(Frame*& at, std::string& log) {
      const Guard guard{log, 'm'};
      co_await leaf(at, log);
    }
    static Task root(Frame*& at, std::string& log) {
      const Guard guard{log, 'r'};
      co_await middle(at, log);
    }
  };
  Frame* leaf = nullptr;
  {
    Task root = Tree::root(leaf, log);
    leaf = root.frame();
    CHECK_FALSE(go_on(leaf));
    CHECK(log.empty());
    Task moved{std::move(root)};
    CHECK_FALSE(root);
  }
  CHECK(log == "lmr");
}

TEST_CASE("assigning over a task destroys what it held") {
  int alive = 0;
  struct Alive {
    explicit Alive(int& n) : count(&n) { ++*count; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() { --*count; }
    int* count;
  };
  Frame* leaf = nullptr;
  const auto body = [&]() -> Task {
    const Alive one{alive};
    co_await Park{leaf};
  };
  Task task = body();
  leaf = task.frame();
  (void)go_on(leaf);
  CHECK(alive == 1);
  Task& same = task;
  task = std::move(same);
  CHECK(alive == 1);
  task = Task{};
  CHECK(alive == 0);
}
