#include <pounce/h1/section_scan.hpp>

#include <cassert>
#include <cstring>

namespace pounce::inline v0::h1 {

SectionScan::Verdict SectionScan::advance(Bytes section, std::size_t max_size, std::size_t max_lines) noexcept {
  assert(section.size() >= searched_ && section.size() <= UINT32_MAX);
  const char* const start = section.data();
  while (searched_ < section.size()) {
    const void* const found = std::memchr(start + searched_, '\n', section.size() - searched_);
    if (found == nullptr) break;
    const auto at = static_cast<std::uint32_t>(static_cast<const char*>(found) - start);
    const bool after_cr = at > line_ && start[at - 1] == '\r';
    searched_ = at + 1;
    if (after_cr && at == line_ + 1) return Verdict::complete;
    if (searched_ > max_size) return Verdict::too_large;
    if (lines_ == max_lines) return Verdict::too_many;
    if (!after_cr) return Verdict::bare_line_end;
    ++lines_;
    line_ = searched_;
  }
  searched_ = static_cast<std::uint32_t>(section.size());
  // The open line ends in one more byte at the earliest. It may still become the empty line while it is nothing or a CR.
  const Bytes open = section.substr(line_);
  if (section.size() >= max_size && !open.empty() && open != "\r") return Verdict::too_large;
  return Verdict::more;
}

}  // namespace pounce::inline v0::h1
