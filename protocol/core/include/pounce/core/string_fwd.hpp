// std::string by name, for declarations of functions that take or give one: whoever calls them includes <string>.
//
// <string> is a third of what one of our headers may cost (docs/decisions/0015). Where the standard library declares the name apart, that is
// included; elsewhere it is <string>.
#pragma once

#include <concepts>
#include <cstddef>

#if defined(__GLIBCXX__) && __has_include(<bits/stringfwd.h>)
#include <bits/stringfwd.h>
#else
#include <string>
#endif

namespace pounce::inline v0 {

// A std::string that is complete: what a function's template takes or gives to whoever has included <string>. Who has not is told this name.
template <class T>
concept StringIncluded = std::same_as<T, std::string> && requires { sizeof(T); };

}  // namespace pounce::inline v0
