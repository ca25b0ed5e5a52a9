// The loop of `find_marks`: text that each variant includes once, inside its own unnamed namespace, for a compiler
// inlines vector instructions only into functions that are compiled for the same ones. Needed before it:
//   POUNCE_MARKS_TARGET   the attribute that says for which instructions
//   Pair marks_of_16(const char*), marks_of_32, marks_of_64: the marks of so many bytes, from the lowest bit up
// No include guard, and includes nothing: it is no header.

// The marks of the last bytes, of which there are `size`, less than 64. What lies before them may be loaded again.
POUNCE_MARKS_TARGET inline Pair marks_of_rest(Bytes input, std::size_t size) noexcept {
  const char* const end = input.data() + input.size();
  if (input.size() >= 64) {
    const Pair pair = marks_of_64(end - 64);
    return {pair.controls >> (64 - size), pair.breaks >> (64 - size)};
  }
  // Then the rest is all there is: its beginning and its end, which overlap.
  const bool large = size >= 32;
  const Pair first = large ? marks_of_32(input.data()) : marks_of_16(input.data());
  const Pair last = large ? marks_of_32(end - 32) : marks_of_16(end - 16);
  const std::size_t shift = size - (large ? 32 : 16);
  return {first.controls | (last.controls << shift), first.breaks | (last.breaks << shift)};
}

POUNCE_MARKS_TARGET inline std::size_t find_marks_in_words(Bytes input, Marks& marks) noexcept {
  if (input.size() < least_marked) return 0;
  const std::size_t size = std::min(input.size(), Marks::most);
  FourInARow four;
  std::size_t at = 0;
  for (std::size_t word = 0; at < size; ++word, at += 64) {
    const std::size_t left = input.size() - at;
    const Pair pair = left >= 64 ? marks_of_64(input.data() + at) : marks_of_rest(input, left);
    marks.controls[word] = pair.controls;
    marks.breaks[word] = pair.breaks;
    if (const std::size_t found = four.add(pair.controls); found != 0) return at + found;
  }
  return 0;
}
