#include <pounce/core/event.hpp>

namespace pounce::inline v0 {

Events::Events() = default;
Events::~Events() = default;

void Events::grow() { list_.resize(2 * size_ + 8); }

void Events::add_slot() { slots_.emplace_back(); }

void Events::shrink(Slot& slot) noexcept { std::string{}.swap(slot.text); }

}  // namespace pounce::inline v0
