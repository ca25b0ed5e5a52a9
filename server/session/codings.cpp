#include <pounce/server/codings.hpp>

#include <pounce/app/application.hpp>
#include <pounce/app/dictionary.hpp>

#include <string>

namespace pounce::inline v0 {

static_assert(DictionaryResource::most == compression::Dictionaries::most);
static_assert(DictionaryResource::most_content == compression::Dictionary::most_content);

Codings::Codings(const App& app, int its_gzip_level, int its_zstd_level)
    : gzip_level(its_gzip_level), zstd_level(its_zstd_level) {
  for (const auto* resource = app.dictionaries(); resource != nullptr; resource = resource->next()) {
    dictionaries_.add(make_owned<compression::Dictionary>(std::string{resource->content().bytes()}, zstd_level));
  }
  policy.dictionaries = &dictionaries_;
}

compression::EncoderSettings Codings::settings(const compression::Decision& decision, Compress choice,
                                               std::optional<std::uint64_t> size, std::uint64_t number) const {
  const bool zstd = decision.coding == compression::Coding::zstd || decision.coding == compression::Coding::dcz;
  compression::EncoderSettings settings;
  settings.coding = decision.coding;
  settings.level = zstd ? zstd_level : gzip_level;
  settings.expected = size;
  settings.dictionary = decision.dictionary;
  if (choice == Compress::hidden) settings.padding = compression::padding_length(secret, number);
  return settings;
}

}  // namespace pounce::inline v0
