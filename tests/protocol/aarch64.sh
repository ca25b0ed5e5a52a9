#!/usr/bin/env bash
# Builds the test of the fast path for 64-bit ARM and runs it under an emulator: aarch64.sh SOURCE BUILD-FOLDER CMAKE
# Skipped, with a notice, where Debian's cross compiler or qemu is missing (scripts/setup ci installs both).
set -euo pipefail
source=$1 build=$2 cmake=$3

for tool in aarch64-linux-gnu-g++ qemu-aarch64; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool here, so NEON code was not run"; exit 77; }
done
# Static, so that the emulator needs no libraries of that machine.
"$cmake" -S "$source" -B "$build" -G Ninja --log-level=WARNING \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  -DCMAKE_EXE_LINKER_FLAGS=-static -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1 -DPOUNCE_EMULATED" \
  -DPOUNCE_WERROR=ON -DPOUNCE_HTTP2=OFF -DPOUNCE_BUILD_EXAMPLES=OFF >/dev/null
"$cmake" --build "$build" --target test_protocol.fast >/dev/null
exec qemu-aarch64 "$build/tests/test_protocol.fast"
