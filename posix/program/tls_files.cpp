#include "posix/program/tls_files.hpp"

#include "posix/program/whole_file.hpp"

#include <pounce/config/named_certificate.hpp>
#include <pounce/posix/advice.hpp>
#include <pounce/posix/clock.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace pounce::inline v0::program {

namespace {

using config::OptionId;
using config::Problem;

constexpr std::size_t largest_file = 1 << 20;

std::string error_text(int number) { return std::generic_category().message(number); }

WallTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace

bool TlsFiles::Trace::operator==(const Trace& other) const noexcept {
  return device == other.device && file == other.file && size == other.size && changed.tv_sec == other.changed.tv_sec &&
         changed.tv_nsec == other.changed.tv_nsec;
}

bool TlsFiles::Findings::is_about_unread(std::string_view text) const {
  return std::any_of(unread.begin(), unread.end(),
                     [text](const std::string& name) { return text.starts_with(name + ":"); });
}

TlsFiles::TlsFiles(const config::Config& config, const TlsFiles* before) : config_(config) {
  if (before != nullptr) keys_.take_over(before->keys_);
  if (config.tls_self_signed && before != nullptr && before->made_) {
    made_ = before->made_;
    fingerprint_ = before->fingerprint_;
  } else if (config.tls_self_signed) {
    tls::SelfSigned made = tls::make_self_signed();
    made_ = std::move(made.certificate);
    fingerprint_ = std::move(made.fingerprint);
  }
  const Instant now = posix::monotonic_now();
  if (!config.tls_ticket_keys) rotate_at_ = after(now, config.tls_ticket_rotation);
  if (config.tls_watch) look_at_ = after(now, *config.tls_watch);
}

Owned<TlsFiles> TlsFiles::open(const config::Config& config, std::vector<Problem>& problems,
                               std::vector<Problem>& warnings, const TlsFiles* before) {
  // An address for TLS without a certificate is a problem that has been named.
  if (!config.uses_tls() || (!config.tls_cert && !config.tls_self_signed)) return {};
  Owned<TlsFiles> files{new TlsFiles{config, before}};
  Findings found;
  Loan<tls::Endpoint> endpoint = files->make(found);
  std::move(found.problems.begin(), found.problems.end(), std::back_inserter(problems));
  std::move(found.warnings.begin(), found.warnings.end(), std::back_inserter(warnings));
  if (!endpoint || !problems.empty()) return {};
  files->server_ = make_owned<tls::Server>(std::move(endpoint), config.tls_max_handshakes);
  files->traces_ = files->traces();
  return files;
}

std::vector<TlsFiles::Note> TlsFiles::reload() {
  traces_ = traces();
  Findings found;
  Loan<tls::Endpoint> endpoint = make(found);
  std::vector<Note> notes;
  notes.reserve(found.warnings.size() + found.problems.size() + 1);
  for (const Problem& warning : found.warnings) notes.push_back({"warning", config::text_of(warning)});
  for (const Problem& problem : found.problems) notes.push_back({"error", config::text_of(problem)});
  if (endpoint) {
    server_->use(std::move(endpoint));
    notes.push_back({"notice", "certificates read again"});
  } else {
    notes.push_back({"error", "the certificates stay as they were"});
  }
  return notes;
}

bool TlsFiles::tend(Instant now) {
  if (rotate_at_ <= now) {
    keys_.rotate();
    rotate_at_ = after(now, config_.tls_ticket_rotation);
  }
  if (look_at_ > now) return false;
  look_at_ = after(now, *config_.tls_watch);
  return traces() != traces_;
}

Instant TlsFiles::next() const noexcept { return std::min(rotate_at_, look_at_); }

// --- files ---

tls::Text TlsFiles::read(OptionId id, const std::string& path, Findings& findings) const {
  tls::Text text{path, {}};
  auto found = whole_file(path, largest_file);
  if (found) {
    text.bytes = std::move(*found);
    return text;
  }
  report(id, "cannot read " + config::quoted(path) + ": " + error_text(found.error()), findings.problems);
  findings.problems.back().hint = posix::file_advice(path, found.error());
  findings.unread.push_back(path);
  return text;
}

std::vector<TlsFiles::Trace> TlsFiles::traces() const {
  std::vector<Trace> found;
  const auto look = [&found](const std::string& path) {
    struct stat there{};
    if (::stat(path.c_str(), &there) != 0) return found.emplace_back(), void();
    found.push_back({there.st_dev, there.st_ino, there.st_size, there.st_mtim});
  };
  for (const auto* path : {&config_.tls_cert, &config_.tls_key, &config_.tls_passphrase_file, &config_.tls_staple,
                           &config_.tls_client_ca, &config_.tls_ticket_keys}) {
    if (*path) look(**path);
  }
  for (const config::NamedCertificate& one : config_.tls_sni) {
    look(one.certificate);
    look(one.key);
  }
  return found;
}

// --- from options to settings ---

tls::Settings TlsFiles::settings(Findings& findings) {
  tls::Settings settings;
  std::string passphrase;
  if (config_.tls_passphrase_file) {
    passphrase = read(OptionId::tls_passphrase_file, *config_.tls_passphrase_file, findings).bytes;
    passphrase.resize(std::min(passphrase.find_first_of("\r\n"), passphrase.size()));
  }
  if (made_) {
    settings.certificates.push_back(*made_);
  } else {
    tls::Certificate own;
    own.chain = read(OptionId::tls_cert, *config_.tls_cert, findings);
    own.key = config_.tls_key ? read(OptionId::tls_key, *config_.tls_key, findings) : own.chain;
    own.passphrase = passphrase;
    if (config_.tls_staple) own.staple = read(OptionId::tls_staple, *config_.tls_staple, findings);
    settings.certificates.push_back(std::move(own));
  }
  for (const config::NamedCertificate& one : config_.tls_sni) {
    settings.certificates.push_back({.names = one.name,
                                     .chain = read(OptionId::tls_sni, one.certificate, findings),
                                     .key = read(OptionId::tls_sni, one.key, findings),
                                     .passphrase = passphrase,
                                     .staple = {}});
  }
  settings.reject_unknown_names = config_.tls_reject_unknown_names;
  settings.min_version = config_.tls_min == "1.3" ? tls::Version::tls13 : tls::Version::tls12;
  if (config_.tls_ciphers != "intermediate") settings.ciphers = config_.tls_ciphers.value_or("");
  settings.groups = config_.tls_groups.value_or("");
  // That it needs somebody who issues certificates has been said.
  settings.client_auth = !config_.tls_client_ca                 ? tls::ClientAuth::none
                         : config_.tls_client_auth == "require" ? tls::ClientAuth::require
                         : config_.tls_client_auth == "request" ? tls::ClientAuth::request
                                                                : tls::ClientAuth::none;
  if (config_.tls_client_ca) settings.client_ca = read(OptionId::tls_client_ca, *config_.tls_client_ca, findings);
  if (!config_.http2) settings.protocols = {"http/1.1", "http/1.0"};
  return settings;
}

Loan<tls::Endpoint> TlsFiles::make(Findings& findings) {
  const tls::Settings wanted = settings(findings);
  tls::Text tickets;
  if (config_.tls_ticket_keys) tickets = read(OptionId::tls_ticket_keys, *config_.tls_ticket_keys, findings);
  tls::Problems problems;
  Loan<tls::Endpoint> endpoint = tls::Endpoint::make(wanted, &keys_, wall_now(), problems);
  for (tls::Problem& problem : problems) {
    // Of what could not be read, that has been said.
    if (findings.is_about_unread(problem.text)) continue;
    report(source_of(problem), std::move(problem.text), problem.is_warning ? findings.warnings : findings.problems);
  }
  if (std::string wrong = tls::TicketKeys::fault_of(tickets.bytes); config_.tls_ticket_keys && !wrong.empty()) {
    wrong.insert(0, tickets.name + ": ");
    if (!findings.is_about_unread(wrong)) report(OptionId::tls_ticket_keys, std::move(wrong), findings.problems);
  }
  if (!findings.problems.empty()) return {};
  if (config_.tls_ticket_keys) keys_.replace(tickets.bytes);
  return endpoint;
}

OptionId TlsFiles::source_of(const tls::Problem& problem) const {
  using Part = tls::Problem::Part;
  switch (problem.part) {
    case Part::staple: return OptionId::tls_staple;
    case Part::names: return OptionId::tls_sni;
    case Part::client_ca: return OptionId::tls_client_ca;
    case Part::ciphers: return OptionId::tls_ciphers;
    case Part::groups: return OptionId::tls_groups;
    case Part::tickets: return OptionId::tls_ticket_keys;
    case Part::chain:
    case Part::key:
    case Part::protocols:
    case Part::library: break;
  }
  if (problem.certificate != 0) return OptionId::tls_sni;
  if (made_) return OptionId::tls_self_signed;
  return problem.part == Part::key && config_.tls_key ? OptionId::tls_key : OptionId::tls_cert;
}

void TlsFiles::report(OptionId id, std::string text, std::vector<Problem>& list) const {
  const config::Origin& origin = config_.origin(id);
  // The key was looked for where the certificate is, for nobody said where else.
  const bool needs_key = id == OptionId::tls_cert && !config_.tls_key && text.ends_with("holds no private key in PEM");
  list.push_back({config::name_at(config::row(id), origin), std::move(text), origin,
                  needs_key ? "name the key's file with tls_key" : ""});
}

}  // namespace pounce::inline v0::program
