// Task: the coroutine type of handlers. TaskOf<T>: a child coroutine that yields a value to the one that awaits it.
//
// A task is lazy. Awaiting it runs it at once, inside the awaiting coroutine's `await_ready`; only when it parks does the parent
// park too (no symmetric transfer: g++ 12 overflows the stack with it). Nobody resumes parents from inside: the driver resumes
// the parked leaf and then walks from finished children to their parents.
//
// Frames of coroutines that take an Exchange& live in that exchange's arena (see Exchange); others on the heap. Exceptions
// travel to the parent; out of the outermost task they become a 500, or a reset when a head is out.
// After a co_await the thread may be another one: hold no lock, errno or thread_local across it.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

class Exchange;

// What the driver knows of a suspended coroutine.
class Frame {
 public:
  [[nodiscard]] std::coroutine_handle<> handle() const noexcept { return handle_; }
  [[nodiscard]] Frame* parent() const noexcept { return parent_; }
  [[nodiscard]] std::exception_ptr error() const noexcept { return error_; }

 protected:
  Frame() noexcept = default;

  std::coroutine_handle<> handle_;
  Frame* parent_ = nullptr;
  std::exception_ptr error_;

  template <class T>
  friend class TaskOf;
};

// Where frames live. Each is preceded by the exchange that it was taken from (null: the heap).
[[nodiscard]] void* allocate_frame(Exchange* exchange, std::size_t size);
void release_frame(void* frame, std::size_t size) noexcept;

namespace detail {

inline Exchange* exchange_among() noexcept { return nullptr; }
template <class First, class... Rest>
Exchange* exchange_among(First& first, Rest&... rest) noexcept {
  if constexpr (std::is_same_v<std::remove_cv_t<First>, Exchange>) {
    return &first;
  } else {
    return exchange_among(rest...);
  }
}

template <class T>
class Result {
 public:
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  [[nodiscard]] T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class Result<void> {
 public:
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] TaskOf {
 public:
  class promise_type : public Frame, public detail::Result<T> {
   public:
    // Inlined always: g++ 12 takes the pair for mismatched when it sees one of them as a template (-Wmismatched-new-delete).
    template <class... Args>
    [[gnu::always_inline]] static void* operator new(std::size_t size, Args&... args) {
      return allocate_frame(detail::exchange_among(args...), size);
    }
    [[gnu::always_inline]] static void operator delete(void* frame, std::size_t size) noexcept {
      release_frame(frame, size);
    }

    TaskOf get_return_object() noexcept {
      const auto handle = std::coroutine_handle<promise_type>::from_promise(*this);
      this->handle_ = handle;
      return TaskOf{handle};
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_always final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { this->error_ = std::current_exception(); }
  };

  TaskOf() noexcept = default;
  TaskOf(TaskOf&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  TaskOf& operator=(TaskOf&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~TaskOf() { destroy(); }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> child) noexcept : child_(child) {}
    [[nodiscard]] bool await_ready() const {
      child_.resume();
      return child_.done();
    }
    template <class P>
    void await_suspend(std::coroutine_handle<P> parent) const noexcept {
      child_.promise().parent_ = &parent.promise();
    }
    T await_resume() const {
      if (child_.promise().error_) std::rethrow_exception(child_.promise().error_);
      return child_.promise().take();
    }

   private:
    std::coroutine_handle<promise_type> child_;
  };

  [[nodiscard]] Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }

  // For the driver.
  [[nodiscard]] Frame* frame() const noexcept { return handle_ ? &handle_.promise() : nullptr; }
  [[nodiscard]] bool done() const noexcept { return !handle_ || handle_.done(); }
  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

 private:
  explicit TaskOf(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  void destroy() noexcept {
    if (handle_) handle_.destroy();
    handle_ = nullptr;
  }

  std::coroutine_handle<promise_type> handle_;
};

using Task = TaskOf<void>;

static_assert(!std::is_aggregate_v<Task> && !std::is_aggregate_v<Task::Awaiter>);

}  // namespace pounce::inline v0
