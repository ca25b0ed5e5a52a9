// FieldScratch: an application's Fields as the array of views that a machine takes, for the length of one call.
#pragma once

#include <pounce/app/fields.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/time.hpp>

#include <cstddef>
#include <new>
#include <string_view>
#include <vector>

namespace pounce::inline v0 {

class FieldScratch {
 public:
  explicit FieldScratch(const Fields& fields) {
    Field* at = few_.fields;
    if (fields.size() > most_few) {
      many_.resize(fields.size());
      at = many_.data();
    }
    Field* const first = at;
    for (auto field = fields.begin(); field != fields.end(); ++field) {
      note(*::new (at++) Field(*field));  // where it stays: no copy of what was just put together
    }
    list_ = {first, fields.size()};
  }
  FieldScratch(const FieldScratch&) = delete;
  FieldScratch& operator=(const FieldScratch&) = delete;

  [[nodiscard]] FieldList list() const noexcept { return list_; }

  // The ready-made lines, less those that the application says itself.
  [[nodiscard]] std::string_view lines(const Tick& tick) const noexcept {
    if (has_server_ && has_date_) return {};
    if (has_server_) return tick.lines.substr(tick.server_line_size);
    if (has_date_) return tick.lines.substr(0, tick.server_line_size);
    return tick.lines;
  }

  // `Connection: close` is the one connection option that an application may ask for; the machine writes it.
  [[nodiscard]] bool close() const noexcept { return close_; }

 private:
  // The machine looks every name up; here it is about three of them.
  void note(const Field& field) noexcept {
    switch (field.name.size()) {
      case 4: has_date_ = has_date_ || equal_without_case(field.name, "date"); break;
      case 6: has_server_ = has_server_ || equal_without_case(field.name, "server"); break;
      case 10:
        close_ = close_ || (equal_without_case(field.name, "connection") && equal_without_case(field.value, "close"));
        break;
      default: break;
    }
  }

  static constexpr std::size_t most_few = 12;
  union Few {
    Few() noexcept {}  // filled as far as it is used
    Field fields[most_few];
  };

  Few few_;
  std::vector<Field> many_;
  FieldList list_;
  bool has_date_ = false;
  bool has_server_ = false;
  bool close_ = false;
};

}  // namespace pounce::inline v0
