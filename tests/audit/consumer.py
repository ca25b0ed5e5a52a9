#!/usr/bin/env python3
"""Uses Pounce as strangers do, in a scratch folder.

consumer.py installed: installs the build; a C++20 project asks for the protocol component with find_package; the same program is
compiled with one line from pkg-config, by the other compiler; an application module too.
consumer.py subdirectory: the program with Pounce's sources in its tree, by the other compiler.
consumer.py shared: builds shared libraries, looks at what they export, and runs the program against them.

The program must build, run, and carry nothing of zlib, zstd, OpenSSL, nghttp2, threads or sockets.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# What may not come with the protocol library, as symbols that the program asks for ...
UNWANTED = re.compile(
    r"^(deflate|inflate|crc32|adler32|compress|uncompress|ZSTD_|SSL_|EVP_|CRYPTO_|OPENSSL_|nghttp2_|pthread_|thrd_|mtx_|"
    r"socket$|bind$|connect$|accept|listen$|shutdown$|recv|send(to|msg)?$|getaddrinfo|gethostby|poll$|ppoll$|select$|epoll|"
    r"open(64)?$|read$|write$|dlopen|dlsym|clock_|nanosleep|gettimeofday|time$|getenv|getrandom|rand$|fork$|signal$|sigaction$)")
# ... and as libraries that it is linked with.
UNWANTED_LIBRARY = re.compile(r"NEEDED.*\[(libz|libzstd|libssl|libcrypto|libpthread|libnghttp2|libdl)\b")
# All that a shared library may export.
EXPORTED = re.compile(r"((typeinfo|typeinfo name|vtable|VTT) for |(non-virtual|virtual) thunk to )?pounce::v0::")


def run(*command, **kwargs):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **kwargs)
    if done.returncode != 0:
        print(" ".join(str(part) for part in command))
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def unwanted_symbols(program):
    names = {line.split()[-1].split("@")[0]
             for line in run("nm", "--undefined-only", program).splitlines() if line.strip()}
    needed = run("readelf", "-dW", program).splitlines()
    return sorted(name for name in names if UNWANTED.search(name)) + \
        [line.strip() for line in needed if UNWANTED_LIBRARY.search(line)]


def check_self(args, scratch):
    """The check can fail: a program that opens a socket is noticed."""
    (scratch / "bad.cpp").write_text("#include <sys/socket.h>\nint main() { return socket(1, 1, 0); }")
    run(args.cxx, scratch / "bad.cpp", "-o", scratch / "bad")
    if unwanted_symbols(scratch / "bad") != ["socket"]:
        sys.exit("the symbol check does not see a socket")


def check_program(program, **kwargs):
    answer = run(program, **kwargs)
    if not answer.endswith("hi\n"):
        sys.exit(f"{program} says {answer!r}")
    found = unwanted_symbols(program)
    if found:
        sys.exit(f"linking Pounce::protocol brought {found}")


def project(args, scratch, name, cxx, *options):
    """Configures and builds tests/consumer/<name>; gives its program."""
    build = scratch / name
    run(args.cmake, "-S", args.source / "tests/consumer" / name, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={cxx}",
        "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0", *options)
    run(args.cmake, "--build", build)
    return build / "consumer"


def pkg_config(args, scratch, prefix, cxx, *options):
    """The one line of who has no build system; gives its program."""
    environment = {"PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig", "PATH": "/usr/bin:/bin"}
    flags = run("pkg-config", "--cflags", "--libs", *options, "pounce-protocol", env=environment).split()
    program = scratch / "one-line"
    run(cxx, "-std=c++20", args.source / "tests/consumer/main.cpp", "-o", program, *flags)
    return program


def check_module(args, scratch, prefix):
    environment = {"PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig", "PATH": "/usr/bin:/bin"}
    flags = run("pkg-config", "--cflags", "--libs", "pounce-app", env=environment).split()
    module = scratch / "libapp.so"
    run(args.cxx, "-std=c++20", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror",
        args.source / "tests/consumer/app.cpp", "-o", module, *flags)
    exported = [line.split()[-1] for line in run("nm", "-D", "--defined-only", module).splitlines()]
    names = [name for name in exported if name.startswith("pounce_")]
    if not names:
        sys.exit(f"the module exports no pounce_ symbol: {exported}")
    print(f"module: {names}")


def check_compression(args, scratch, prefix):
    """The other toolkit library: codings without a protocol."""
    environment = {"PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig", "PATH": "/usr/bin:/bin"}
    flags = run("pkg-config", "--cflags", "--libs", "--static", "pounce-compression", env=environment).split()
    program = scratch / "codings"
    run(args.other_cxx, "-std=c++20", args.source / "tests/consumer/codings.cpp", "-o", program, *flags)
    run(program)
    needed = run("readelf", "-dW", program)
    for name in ("nghttp2", "ssl", "crypto"):
        if f"[lib{name}." in needed:
            sys.exit(f"linking Pounce::compression brought {name}")


def installed(args, scratch):
    check_self(args, scratch)
    prefix = scratch / "prefix"
    run(args.cmake, "--install", args.build, "--prefix", prefix)
    check_program(project(args, scratch, "find_package", args.cxx, f"-DCMAKE_PREFIX_PATH={prefix}"))
    check_program(pkg_config(args, scratch, prefix, args.other_cxx, "--static"))
    check_module(args, scratch, prefix)
    check_compression(args, scratch, prefix)


def subdirectory(args, scratch):
    check_program(project(args, scratch, "add_subdirectory", args.other_cxx, f"-DPOUNCE_SOURCES={args.source}",
                          f"-DCMAKE_C_COMPILER={args.other_cc}"))


def stray_exports(library):
    lines = run("nm", "-DC", "--defined-only", library).splitlines()
    names = [line.split(maxsplit=2)[2] for line in lines]
    return [name for name in names if not EXPORTED.match(name)], len(names)


def shared(args, scratch):
    build = scratch / "build"
    prefix = scratch / "prefix"
    run(args.cmake, "-S", args.source, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={args.cxx}", "-DPOUNCE_SHARED=ON",
        "-DPOUNCE_BUILD_SERVERS=OFF", "-DPOUNCE_BUILD_TESTS=OFF", "-DPOUNCE_BUILD_EXAMPLES=OFF", "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_CXX_FLAGS_DEBUG=-O0")
    run(args.cmake, "--build", build, "--target", "pounce_core", "pounce_protocol")
    for component in ("core", "protocol"):
        for part in ("", "-runtime", "-link"):
            run(args.cmake, "--install", build, "--prefix", prefix, "--component", component + part)
    # The check can fail: llhttp's names are there before the version script hides them.
    if stray_exports_of_objects(build) == 0:
        sys.exit("the check of exports looks at nothing")
    for library in ("core", "protocol"):
        path = prefix / f"lib/libpounce_{library}.so"
        stray, count = stray_exports(path)
        if stray or count == 0:
            sys.exit(f"{path.name} exports {count} names, of them strange: {stray}")
        soname = re.search(r"SONAME.*\[(.*)\]", run("readelf", "-dW", path)).group(1)
        if soname != f"{path.name}.{args.soversion}":
            sys.exit(f"{path.name} calls itself {soname}, not .{args.soversion}")
        print(f"{soname}: {count} names of pounce::v0, no other")
    program = project(args, scratch, "find_package", args.cxx, f"-DCMAKE_PREFIX_PATH={prefix}")
    check_program(program)
    check_program(pkg_config(args, scratch, prefix, args.cxx), env={"LD_LIBRARY_PATH": f"{prefix}/lib"})
    if f"libpounce_protocol.so.{args.soversion}" not in run("readelf", "-dW", program):
        sys.exit("the program does not ask for the shared library by its SONAME")


def stray_exports_of_objects(build):
    objects = list(build.rglob("*.o"))
    names = run("nm", "-C", "--defined-only", "--extern-only", *objects).splitlines()
    return sum(1 for name in names if " T llhttp_" in name)


def main():
    modes = {"installed": installed, "subdirectory": subdirectory, "shared": shared}
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=modes)
    for name in ("--source", "--build", "--cmake"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    for name in ("--cxx", "--other-cxx", "--other-cc", "--soversion"):
        parser.add_argument(name, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        modes[args.mode](args, pathlib.Path(folder))
    print(f"{args.mode}: used")


if __name__ == "__main__":
    main()
