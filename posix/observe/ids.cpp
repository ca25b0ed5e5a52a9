#include <pounce/posix/ids.hpp>

namespace pounce::inline v0::posix {

namespace {

constinit ProcessIds source;

}  // namespace

ProcessIds& process_ids() noexcept { return source; }

}  // namespace pounce::inline v0::posix
