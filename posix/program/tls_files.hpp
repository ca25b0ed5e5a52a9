// What the configuration says of TLS, from files to a source of filters: read and checked at start, read again when asked, or when a
// file has changed.
//
// Threads: one, the program's own; the filters that it gives out are for any. Outlives the runtime that uses them.
// Limits: a file is at most 1 MiB.
// Errors: at start, problems of the configuration like any others; later, lines for the log, and what was before stays.
#pragma once

#include <pounce/config/freeze.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/server.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/ticket_keys.hpp>

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pounce::inline v0::program {

class TlsFiles {
 public:
  // Null where no address speaks TLS, and where something is wrong. `config` is borrowed. `before`, where it is not null, is the one
  // before a reload: what it has made for itself stays, a certificate and the keys of tickets.
  [[nodiscard]] static Owned<TlsFiles> open(const config::Config& config, std::vector<config::Problem>& problems,
                                            std::vector<config::Problem>& warnings, const TlsFiles* before = nullptr);

  [[nodiscard]] FilterSource& filters() noexcept { return *server_; }
  // Of the certificate that was made at start; empty: none was.
  [[nodiscard]] const std::string& fingerprint() const noexcept { return fingerprint_; }

  // What is said of a reload.
  struct Note {
    std::string_view level;  // "error", "warning", "notice"
    std::string text;
  };
  // Reads everything again; new connections get it, if nothing is wrong with it. Returns how it went.
  [[nodiscard]] std::vector<Note> reload();
  // Once `next` has come: fresh ticket keys, a look at the files. True: one has changed.
  [[nodiscard]] bool tend(Instant now);
  [[nodiscard]] Instant next() const noexcept;

  // In a worker process: of --tls-max-handshakes, so many are this process's.
  void allow_handshakes(std::size_t most) noexcept { server_->allow(most); }
  // What tickets are made with; and somebody else's, which takes its place.
  [[nodiscard]] tls::TicketKey ticket_key() const { return keys_.current(); }
  void use_ticket_key(const tls::TicketKey& key) { keys_.put(key); }

 private:
  // What tells one state of a file from another.
  struct Trace {
    dev_t device = 0;
    ino_t file = 0;
    off_t size = 0;
    timespec changed{};
    bool operator==(const Trace& other) const noexcept;
  };

  struct Findings {
    std::vector<config::Problem> problems;
    std::vector<config::Problem> warnings;
    std::vector<std::string> unread;  // files that could not be read
    [[nodiscard]] bool is_about_unread(std::string_view text) const;
  };

  TlsFiles(const config::Config& config, const TlsFiles* before);
  [[nodiscard]] Loan<tls::Endpoint> make(Findings& findings);
  [[nodiscard]] tls::Text read(config::OptionId id, const std::string& path, Findings& findings) const;
  [[nodiscard]] tls::Settings settings(Findings& findings);
  void report(config::OptionId id, std::string text, std::vector<config::Problem>& list) const;
  [[nodiscard]] config::OptionId source_of(const tls::Problem& problem) const;
  [[nodiscard]] std::vector<Trace> traces() const;

  const config::Config& config_;
  std::optional<tls::Certificate> made_;
  std::string fingerprint_;
  tls::TicketKeys keys_;
  Owned<tls::Server> server_;
  std::vector<Trace> traces_;
  Instant rotate_at_ = never;
  Instant look_at_ = never;
};

}  // namespace pounce::inline v0::program
