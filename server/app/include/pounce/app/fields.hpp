// Fields: an owning list of header or trailer fields, in order, compared without case.
//
// A few fields fit without an allocation (`inline_capacity` bytes in all). Nothing is checked here: the server checks names and
// values when they are sent, and says `invalid_field`. Views that it hands out live until the next change.
#pragma once

#include <pounce/core/ascii.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/owned.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace pounce::inline v0 {

class Fields {
 public:
  static constexpr std::size_t inline_capacity = 232;

  Fields() noexcept = default;
  Fields(const Fields& other) { append_all(other); }
  Fields(Fields&& other) noexcept { take(other); }
  Fields& operator=(const Fields& other) {
    if (this != &other) {
      clear();
      append_all(other);
    }
    return *this;
  }
  Fields& operator=(Fields&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  ~Fields() = default;

  // Adds a field, also when one of that name is there. Like the next two it may be given views into this list.
  void add(std::string_view name, std::string_view value) {
    const std::size_t n = sizeof(Entry) + name.size() + value.size();
    if (n > capacity_ - size_) [[unlikely]]
      return add_beyond(name, value);
    write(data() + size_, name, value);
    size_ += n;
    ++count_;
  }
  // Replaces all fields of that name by one, at the end.
  void set(std::string_view name, std::string_view value) {
    const std::size_t before = size_;
    add(name, value);
    remove_before(before, text(data() + before + sizeof(Entry), name.size()));
  }
  void remove(std::string_view name) {
    if (name.data() < data() || name.data() >= data() + size_) return remove_before(size_, name);
    const Owned<char[]> copy{new char[name.size() + 1]};
    std::memcpy(copy.get(), name.data(), name.size());
    remove_before(size_, text(copy.get(), name.size()));
  }
  void clear() noexcept { size_ = count_ = 0; }

  // The value of the first field of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (const Field field : *this) {
      if (equal_without_case(field.name, name)) return field.value;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

  class Iterator {
   public:
    explicit Iterator(const char* at) noexcept : at_(at) {}
    [[nodiscard]] Field operator*() const noexcept {
      const Entry entry = entry_at(at_);
      const char* const name = at_ + sizeof entry;
      return Field{.name = text(name, entry.name), .value = text(name + entry.name, entry.value)};
    }
    Iterator& operator++() noexcept {
      const Entry entry = entry_at(at_);
      at_ += sizeof entry + entry.name + entry.value;
      return *this;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const noexcept { return at_ == other.at_; }

   private:
    const char* at_;
  };

  [[nodiscard]] Iterator begin() const noexcept { return Iterator{data()}; }
  [[nodiscard]] Iterator end() const noexcept { return Iterator{data() + size_}; }

 private:
  // Each field is stored as an Entry and then its name and its value, one after the other.
  struct Entry {
    std::uint32_t name;
    std::uint32_t value;
  };

  [[nodiscard]] char* data() noexcept { return heap_ ? heap_.get() : inline_.data(); }
  [[nodiscard]] const char* data() const noexcept { return heap_ ? heap_.get() : inline_.data(); }
  // Exactly what a view's constructor takes: for anything else the compiler looks at its templates, too (docs/decisions/0015).
  [[nodiscard]] static std::string_view text(const char* at, std::size_t size) noexcept { return {at, size}; }
  [[nodiscard]] static Entry entry_at(const char* at) noexcept {
    Entry entry{};
    std::memcpy(&entry, at, sizeof entry);
    return entry;
  }
  // Removes by name in the first `end` bytes. `name` must not lie in them.
  void remove_before(std::size_t end, std::string_view name) {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < end;) {
      const Entry entry = entry_at(data() + at);
      const std::size_t length = sizeof entry + entry.name + entry.value;
      if (equal_without_case(text(data() + at + sizeof entry, entry.name), name)) {
        --count_;
      } else {
        if (kept != at) std::memmove(data() + kept, data() + at, length);
        kept += length;
      }
      at += length;
    }
    if (kept == end) return;
    std::memmove(data() + kept, data() + end, size_ - end);
    size_ -= end - kept;
  }
  static void write(char* at, std::string_view name, std::string_view value) noexcept {
    const Entry entry{static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())};
    std::memcpy(at, &entry, sizeof entry);
    if (!name.empty()) std::memcpy(at + sizeof entry, name.data(), name.size());
    if (!value.empty()) std::memcpy(at + sizeof entry + name.size(), value.data(), value.size());
  }
  // Makes room for `n` more bytes. Returns the memory that it leaves: views may point into it.
  [[nodiscard]] Owned<char[]> grow(std::size_t n) {
    const std::size_t wanted = 2 * (size_ + n);
    Owned<char[]> memory{new char[wanted]};
    if (size_ != 0) std::memcpy(memory.get(), data(), size_);
    capacity_ = wanted;
    return std::exchange(heap_, std::move(memory));
  }
  // Out of line, so that `add` is small enough to be part of whoever calls it.
  [[gnu::noinline, gnu::cold]] void add_beyond(std::string_view name, std::string_view value) {
    const std::size_t n = sizeof(Entry) + name.size() + value.size();
    const Owned<char[]> outgrown = grow(n);
    write(data() + size_, name, value);
    size_ += n;
    ++count_;
  }
  // To an empty list.
  void append_all(const Fields& other) {
    if (other.size_ == 0) return;
    if (other.size_ > capacity_) (void)grow(other.size_);
    std::memcpy(data(), other.data(), other.size_);
    size_ = other.size_;
    count_ = other.count_;
  }
  [[gnu::noinline]] void take(Fields& other) noexcept {
    heap_ = std::move(other.heap_);
    capacity_ = std::exchange(other.capacity_, inline_capacity);
    size_ = std::exchange(other.size_, 0);
    count_ = std::exchange(other.count_, 0);
    if (!heap_ && size_ != 0) std::memcpy(inline_.data(), other.inline_.data(), size_);
  }

  std::size_t size_ = 0;
  std::size_t count_ = 0;
  std::size_t capacity_ = inline_capacity;
  Owned<char[]> heap_;
  std::array<char, inline_capacity> inline_;  // deliberately not initialised
};

}  // namespace pounce::inline v0
