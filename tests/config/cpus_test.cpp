// How many CPUs are ours: quota texts, and trees of control groups as a container shows them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <pounce/posix/cpus.hpp>

namespace {

using namespace pounce::posix;

class Tree {
 public:
  Tree() {
    char name[] = "/tmp/pounce-cgroup-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Tree() { std::filesystem::remove_all(path_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  void put(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("version 2: quota and period in one line") {
  CHECK(quota_of_cpu_max("200000 100000\n") == 2U);
  CHECK(quota_of_cpu_max("150000 100000\n") == 2U);
  CHECK(quota_of_cpu_max("50000 100000") == 1U);
  CHECK(quota_of_cpu_max("1 1000000") == 1U);
  for (const char* const unlimited :
       {"max 100000\n", "", "max", "100000", "0 100000", "-1 100000", "100000 0", "x y", "1 2 3"}) {
    CAPTURE(unlimited);
    CHECK_FALSE(quota_of_cpu_max(unlimited).has_value());
  }
}

TEST_CASE("version 1: two files") {
  CHECK(quota_of_cfs("300000\n", "100000\n") == 3U);
  CHECK(quota_of_cfs("250000\n", "100000\n") == 3U);
  CHECK_FALSE(quota_of_cfs("-1\n", "100000\n").has_value());
  CHECK_FALSE(quota_of_cfs("", "").has_value());
}

TEST_CASE("which group we are in") {
  constexpr std::string_view text = "12:cpu,cpuacct:/docker/abc\n5:memory:/m\n0::/user.slice/a:b\n";
  CHECK(cgroup_path(text, "cpu") == "/docker/abc");
  CHECK(cgroup_path(text, "cpuacct") == "/docker/abc");
  CHECK(cgroup_path(text, "memory") == "/m");
  CHECK(cgroup_path(text, "") == "/user.slice/a:b");
  CHECK_FALSE(cgroup_path(text, "pids").has_value());
  CHECK_FALSE(cgroup_path("nonsense\n::\n0:cpu:relative\n", "cpu").has_value());
}

TEST_CASE("the tightest of the groups above us counts") {
  Tree tree;
  tree.put("a/cpu.max", "400000 100000\n");
  tree.put("a/b/cpu.max", "max 100000\n");
  CHECK(quota_below(tree.path(), "0::/a/b\n") == 4U);
  tree.put("a/b/cpu.max", "300000 100000\n");
  CHECK(quota_below(tree.path(), "0::/a/b\n") == 3U);
  CHECK_FALSE(quota_below(tree.path(), "0::/\n").has_value());
}

TEST_CASE("a container sees its own group as the root, under a path of the host") {
  Tree tree;
  tree.put("cpu.max", "100000 100000\n");
  CHECK(quota_below(tree.path(), "0::/\n") == 1U);
  CHECK(quota_below(tree.path(), "0::/system.slice/docker-abc.scope\n") == 1U);
  Tree old;
  old.put("cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
  old.put("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(quota_below(old.path(), "3:cpu,cpuacct:/docker/abc\n") == 3U);
}

TEST_CASE("here") { CHECK(usable_cpus() >= 1); }
