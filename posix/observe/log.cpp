#include <pounce/posix/log.hpp>

#include <pounce/events/text.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/write_lines.hpp>

#include <cstddef>
#include <cstdint>
#include <variant>

namespace pounce::inline v0::posix {

namespace {

constexpr std::size_t most_text = 1000;

std::string origin(RequestId request, ConnectionId connection) {
  std::string line{"request "};
  line.append(std::to_string(number(request)));
  line.append(" on connection ").append(std::to_string(number(connection)));
  return line.append(": ");
}

// What the configuration may be the reason of.
bool may_be_ours(TlsFailure failure) noexcept {
  switch (failure) {
    case TlsFailure::no_common_version:
    case TlsFailure::no_common_cipher:
    case TlsFailure::no_common_protocol:
    case TlsFailure::client_certificate:
    case TlsFailure::peer_refused_certificate:
    case TlsFailure::internal_error: return true;
    default: return false;
  }
}

std::string json_line(std::string_view program, const events::Lifecycle& event) {
  const Said said = said_about(event);
  if (said.text.empty()) return {};
  events::TimeText time;
  std::string line = R"({"time":")";
  line.append(time.precise(wall_now())).append(R"(","program":")").append(program);
  line.append(R"(","level":")").append(said.level);
  events::append_json_text(line.append(R"(","message":")"), said.text);
  return line.append("\"}\n");
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

Said said_about(const events::Lifecycle& event) {
  if (const auto* threw = std::get_if<events::HandlerThrew>(&event)) {
    return {"error",
            origin(threw->request, threw->connection).append("the handler threw: ").append(printable(threw->what))};
  }
  if (const auto* failed = std::get_if<events::RequestFailed>(&event);
      failed != nullptr && failed->failure == events::Failure::handler_left) {
    return {"error", origin(failed->request, failed->connection)
                         .append("the handler left its response incomplete: ")
                         .append(printable(failed->method))
                         .append(" ")
                         .append(printable(failed->target))};
  }
  if (const auto* ended = std::get_if<events::ConnectionCompleted>(&event);
      ended != nullptr && (ended->fault == Fault::tls_unexpected || ended->fault == Fault::tls_clear_text)) {
    std::string text = "connection ";
    text.append(std::to_string(number(ended->connection))).append(": ");
    return {"warning", text.append(info(ended->fault).text).append("; said once")};
  }
  if (const auto* failed = std::get_if<events::TlsFailed>(&event);
      failed != nullptr && may_be_ours(failed->tls_failure)) {
    std::string text = "connection ";
    text.append(std::to_string(number(failed->connection))).append(": TLS failed: ").append(name(failed->tls_failure));
    if (!failed->what.empty()) text.append(" (").append(printable(failed->what)).append(")");
    return {"warning", text.append("; said once")};
  }
  return {};
}

std::string log_line(std::string_view program, const events::Lifecycle& event) {
  const Said said = said_about(event);
  if (said.text.empty()) return {};
  return std::string{program}.append(": ").append(said.level).append(": ").append(said.text).append("\n");
}

void LogCollector::observe(const events::Lifecycle& event) noexcept {
  if (const auto* ended = std::get_if<events::ConnectionCompleted>(&event)) {
    std::atomic<bool>* const said = ended->fault == Fault::tls_unexpected   ? &said_hello_
                                    : ended->fault == Fault::tls_clear_text ? &said_clear_text_
                                                                            : nullptr;
    if (said == nullptr || said->exchange(true, std::memory_order_relaxed)) return;
  }
  if (const auto* failed = std::get_if<events::TlsFailed>(&event)) {
    const std::uint32_t bit = std::uint32_t{1} << static_cast<unsigned>(failed->tls_failure);
    if ((said_tls_failures_.fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return;
  }
  try {
    std::string line = json_ ? json_line(program_, event) : log_line(program_, event);
    if (journal_) line = with_priorities(line);
    // A log that cannot be written, or that nobody reads, is nobody's reason to stop serving.
    (void)write_lines(descriptor_, line, Duration::zero());
  } catch (...) {  // no memory
    return;
  }
}

}  // namespace pounce::inline v0::posix
