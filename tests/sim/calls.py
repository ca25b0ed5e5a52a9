#!/usr/bin/env python3
"""Every call into the C library that our impure archives make is simulated, or is known to touch nothing simulated.

calls.py 'NAME NAME ...' ARCHIVE...: the names that are wrapped, and the archives to look at. A new call is neither: teach
wrapped.cpp to simulate it, or add it below if it has nothing to do with sockets, waiting, time or threads.
"""
import re
import subprocess
import sys

# Files (and the threads that fetch them from disks), modules, names of things, the machine: real, or the same for everybody.
REAL = set("""
 _Exit __sched_cpucount chmod closedir connect dlerror dlopen dlsym dup3 faccessat fdopendir freeaddrinfo fstat fstatat gai_strerror getaddrinfo getenv
 getpid getsockopt geteuid inet_pton stat dlclose gettid memfd_create
 bcmp getentropy getrlimit getrusage prlimit inet_ntop lstat memchr memcmp memcpy memmove memset mmap munmap open openat opendir pread preadv2
 readdir sched_getaffinity strerror strerror_r strlen sysconf unlink
""".split())
# Of the threads that read files from disks: no scenario starts any.
REAL |= set("pthread_self pthread_sigmask sched_yield sigfillset".split())
# Of sockets that are passed in: no scenario has any.
REAL |= set("getenv getpid getsockopt".split())
# Of the C++ library: what makes threads wait for each other, or for time.
WAITS = re.compile(r"_ZN\w*(condition_variable|6thread|this_thread|12__basic_file|__atomic_wait|7promise|13__future_base)")
MADE_ONLY = re.compile(r"_ZNSt18condition_variable[CD]\dEv|_ZNSt6thread6_StateD\dEv|_ZNSt6thread20hardware_concurrencyEv")


def undefined(archive):
    out = subprocess.run(["nm", "-u", archive], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if re.match(r"\s+[Uw] ", line)}


def main():
    wrapped = set(sys.argv[1].split())
    found = set().union(*(undefined(archive) for archive in sys.argv[2:]))
    strange = []
    for name in sorted(found - wrapped - REAL):
        if name.startswith("_Z"):
            if WAITS.match(name) and not MADE_ONLY.fullmatch(name):
                strange.append(name)
        elif not name.startswith("_") or re.sub("^__|_chk$", "", name) in wrapped:
            strange.append(name)  # a checked variant (__recv_chk) is another symbol
    for name in strange:
        print(f"{name} is called, and not simulated (tests/sim/wrapped.cpp)")
    if not {"recv", "epoll_wait", "poll", "close"} & found:
        print("no archive calls anything: are these the right ones?")
        return 1
    return 1 if strange else 0


if __name__ == "__main__":
    sys.exit(main())
