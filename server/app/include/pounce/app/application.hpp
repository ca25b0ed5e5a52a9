// App: an application: routes to handlers, the middleware around them, and lifespan hooks.
//
// Built once, before the server accepts; from then on it is shared by all workers and never changed. Order of calls: the hooks of
// on_start (one that throws stops the start: exit code 3), requests, on_drain (no new connections from now on; streams
// are told), on_stop (after the last exchange has ended).
//
// Routes: "/path" exactly, or "/path/*" for everything below it, longest pattern first; "*" takes what is left.
// An App made from one handler is that handler for everything.
#pragma once

#include <pounce/app/attached.hpp>
#include <pounce/app/handler.hpp>
#include <pounce/app/middleware.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/small_string.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

class Collector;
template <class Event, class F>
class CollectorOf;
class DictionaryResource;

class App {
 public:
  App() = default;
  template <class F>
    requires PlainHandler<std::decay_t<F>> || CoroutineHandler<std::decay_t<F>>
  explicit App(F&& handler) {
    route("*", std::forward<F>(handler));
  }

  template <class F>
    requires PlainHandler<std::decay_t<F>> || CoroutineHandler<std::decay_t<F>>
  App& route(std::string_view pattern, F&& handler) {
    return route(pattern, make_handler(std::forward<F>(handler)));
  }
  App& route(std::string_view pattern, Owned<Handler> handler) {
    // Of two equal patterns the later one counts.
    if (pattern.ends_with('*')) {
      pattern.remove_suffix(1);
      std::size_t at = 0;
      while (at != prefixes_.size() && prefixes_[at].path.size() > pattern.size()) ++at;
      prefixes_.insert(at, Route{pattern, std::move(handler)});
    } else {
      exact_.insert(place(pattern), Route{pattern, std::move(handler)});
    }
    return *this;
  }

  // Serves `content` at `path` as a dictionary for responses to what `match` covers; see DictionaryResource in <pounce/app/dictionary.hpp>,
  // which says what is thrown. Clients may keep it for `max_age` (less than nothing is nothing), and use it as long.
  template <std::same_as<DictionaryResource> Resource = DictionaryResource,
            std::same_as<std::string> Text = std::string>
  App& dictionary(std::string_view path, std::type_identity_t<Text> content, std::string_view match,
                  std::string_view type = "application/octet-stream", Duration max_age = std::chrono::hours{24 * 7}) {
    auto resource = make_owned<Resource>(std::move(content), match, type, max_age, dictionaries_);
    dictionaries_ = resource.get();
    return route(path, Owned<Handler>{std::move(resource)});
  }

  // Lets requests with this method through to the handlers. All methods are from the start but TRACE and CONNECT, which answer
  // 405. Pounce opens no tunnel: a CONNECT that is accepted gets an ordinary response.
  App& accept(Method method) {
    accepts_trace_ = accepts_trace_ || method == Method::trace;
    accepts_connect_ = accepts_connect_ || method == Method::connect;
    return *this;
  }

  // Says that handlers accept WebSockets, so that clients of HTTP/2 may ask for them, too (RFC 8441): their requests have the method
  // CONNECT, and `accept_websocket` is the only way to answer one of them with 2xx. Over HTTP/1.1 it changes nothing.
  App& accept_websockets() {
    accepts_websockets_ = true;
    return *this;
  }

  App& use(Owned<Middleware> middleware) {
    middleware_.push_back(std::move(middleware));
    return *this;
  }

  // Who is told what happens on the server, beside its own logs and metrics; see Collector in <pounce/app/collector.hpp>, which has to be
  // included. Each of several is told, in this order.
  template <std::derived_from<Collector> Mine>
  App& observe(Owned<Mine> collector) {
    collectors_.push_back(std::move(collector));
    return *this;
  }
  // The same for a function of one kind of events: app.observe<pounce::events::RequestFailed>([](const auto& failed) { … }).
  template <class Event, std::invocable<const Event&> F>
  App& observe(F function) {
    return observe(make_owned<CollectorOf<Event, F>>(std::move(function)));
  }

  template <std::invocable F>
  App& on_start(F hook) {
    start_.push_back(make_owned<HookOf<F>>(std::move(hook)));
    return *this;
  }
  template <std::invocable F>
  App& on_drain(F hook) {
    drain_.push_back(make_owned<HookOf<F>>(std::move(hook)));
    return *this;
  }
  template <std::invocable F>
  App& on_stop(F hook) {
    stop_.push_back(make_owned<HookOf<F>>(std::move(hook)));
    return *this;
  }

  // --- for the server ---

  // The handler for a path, or null: 404.
  [[nodiscard]] const Handler* find(std::string_view path) const noexcept {
    if (const std::size_t at = place(path); at != exact_.size() && exact_[at].path.bytes() == path)
      return exact_[at].handler.get();
    for (const Route& route : prefixes_) {
      if (path.starts_with(route.path.bytes())) return route.handler.get();
    }
    return nullptr;
  }
  [[nodiscard]] bool accepts(Method method) const noexcept {
    return method == Method::trace ? accepts_trace_ : method != Method::connect || accepts_connect_;
  }
  [[nodiscard]] bool accepts_websockets() const noexcept { return accepts_websockets_; }
  [[nodiscard]] const List<Owned<Middleware>>& middleware() const noexcept { return middleware_; }
  // Each is a Collector.
  [[nodiscard]] const List<Owned<Attached>>& collectors() const noexcept { return collectors_; }
  // The last one that was added, which knows the others; null: none.
  [[nodiscard]] const DictionaryResource* dictionaries() const noexcept { return dictionaries_; }
  void start() const { run(start_); }
  void drain() const { run(drain_); }
  void stop() const { run(stop_); }

 private:
  class Hook {
   public:
    Hook() = default;
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;
    virtual ~Hook() = default;
    virtual void call() = 0;
  };
  template <class F>
  class HookOf final : public Hook {
   public:
    explicit HookOf(F hook) : hook_(std::move(hook)) {}
    void call() override { hook_(); }

   private:
    F hook_;
  };
  using Hooks = List<Owned<Hook>>;
  static void run(const Hooks& hooks) {
    for (const auto& hook : hooks) hook->call();
  }

  struct Route {
    SmallString path;
    Owned<Handler> handler;
  };

  // The first exact route that does not stand before `path`: by length, then by octets.
  [[nodiscard]] std::size_t place(std::string_view path) const noexcept {
    std::size_t first = 0;
    for (std::size_t count = exact_.size(); count > 0;) {
      const std::size_t half = count / 2;
      const std::string_view middle = exact_[first + half].path;
      if (middle.size() != path.size() ? middle.size() < path.size() : middle < path) {
        first += half + 1;
        count -= half + 1;
      } else {
        count = half;
      }
    }
    return first;
  }

  List<Route> exact_;     // in the order of `place`
  List<Route> prefixes_;  // longest first
  List<Owned<Middleware>> middleware_;
  List<Owned<Attached>> collectors_;
  const DictionaryResource* dictionaries_ = nullptr;  // their routes own them
  Hooks start_;
  Hooks drain_;
  Hooks stop_;
  bool accepts_trace_ = false;
  bool accepts_connect_ = false;
  bool accepts_websockets_ = false;
};

}  // namespace pounce::inline v0
