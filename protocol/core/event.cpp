#include <pounce/core/event.hpp>

#include <algorithm>
#include <utility>

namespace pounce::inline v0 {

Events::Events() = default;
Events::~Events() = default;

void Events::grow() {
  const std::size_t room = 2 * room_ + 8;
  Owned<Event[]> list{new Event[room]};
  std::copy_n(list_.get(), size_, list.get());
  list_ = std::move(list);
  room_ = room;
}

void Events::add_slot() { slots_.push_back(make_owned<Slot>()); }

}  // namespace pounce::inline v0
