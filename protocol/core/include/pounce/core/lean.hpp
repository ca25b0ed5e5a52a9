// Durations and time points, min and max, without what else comes with their standard headers.
//
// It is not a replacement: it includes. In libstdc++ <chrono> brings the streams and <algorithm> the parallel algorithms, which is most
// of the time that a compiler would spend on a header of ours (docs/decisions/0015). Elsewhere these are the standard headers.
#pragma once

#include <cstddef>

#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>) && __has_include(<bits/stl_algobase.h>)
#include <bits/chrono.h>
#include <bits/stl_algobase.h>
#else
#include <algorithm>
#include <chrono>
#endif
