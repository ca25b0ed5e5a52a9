#include <pounce/files/directory.hpp>

#include "server/files/representation.hpp"
#include "server/files/sending.hpp"
#include "server/session/passing.hpp"

#include <pounce/app/handler.hpp>
#include <pounce/app/token.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/listed_names.hpp>
#include <pounce/files/listing.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/files/precompressed.hpp>
#include <pounce/files/target_path.hpp>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace pounce::inline v0 {

namespace {

using files::Mount;
using files::Representation;
using Opening = std::expected<OpenedFile, FileError>;

std::uint16_t status_of(FileError error) noexcept {
  switch (error) {
    case FileError::is_directory:  // an index.html that is one
    case FileError::not_found: return 404;
    case FileError::forbidden: return 403;
    case FileError::later:
    case FileError::busy: return 503;
    case FileError::failed: return 500;
  }
  return 500;
}

void refuse(Exchange& exchange, std::uint16_t status) { (void)exchange.respond(files::error_page(status)); }

void redirect(Exchange& exchange, const Mount& mount, std::string_view path) {
  const std::string_view prefix = mount.prefix;
  // Of the mount itself the prefix is all, but for its slash.
  std::string location =
      path.empty() ? files::directory_location(prefix.substr(0, prefix.size() - 1), {}, exchange.request().query())
                   : files::directory_location(prefix, path, exchange.request().query());
  (void)exchange.respond(Response::redirect(location, 301));
}

std::string_view type_of(const Mount& mount, std::string_view path) noexcept {
  return mount.types != nullptr ? mount.types->of(path) : files::media_type(path);
}

// Opens again, when it could not be done at once: lets somebody else wait for the disk, as long as there is one who can.
Task open_later(Exchange& exchange, const Files& files, std::string_view path, Opening& opening) {
  if (files.warm(path, exchange.token())) co_await files::warmed(exchange);
  opening = files.open(path, Haste::may_wait);
}

Task prefer_neighbour(Exchange& exchange, const Files& files, std::string_view path, OpenedFile& opened,
                      Bytes& coding) {
  const files::Preferences preferences{exchange.request().fields()};
  for (std::size_t i = 0; i < preferences.size(); ++i) {
    const std::string name = std::string{path}.append(preferences[i].ending);
    Opening opening = files.open(name, Haste::now);
    if (!opening && opening.error() == FileError::later) co_await open_later(exchange, files, name, opening);
    if (!opening || opening->state.modified < opened.state.modified) continue;
    opened = std::move(*opening);
    coding = preferences[i].coding;
    co_return;
  }
}

// --- what is not a file ---

// Whether a directory is a page. (Rarely asked: it may wait for the disk.)
bool has_index(const Files& files, const Mount& mount, std::string_view directory) {
  std::string name{directory};
  name.append("/").append(mount.index);
  return !mount.index.empty() && files.open(name, Haste::may_wait).has_value();
}

// What is beneath, the fallback, the page for 404, or a plain 404.
Task miss(Exchange& exchange, const Files& files, const Mount& mount, std::string_view path) {
  if (mount.beneath != nullptr) {
    pass_on(exchange, *mount.beneath);
    co_return;
  }
  const bool falls_back = !mount.fallback.empty() && type_of(mount, path) == files::unknown_media_type;
  const std::string& stand_in = falls_back ? mount.fallback : mount.not_found;
  if (stand_in.empty()) {
    refuse(exchange, 404);
    co_return;
  }
  Opening opening = files.open(stand_in, Haste::now);
  if (!opening && opening.error() == FileError::later) co_await open_later(exchange, files, stand_in, opening);
  if (!opening) {
    refuse(exchange, 404);
    co_return;
  }
  const Representation page{std::move(*opening), stand_in, {}, mount};
  if (falls_back) {
    co_await files::send(exchange, page, mount);
  } else {
    co_await files::send_page(exchange, page, 404);
  }
}

// `path` ends with a slash, but for the root's, which is empty.
Task list(Exchange& exchange, const Files& files, const Mount& mount, std::string_view path) {
  auto names = files.list(path.substr(0, path.empty() ? 0 : path.size() - 1), files::most_listed);
  if (!names) {
    if (status_of(names.error()) != 404) {
      refuse(exchange, status_of(names.error()));
      co_return;
    }
    co_await miss(exchange, files, mount, path);
    co_return;
  }
  std::string location = mount.prefix;
  location.append(path);
  Response page = files::wants_json(exchange.request().fields())
                      ? Response::json(files::listing_json(location, *names))
                      : Response::html(files::listing_html(location, *names));
  page.add("vary", "accept").add("x-content-type-options", "nosniff").add("cache-control", "no-cache");
  page.add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
  (void)exchange.respond(std::move(page));
}

Task serve(Exchange& exchange, const Files& files, const Mount& mount) {
  const Request& request = exchange.request();
  if (request.method_id() != Method::get && request.method_id() != Method::head) {
    if (mount.beneath != nullptr) {
      pass_on(exchange, *mount.beneath);
      co_return;
    }
    (void)exchange.respond(files::error_page(405).set("allow", "GET, HEAD"));
    co_return;
  }
  std::string_view path = request.path();
  if (path.size() + 1 == mount.prefix.size()) {  // the mount without its slash
    redirect(exchange, mount, {});
    co_return;
  }
  if (path.starts_with(mount.prefix)) path.remove_prefix(mount.prefix.size() - 1);
  const auto target = files::target_path(path, mount.index);
  if (!target) {
    if (target.error() != 404) {
      refuse(exchange, target.error());
      co_return;
    }
    co_await miss(exchange, files, mount, path);
    co_return;
  }
  Opening opening = files.open(target->path, Haste::now);
  if (!opening && opening.error() == FileError::later) co_await open_later(exchange, files, target->path, opening);
  if (opening) {
    Bytes coding;
    if (mount.precompressed && find(request.fields(), FieldId::accept_encoding) != nullptr &&
        mount.compressible.has(type_of(mount, target->path))) {
      co_await prefer_neighbour(exchange, files, target->path, *opening, coding);
    }
    const Representation representation{std::move(*opening), target->path, coding, mount};
    if (files::send_at_once(exchange, representation)) co_return;
    co_await files::send(exchange, representation, mount);
  } else if (opening.error() == FileError::is_directory && !target->directory) {
    if (mount.beneath != nullptr && !mount.listing && !has_index(files, mount, target->path)) {
      pass_on(exchange, *mount.beneath);
    } else {
      redirect(exchange, mount, target->path);
    }
  } else if (status_of(opening.error()) != 404) {
    refuse(exchange, status_of(opening.error()));
  } else if (target->directory) {
    const std::string_view index = target->path;
    const std::string_view directory = index.substr(0, index.size() - mount.index.size());
    if (mount.listing) {
      co_await list(exchange, files, mount, directory);
    } else {
      co_await miss(exchange, files, mount, directory);
    }
  } else {
    co_await miss(exchange, files, mount, target->path);
  }
}

class Directory final : public Handler {
 public:
  Directory(const Files& files, const Mount& mount) noexcept
      : Handler(Kind::coroutine, false), files_(&files), mount_(&mount) {}

  [[nodiscard]] Task run(Exchange& exchange) const override { return serve(exchange, *files_, *mount_); }

 private:
  const Files* files_;
  const Mount* mount_;
};

}  // namespace

Owned<Handler> make_directory_handler(const Files& files, const files::Mount& mount) {
  return make_owned<Directory>(files, mount);
}

}  // namespace pounce::inline v0
