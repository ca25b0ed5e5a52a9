#include <pounce/config/compression.hpp>

#include <string_view>
#include <utility>
#include <vector>

namespace pounce::inline v0::config {

namespace {

/// The words between commas, without the blanks around them.
std::vector<std::string> words_of(const std::optional<std::string>& text) {
  std::vector<std::string> words;
  if (!text) return words;
  std::string_view rest = *text;
  while (true) {
    const std::size_t comma = rest.find(',');
    std::string_view word = rest.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    words.emplace_back(word);
    if (comma == std::string_view::npos) return words;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

std::expected<compression::Offers, std::string> parse_offers(const std::optional<std::string>& text) {
  using compression::Coding;
  compression::Offers offers;
  for (std::string& word : words_of(text)) {
    const auto coding = compression::coding_named(word);
    // dcz is offered by itself to who has a dictionary.
    if (!coding || *coding == Coding::identity || *coding == Coding::dcz || offers.has(*coding))
      return std::unexpected(std::move(word));
    offers.add(*coding);
  }
  return offers;
}

std::expected<compression::MediaTypes, std::string> parse_media_types(const std::optional<std::string>& text) {
  const compression::MediaTypes usual;
  std::vector<std::string> words = words_of(text);
  std::vector<std::string_view> patterns;
  for (std::string& word : words) {
    if (word == "usual") {
      patterns.insert(patterns.end(), usual.patterns().begin(), usual.patterns().end());
    } else if (compression::MediaTypes::is_pattern(word)) {
      patterns.push_back(word);
    } else {
      return std::unexpected(std::move(word));
    }
  }
  return compression::MediaTypes{patterns};
}

}  // namespace pounce::inline v0::config
