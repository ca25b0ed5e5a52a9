#!/usr/bin/env python3
"""Installs Pounce to a scratch folder and uses it as a stranger would.

A C++20 project that asks for the protocol component alone must build, run, and carry nothing of
zlib, zstd, OpenSSL, threads or sockets. An application module must compile with one compiler line.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# What may not come with the protocol library, as symbols that the program asks for ...
UNWANTED = re.compile(
    r"^(deflate|inflate|crc32|adler32|compress|ZSTD_|SSL_|EVP_|CRYPTO_|OPENSSL_|pthread_|"
    r"socket$|connect$|accept|listen$|recv|send(to|msg)?$|poll$|epoll|open(64)?$|clock_gettime|"
    r"gettimeofday|getenv|getrandom|time$|fork$)")
# ... and as libraries that it is linked with.
UNWANTED_LIBRARY = re.compile(r"NEEDED.*\[(libz|libzstd|libssl|libcrypto|libpthread|libnghttp2)")


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


def check_protocol(args, scratch, prefix):
    run(args.cmake, "-S", args.source / "tests/consumer", "-B", scratch / "consumer", "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={args.cxx}",
        "-DCMAKE_BUILD_TYPE=Debug")
    run(args.cmake, "--build", scratch / "consumer")
    program = scratch / "consumer/consumer"
    print(run(program))
    found = unwanted_symbols(program)
    if found:
        sys.exit(f"linking Pounce::protocol brought {found}")


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


def main():
    parser = argparse.ArgumentParser()
    for name in ("--source", "--build", "--cmake", "--cxx"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        prefix = scratch / "prefix"
        check_self(args, scratch)
        run(args.cmake, "--install", args.build, "--prefix", prefix)
        check_protocol(args, scratch, prefix)
        check_module(args, scratch, prefix)
    print("installed and used")


if __name__ == "__main__":
    main()
