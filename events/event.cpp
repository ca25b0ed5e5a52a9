#include <pounce/events/event.hpp>

namespace pounce::inline v0::events {

namespace {

constexpr std::string_view name_of(const ConnectionOpened&) noexcept { return "connection_opened"; }
constexpr std::string_view name_of(const TlsEstablished&) noexcept { return "tls_established"; }
constexpr std::string_view name_of(const TlsFailed&) noexcept { return "tls_failed"; }
constexpr std::string_view name_of(const ProtocolChosen&) noexcept { return "protocol_chosen"; }
constexpr std::string_view name_of(const StreamOpened&) noexcept { return "stream_opened"; }
constexpr std::string_view name_of(const StreamClosed&) noexcept { return "stream_closed"; }
constexpr std::string_view name_of(const RequestStarted&) noexcept { return "request_started"; }
constexpr std::string_view name_of(const ResponseCompleted&) noexcept { return "response_completed"; }
constexpr std::string_view name_of(const RequestFailed&) noexcept { return "request_failed"; }
constexpr std::string_view name_of(const RequestRejected&) noexcept { return "request_rejected"; }
constexpr std::string_view name_of(const LimitHit&) noexcept { return "limit_hit"; }
constexpr std::string_view name_of(const HandlerThrew&) noexcept { return "handler_threw"; }
constexpr std::string_view name_of(const ClientDisconnected&) noexcept { return "client_disconnected"; }
constexpr std::string_view name_of(const HandedOff&) noexcept { return "handed_off"; }
constexpr std::string_view name_of(const HandedBack&) noexcept { return "handed_back"; }
constexpr std::string_view name_of(const HandoffRefused&) noexcept { return "handoff_refused"; }
constexpr std::string_view name_of(const ConnectionCompleted&) noexcept { return "connection_completed"; }
constexpr std::string_view name_of(const WorkerStarted&) noexcept { return "worker_started"; }
constexpr std::string_view name_of(const WorkerStopped&) noexcept { return "worker_stopped"; }
constexpr std::string_view name_of(const DrainStarted&) noexcept { return "drain_started"; }
constexpr std::string_view name_of(const GenerationStarted&) noexcept { return "generation_started"; }
constexpr std::string_view name_of(const GenerationStopped&) noexcept { return "generation_stopped"; }
constexpr std::string_view name_of(const ConnectionRefused&) noexcept { return "connection_refused"; }

}  // namespace

std::string_view name(const Lifecycle& event) noexcept {
  return std::visit([](const auto& one) { return name_of(one); }, event);
}

std::string_view name(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::undecided: return "undecided";
    case Protocol::http1: return "http1";
    case Protocol::http2: return "http2";
    case Protocol::websocket: return "websocket";
  }
  return "unknown";
}

std::string_view limit_of(Fault fault) noexcept {
  switch (fault) {
    case Fault::request_line_too_long: return "max_request_line";
    case Fault::too_many_empty_lines: return "empty_lines";
    case Fault::head_too_large:
    case Fault::header_bomb: return "max_header_size";
    case Fault::too_many_fields: return "max_headers";
    case Fault::chunk_extensions_too_large: return "chunk_extensions";
    case Fault::trailers_too_large: return "trailers";
    case Fault::body_too_large: return "max_request_size";
    case Fault::header_timeout:
    case Fault::preface_timeout: return "header_timeout";
    case Fault::body_timeout:
    case Fault::message_timeout: return "request_timeout";
    case Fault::body_too_slow:
    case Fault::message_too_slow:
    case Fault::write_too_slow: return "min_rate";
    case Fault::write_timeout: return "write_timeout";
    case Fault::keep_alive_timeout: return "keep_alive_timeout";
    case Fault::tls_handshake_timeout: return "tls_handshake_timeout";
    case Fault::proxy_header_timeout: return "proxy_header";
    case Fault::linger_timeout: return "linger";
    case Fault::settings_timeout: return "h2_settings";
    case Fault::ping_timeout: return "h2_ping_timeout";
    case Fault::pong_timeout: return "ws_ping_timeout";
    case Fault::close_timeout: return "ws_close_timeout";
    case Fault::message_too_large: return "ws_max_message_size";
    case Fault::reset_flood: return "h2_resets";
    case Fault::ping_flood: return "h2_pings";
    case Fault::settings_flood: return "h2_settings";
    case Fault::empty_data_flood: return "h2_empty_data";
    case Fault::continuation_flood: return "h2_continuations";
    case Fault::priority_flood: return "h2_priorities";
    case Fault::window_flood: return "h2_window_updates";
    case Fault::unknown_frame_flood: return "h2_unknown_frames";
    case Fault::late_frame_flood: return "h2_late_frames";
    default: return {};
  }
}

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
