#include <pounce/posix/collector.hpp>

#include <cstring>
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
      },
      event);
}

}  // namespace

KeptEvent::KeptEvent(const events::Lifecycle& event) : event_(event) {
  std::size_t size = 0;
  for_each_text(event_, [&](std::string_view text) { size += text.size(); });
  if (size == 0) return;
  text_ = Owned<char[]>{new char[size]};
  char* at = text_.get();
  for_each_text(event_, [&](std::string_view& text) {
    if (text.empty()) return;
    std::memcpy(at, text.data(), text.size());
    text = {at, text.size()};
    at += text.size();
  });
}

void BufferedCollector::observe(const events::Lifecycle& event) noexcept {
  try {
    KeptEvent kept{event};
    const std::lock_guard lock{mutex_};
    if (kept_.size() < capacity_) {
      kept_.push_back(std::move(kept));
    } else {
      ++dropped_;
    }
  } catch (...) {  // no memory
    const std::lock_guard lock{mutex_};
    ++dropped_;
  }
}

std::vector<KeptEvent> BufferedCollector::take() {
  std::vector<KeptEvent> taken;
  const std::lock_guard lock{mutex_};
  taken.swap(kept_);
  return taken;
}

void BufferedCollector::flush(events::Observer& to) {
  for (const KeptEvent& kept : take()) to.observe(kept.event());
}

std::size_t BufferedCollector::size() const {
  const std::lock_guard lock{mutex_};
  return kept_.size();
}

std::uint64_t BufferedCollector::dropped() const {
  const std::lock_guard lock{mutex_};
  return dropped_;
}

}  // namespace pounce::inline v0::posix
