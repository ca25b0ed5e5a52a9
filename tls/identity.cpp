#include "tls/identity.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace pounce::inline v0::tls {

namespace {

using Part = Problem::Part;
using OcspHandle = Handle<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using BasicHandle = Handle<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using NamesHandle = Handle<GENERAL_NAMES, GENERAL_NAMES_free>;

constexpr std::time_t soon = 14 * 24 * 3600;

struct Finder {
  std::size_t index;
  Problems& problems;
  void say(Part part, std::string text, bool is_warning = false) const {
    problems.push_back({part, index, std::move(text), is_warning});
  }
};

// One block between BEGIN and END, and where it begins.
struct Block {
  std::size_t line;
  Bytes label;
  Bytes text;
};

// The next block; `at` and `line` move behind it. False: there is none.
bool next_block(Bytes text, std::size_t& at, std::size_t& line, Block& block) {
  constexpr Bytes begin = "-----BEGIN ";
  const std::size_t start = text.find(begin, at);
  if (start == Bytes::npos) return false;
  line += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                              text.begin() + static_cast<std::ptrdiff_t>(start), '\n'));
  block.line = line;
  const std::size_t label = start + begin.size();
  block.label = text.substr(label, text.find("-----", label) - label);
  const std::size_t next = text.find(begin, label);
  block.text = text.substr(start, next - start);
  at = start + begin.size();
  return true;
}

std::string place(const Text& text, std::size_t line) { return text.name + ":" + std::to_string(line) + ": "; }

std::string date_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown date";
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts)};
}

void check_dates(const X509& certificate, const std::string& name, std::time_t now, const Finder& finder) {
  const ASN1_TIME* const from = X509_get0_notBefore(&certificate);
  const ASN1_TIME* const until = X509_get0_notAfter(&certificate);
  std::time_t later = now + soon;
  if (X509_cmp_time(from, &now) > 0) {
    finder.say(Part::chain, name + ": is valid from " + date_text(from) + " on, not yet", true);
  } else if (X509_cmp_time(until, &now) < 0) {
    finder.say(Part::chain, name + ": expired at " + date_text(until), true);
  } else if (X509_cmp_time(until, &later) < 0) {
    finder.say(Part::chain, name + ": expires at " + date_text(until), true);
  }
}

int give_passphrase(char* into, int size, int, void* text) {
  const auto& passphrase = *static_cast<const std::string*>(text);
  if (passphrase.empty() || passphrase.size() > static_cast<std::size_t>(size)) return -1;
  std::ranges::copy(passphrase, into);
  return static_cast<int>(passphrase.size());
}

KeyHandle read_key(const Certificate& certificate, const Finder& finder) {
  const Text& text = certificate.key;
  std::size_t at = 0;
  std::size_t line = 1;
  Block block;
  while (next_block(text.bytes, at, line, block)) {
    if (!block.label.ends_with("PRIVATE KEY")) continue;
    ERR_clear_error();
    KeyHandle key{PEM_read_bio_PrivateKey(bio_on(block.text).get(), nullptr, give_passphrase,
                                          const_cast<std::string*>(&certificate.passphrase))};
    if (key) return key;
    const bool encrypted =
        block.label.starts_with("ENCRYPTED") || block.text.find("Proc-Type: 4,ENCRYPTED") != Bytes::npos;
    std::string words = take_words();
    if (encrypted)
      words = certificate.passphrase.empty() ? "the key is encrypted and there is no passphrase"
                                             : "the passphrase does not open the key (" + words + ")";
    finder.say(Part::key, place(text, block.line) + words);
    return nullptr;
  }
  finder.say(Part::key, text.name + ": holds no private key in PEM");
  return nullptr;
}

void check_chain(const Text& text, const std::vector<X509Handle>& chain, const Finder& finder) {
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (X509_check_issued(chain[i].get(), chain[i - 1].get()) == X509_V_OK) continue;
    finder.say(Part::chain, text.name + ": certificate " + std::to_string(i + 1) + " (" + subject_of(chain[i].get()) +
                                ") did not issue the one before it (" + subject_of(chain[i - 1].get()) +
                                "); the server's own comes first, then each issuer");
    return;
  }
}

