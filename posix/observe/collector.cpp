#include <pounce/posix/collector.hpp>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>
#include <variant>

namespace pounce::inline v0::posix {

namespace {

// Every string of an event, whichever it is.
template <class F>
void for_each_text(events::Lifecycle& event, F use) {
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.local; }) use(one.local);
        if constexpr (requires { one.peer; }) use(one.peer);
        if constexpr (requires { one.method; }) use(one.method);
        if constexpr (requires { one.target; }) use(one.target);
        if constexpr (requires { one.what; }) use(one.what);
        if constexpr (requires { one.reason; }) use(one.reason);
        if constexpr (requires { one.limit; }) use(one.limit);
        if constexpr (requires { one.tls_version; }) {
          for (std::string_view* text :
               {&one.tls_version, &one.cipher, &one.alpn, &one.server_name, &one.client_subject, &one.client_verdict})
            use(*text);
        }
        if constexpr (requires { one.asked; }) {
          use(one.asked.peer);
          use(one.asked.local);
          use(one.asked.client);
          use(one.asked.scheme);
          use(one.asked.host);
          use(one.asked.correlation);
        }
      },
      event);
}

// Copies a text to where `at` is, and moves on.
void keep(std::string_view& text, char*& at) noexcept {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  text = {at, text.size()};
  at += text.size();
}

events::Asked* asked_of(events::Lifecycle& event) noexcept {
  return std::visit(
      [](auto& one) -> events::Asked* {
        if constexpr (requires { one.asked; }) {
          return &one.asked;
        } else {
          return nullptr;
        }
      },
      event);
}

// A request head with strings of its own. Its octets as they were received are not kept.
struct Head {
  explicit Head(const RequestHead& from) : fields(new Field[from.fields.size() + 1]), head(from) {
    std::copy(from.fields.begin(), from.fields.end(), fields.get());
    head.fields = {fields.get(), from.fields.size()};
    head.raw = {};
    std::size_t size = 0;
    for_each_view([&](std::string_view view) { size += view.size(); });
    octets = Owned<char[]>{new char[size + 1]};
    char* at = octets.get();
    for_each_view([&](std::string_view& view) { keep(view, at); });
  }

  template <class F>
  void for_each_view(F use) {
    for (std::string_view* view : {&head.method, &head.target, &head.authority, &head.path, &head.query}) use(*view);
    for (std::size_t i = 0; i < head.fields.size(); ++i) {
      use(fields[i].name);
      use(fields[i].value);
    }
  }

  Owned<char[]> octets;
  Owned<Field[]> fields;
  RequestHead head;
};

}  // namespace

struct KeptEvent::Content {
  explicit Content(const events::Lifecycle& from) : event(from) {
    if (events::Asked* const asked = asked_of(event); asked != nullptr && asked->head != nullptr) {
      head = make_owned<Head>(*asked->head);
      asked->head = &head->head;
    }
    std::size_t size = 0;
    for_each_text(event, [&](std::string_view one) { size += one.size(); });
    if (size == 0) return;
    text = Owned<char[]>{new char[size]};
    char* at = text.get();
    for_each_text(event, [&](std::string_view& one) { keep(one, at); });
  }

  events::Lifecycle event;
  Owned<char[]> text;
  Owned<Head> head;
};

KeptEvent::KeptEvent(const events::Lifecycle& event) : content_(make_owned<Content>(event)) {}
KeptEvent::KeptEvent(KeptEvent&&) noexcept = default;
KeptEvent& KeptEvent::operator=(KeptEvent&&) noexcept = default;
KeptEvent::~KeptEvent() = default;

const events::Lifecycle& KeptEvent::event() const noexcept { return content_->event; }

struct BufferedCollector::Buffer {
  std::mutex mutex;
  std::vector<KeptEvent> kept;
  std::uint64_t dropped = 0;
};

BufferedCollector::BufferedCollector(std::size_t capacity) : capacity_(capacity), buffer_(make_owned<Buffer>()) {}
BufferedCollector::~BufferedCollector() = default;

void BufferedCollector::observe(const events::Lifecycle& event) noexcept {
  try {
    KeptEvent kept{event};
    const std::lock_guard lock{buffer_->mutex};
    if (buffer_->kept.size() < capacity_) {
      buffer_->kept.push_back(std::move(kept));
    } else {
      ++buffer_->dropped;
    }
  } catch (...) {  // no memory
    const std::lock_guard lock{buffer_->mutex};
    ++buffer_->dropped;
  }
}

std::vector<KeptEvent> BufferedCollector::take() {
  std::vector<KeptEvent> taken;
  const std::lock_guard lock{buffer_->mutex};
  taken.swap(buffer_->kept);
  return taken;
}

void BufferedCollector::flush(events::Observer& to) {
  for (const KeptEvent& kept : take()) to.observe(kept.event());
}

std::size_t BufferedCollector::size() const {
  const std::lock_guard lock{buffer_->mutex};
  return buffer_->kept.size();
}

std::uint64_t BufferedCollector::dropped() const {
  const std::lock_guard lock{buffer_->mutex};
  return buffer_->dropped;
}

}  // namespace pounce::inline v0::posix
