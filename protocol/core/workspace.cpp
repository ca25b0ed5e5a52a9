#include <pounce/core/workspace.hpp>

#include <utility>

namespace pounce::inline v0 {

Workspace::~Workspace() {
  for (Spares& spares : spares_) {
    while (spares.first != nullptr) {
      const BlockRef last{std::exchange(spares.first, spares.first->next_spare_)};
    }
  }
}

}  // namespace pounce::inline v0
