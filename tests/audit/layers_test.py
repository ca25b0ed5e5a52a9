#!/usr/bin/env python3
"""Checks that an illegal edge stops the configuration: layers_test.py SOURCE CMAKE.

Small CMake scripts ask the table itself (cmake -P), edge by edge.
"""
import pathlib
import subprocess
import sys
import tempfile

ALLOWED = [("protocol", "core"), ("protocol", "llhttp::llhttp"), ("compression", "ZLIB::ZLIB"),
           ("compression", "PkgConfig::pounce_zstd"), ("compression", "libdeflate"), ("server", "compression"),
           ("server", "events"), ("posix", "server"), ("runtime_sync", "posix"),
           ("runtime_async", "Threads::Threads"), ("program", "CLI11::CLI11"),
           ("tls", "OpenSSL::SSL")]
REFUSED = [("core", "protocol"), ("protocol", "compression"), ("protocol", "ZLIB::ZLIB"),
           ("protocol", "PkgConfig::pounce_zstd"), ("events", "compression"), ("server", "zstd"), ("app", "compression"),
           ("events", "protocol"), ("compression", "llhttp"), ("server", "tls"),
           ("server", "OpenSSL::SSL"), ("server", "Threads::Threads"), ("core", "z"),
           ("runtime_sync", "runtime_async"), ("runtime_async", "runtime_sync"),
           ("posix", "runtime_sync"), ("posix", "CLI11::CLI11"), ("app", "server"),
           ("nonsense", "core")]


def edge_passes(cmake, table, edge):
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "edge.cmake"
        script.write_text("cmake_minimum_required(VERSION 3.25)\n"
                          f"include({table})\npounce_check_edge({edge[0]} {edge[1]})\n")
        return subprocess.run([cmake, "-P", str(script)], capture_output=True).returncode == 0


def project_configures(cmake, source, line):
    """A project whose layer goes around USES with a plain target_link_libraries()."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "a.cpp").write_text("int a;\n")
        (root / "CMakeLists.txt").write_text(f"""
cmake_minimum_required(VERSION 3.25)
project(Try LANGUAGES CXX)
list(APPEND CMAKE_MODULE_PATH {source}/cmake)
include(PounceFlags)
include(PounceLayers)
include(PounceTargets)
pounce_library(core PURE STANDARD 20 SOURCES a.cpp)
pounce_library(events PURE STANDARD 20 SOURCES a.cpp USES core)
pounce_library(protocol PURE STANDARD 20 SOURCES a.cpp USES core)
{line}
pounce_check_layers()
""")
        done = subprocess.run([cmake, "-G", "Ninja", "-S", folder, "-B", f"{folder}/b"],
                              capture_output=True, text=True)
        return done.returncode == 0, done.stderr


def main():
    source, cmake = sys.argv[1], sys.argv[2]
    table = f"{source}/cmake/PounceLayers.cmake"
    failures = 0
    for edge in ALLOWED + REFUSED:
        if edge_passes(cmake, table, edge) != (edge in ALLOWED):
            print(f"BAD: {edge}")
            failures += 1
    for line, wanted in [("", True),
                         ("target_link_libraries(pounce_events PRIVATE pounce_protocol)", False),
                         ("target_link_libraries(pounce_core INTERFACE z)", False)]:
        passes, message = project_configures(cmake, source, line)
        if passes != wanted or (not wanted and "may not use" not in message):
            print(f"BAD: {line!r}: {message}")
            failures += 1
    print(f"{len(ALLOWED) + len(REFUSED) + 3} edges, {failures} bad")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
