// What it is: how many CPUs this process may really use, by affinity mask and by cgroup quota
// (version 2, version 1 and the hybrid of both).
// What it is not: the number of CPUs of the machine. A container with a quota of half a CPU on a
// machine of 64 gets 1 here, not 64.
// Ownership: arguments are borrowed for the call.
// Limits: at least 1. A quota of a fraction is rounded up: 1.5 CPUs are kept busy by 2 threads.
// Errors: what cannot be read does not limit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pounce::inline v0::posix {

/// Reads the affinity of this process and the quotas of its cgroup and of that one's ancestors.
[[nodiscard]] unsigned usable_cpus();

/// CPUs that a version 2 `cpu.max` allows ("150000 100000" is 2); nothing for "max" or nonsense.
[[nodiscard]] std::optional<unsigned> quota_of_cpu_max(std::string_view text);

/// The same from version 1's `cpu.cfs_quota_us` ("-1" is no limit) and `cpu.cfs_period_us`.
[[nodiscard]] std::optional<unsigned> quota_of_cfs(std::string_view quota, std::string_view period);

/// The path of this process in /proc/self/cgroup: of the named version 1 controller, or, for an
/// empty name, of the version 2 hierarchy.
[[nodiscard]] std::optional<std::string> cgroup_path(std::string_view proc_self_cgroup, std::string_view controller);

/// The smallest quota along the path, with the hierarchies mounted below `mount` as in
/// /sys/fs/cgroup. Separate from usable_cpus() so that a test can bring a tree of its own.
[[nodiscard]] std::optional<unsigned> quota_below(const std::string& mount, std::string_view proc_self_cgroup);

}  // namespace pounce::inline v0::posix