std::string lower(Bytes text) {
  std::string result{text};
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::vector<std::string> names_of(const X509& certificate) {
  std::vector<std::string> names;
  const NamesHandle list{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(list.get(), i);
    if (name->type != GEN_DNS) continue;
    const ASN1_STRING* const text = name->d.dNSName;
    names.push_back(lower({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                           static_cast<std::size_t>(ASN1_STRING_length(text))}));
  }
  return names;
}

// A host name, or one with `*` for its first label (RFC 9525, section 6.3).
bool is_pattern(Bytes name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name.size() <= 253 && name.front() != '.' && name.find("..") == Bytes::npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

void read_names(Bytes wanted, Identity& identity, const Finder& finder) {
  while (!wanted.empty()) {
    const std::size_t end = std::min(wanted.find(' '), wanted.size());
    std::string name = lower(wanted.substr(0, end));
    wanted.remove_prefix(std::min(end + 1, wanted.size()));
    if (name.empty()) continue;
    if (is_pattern(name)) {
      identity.names.push_back(std::move(name));
    } else {
      finder.say(Part::names, "\"" + name + "\" is neither a host name nor one with *. in front");
    }
  }
}

// What the response says of the certificate; null: nothing.
OCSP_SINGLERESP* find_response(OCSP_BASICRESP& basic, const Identity& identity) {
  if (identity.chain.empty()) return OCSP_resp_get0(&basic, 0);  // that there is no certificate has been said
  const ASN1_INTEGER* const wanted = X509_get0_serialNumber(identity.chain.front().get());
  for (int i = 0; i < OCSP_resp_count(&basic); ++i) {
    OCSP_SINGLERESP* const one = OCSP_resp_get0(&basic, i);
    ASN1_INTEGER* serial = nullptr;
    auto* const id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(one));
    if (OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, id) == 1 && ASN1_INTEGER_cmp(serial, wanted) == 0)
      return one;
  }
  return nullptr;
}

void read_staple(const Text& text, std::time_t now, Identity& identity, const Finder& finder) {
  ERR_clear_error();
  const auto* at = reinterpret_cast<const unsigned char*>(text.bytes.data());
  const OcspHandle response{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(text.bytes.size()))};
  if (!response) return finder.say(Part::staple, text.name + ": is no OCSP response in DER (" + take_words() + ")");
  if (const int status = OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return finder.say(Part::staple,
                      text.name + ": the responder had no answer (" + OCSP_response_status_str(status) + ")");
  const BasicHandle basic{OCSP_response_get1_basic(response.get())};
  if (!basic || OCSP_resp_count(basic.get()) == 0)
    return finder.say(Part::staple, text.name + ": the OCSP response is empty");
  OCSP_SINGLERESP* const single = find_response(*basic, identity);
  // A client that looks at it would take it for an attack; without one it goes on.
  if (single == nullptr)
    return finder.say(Part::staple, text.name + ": is about another certificate, and is not sent", true);
  ASN1_GENERALIZEDTIME* next = nullptr;
  const int status = OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &next);
  if (status != V_OCSP_CERTSTATUS_GOOD)
    finder.say(Part::staple, text.name + ": says that the certificate is " + OCSP_cert_status_str(status), true);
  if (next != nullptr && X509_cmp_time(next, &now) < 0)
    finder.say(Part::staple, text.name + ": was to be replaced at " + date_text(next), true);
  identity.staple = text.bytes;
}

}  // namespace

std::vector<X509Handle> read_certificates(const Text& text, Part part, std::size_t index, Problems& problems) {
  std::vector<X509Handle> found;
  std::size_t at = 0;
  std::size_t line = 1;
  Block block;
  while (next_block(text.bytes, at, line, block)) {
    if (!block.label.ends_with("CERTIFICATE")) continue;
    ERR_clear_error();
    X509Handle one{PEM_read_bio_X509(bio_on(block.text).get(), nullptr, nullptr, nullptr)};
    if (!one) {
      problems.push_back({part, index, place(text, block.line) + take_words(), false});
      return {};
    }
    found.push_back(std::move(one));
  }
  if (found.empty()) problems.push_back({part, index, text.name + ": holds no certificate in PEM", false});
  return found;
}

Identity read_identity(const Certificate& certificate, std::size_t index, WallTime now, Problems& problems) {
  const Finder finder{index, problems};
  const std::time_t clock = now.time_since_epoch().count();
  Identity identity;
  identity.chain = read_certificates(certificate.chain, Part::chain, index, problems);
  identity.key = read_key(certificate, finder);
  read_names(certificate.names, identity, finder);
  if (!certificate.staple.empty()) read_staple(certificate.staple, clock, identity, finder);
  if (identity.chain.empty()) return identity;
  if (certificate.names.empty()) identity.names = names_of(*identity.chain.front());
  check_chain(certificate.chain, identity.chain, finder);
  check_dates(*identity.chain.front(), certificate.chain.name, clock, finder);
  ERR_clear_error();
  if (identity.key && X509_check_private_key(identity.chain.front().get(), identity.key.get()) != 1)
    finder.say(Part::key,
               certificate.key.name + ": is not the key of " + certificate.chain.name + " (" + take_words() + ")");
  return identity;
}

}  // namespace pounce::inline v0::tls
