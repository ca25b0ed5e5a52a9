#include <pounce/events/event.hpp>

namespace pounce::inline v0::events {

std::string_view name(Failure failure) noexcept {
  switch (failure) {
    case Failure::peer_fault: return "peer_fault";
    case Failure::client_gone: return "client_gone";
    case Failure::handler_threw: return "handler_threw";
    case Failure::handler_left: return "handler_left";
    case Failure::cut: return "cut";
  }
  return "unknown";
}

}  // namespace pounce::inline v0::events
