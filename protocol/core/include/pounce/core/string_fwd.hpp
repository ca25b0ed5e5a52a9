// std::string by name, for declarations of functions that take or give one: whoever calls them includes <string>.
//
// <string> is a third of what one of our headers may cost (docs/decisions/0015). Where the standard library declares the name apart, that is
// included; elsewhere it is <string>.
#pragma once

#include <cstddef>

#if defined(__GLIBCXX__) && __has_include(<bits/stringfwd.h>)
#include <bits/stringfwd.h>
#else
#include <string>
#endif
