// The loop of `is_utf8`: text that each variant includes once, inside its own unnamed namespace, for a compiler inlines vector
// instructions only into functions that are compiled for the same ones. Needed before it:
//   POUNCE_UTF8_TARGET   the attribute that says for which instructions
//   Vector and its `size`; load, is_ascii, both, errors_between(block, previous), unfinished(block), none, is_zero
// No include guard, and includes nothing: it is no header.

struct Scan {
  Vector errors;
  Vector previous;
  Vector open;  // not zero: `previous` ends within a character
};

POUNCE_UTF8_TARGET inline void add_two(const char* at, Scan& scan) noexcept {
  const Vector first = load(at);
  const Vector second = load(at + vector_size);
  if (is_ascii(both(first, second))) {
    scan.errors = both(scan.errors, scan.open);
    scan.open = none();
  } else {
    scan.errors = both(scan.errors, errors_between(first, scan.previous));
    scan.errors = both(scan.errors, errors_between(second, first));
    scan.open = unfinished(second);
  }
  scan.previous = second;
}

POUNCE_UTF8_TARGET inline bool is_utf8_in_vectors(Bytes text) noexcept {
  constexpr std::size_t step = 2 * vector_size;
  Scan scan{none(), none(), none()};
  std::size_t at = 0;
  for (; at + step <= text.size(); at += step) add_two(text.data() + at, scan);
  std::array<char, step> rest{};  // behind the text comes ASCII
  std::memcpy(rest.data(), text.data() + at, text.size() - at);
  add_two(rest.data(), scan);
  return is_zero(both(scan.errors, scan.open));
}
