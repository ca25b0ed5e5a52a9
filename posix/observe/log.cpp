#include <pounce/posix/log.hpp>

#include <unistd.h>

#include <cstddef>
#include <variant>

namespace pounce::inline v0::posix {

namespace {

constexpr std::size_t most_text = 1000;

std::string origin(std::string_view program, RequestId request, ConnectionId connection) {
  std::string line{program};
  line.append(": error: request ").append(std::to_string(number(request)));
  line.append(" on connection ").append(std::to_string(number(connection)));
  return line.append(": ");
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (out.size() >= most_text) return out.append("...");
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet != 0x7f) {
      out.push_back(c);
    } else {
      out.append("\\x").push_back(digits[octet / 16]);
      out.push_back(digits[octet % 16]);
    }
  }
  return out;
}

std::string log_line(std::string_view program, const events::Lifecycle& event) {
  if (const auto* threw = std::get_if<events::HandlerThrew>(&event)) {
    return origin(program, threw->request, threw->connection)
        .append("the handler threw: ")
        .append(printable(threw->what))
        .append("\n");
  }
  if (const auto* failed = std::get_if<events::RequestFailed>(&event);
      failed != nullptr && failed->failure == events::Failure::handler_left) {
    return origin(program, failed->request, failed->connection)
        .append("the handler left its response incomplete: ")
        .append(printable(failed->method))
        .append(" ")
        .append(printable(failed->target))
        .append("\n");
  }
  if (const auto* ended = std::get_if<events::ConnectionCompleted>(&event);
      ended != nullptr && (ended->fault == Fault::tls_unexpected || ended->fault == Fault::tls_clear_text)) {
    std::string line{program};
    line.append(": warning: connection ").append(std::to_string(number(ended->connection))).append(": ");
    return line.append(info(ended->fault).text).append("; said once\n");
  }
  return {};
}

void LogCollector::observe(const events::Lifecycle& event) noexcept {
  if (const auto* ended = std::get_if<events::ConnectionCompleted>(&event)) {
    std::atomic<bool>* const said = ended->fault == Fault::tls_unexpected   ? &said_hello_
                                    : ended->fault == Fault::tls_clear_text ? &said_clear_text_
                                                                            : nullptr;
    if (said == nullptr || said->exchange(true, std::memory_order_relaxed)) return;
  }
  try {
    std::string line = log_line(program_, event);
    if (journal_) line = with_priorities(line);
    // A log that cannot be written is nobody's reason to stop serving.
    if (!line.empty() && ::write(descriptor_, line.data(), line.size()) < 0) return;
  } catch (...) {  // no memory
    return;
  }
}

}  // namespace pounce::inline v0::posix
