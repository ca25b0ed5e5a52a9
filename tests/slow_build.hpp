// Whether this build takes ten times as long as others: under a sanitizer, or emulated. Tests that repeat something repeat it less then.
#pragma once

#if defined(__has_feature)
#define POUNCE_HAS_FEATURE(name) __has_feature(name)
#else
#define POUNCE_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(POUNCE_EMULATED) || \
    POUNCE_HAS_FEATURE(address_sanitizer) || POUNCE_HAS_FEATURE(thread_sanitizer)
inline constexpr bool slow_build = true;
#else
inline constexpr bool slow_build = false;
#endif
