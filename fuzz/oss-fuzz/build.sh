#!/usr/bin/env bash
# OSS-Fuzz's contract: builds the fuzz targets with the compilers and flags of the environment into $OUT.
# POUNCE_FUZZ_TARGETS: which; otherwise all of the toolkit's. WORK: where to build; otherwise a folder that is removed again.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${WORK:-$(mktemp -d)}
[[ -n ${WORK:-} ]] || trap 'rm -rf "$work"' EXIT
mkdir -p "$OUT"

options=()
if [[ -n ${SRC:-} && -d $SRC/llhttp ]]; then  # where the system has no package of it
  options+=("-DLlhttp_SOURCE_DIR=$SRC/llhttp/src" "-DLlhttp_INCLUDE_DIR=$SRC/llhttp/include")
fi
cmake -S "$top" -B "$work/build" -G Ninja -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_BUILD_TYPE=None \
  -DPOUNCE_BUILD_SERVERS=OFF -DPOUNCE_BUILD_TESTS=OFF -DPOUNCE_BUILD_EXAMPLES=OFF \
  -DPOUNCE_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" "${options[@]}"
read -ra targets <<<"${POUNCE_FUZZ_TARGETS:-$(<"$work/build/fuzz/targets")}"
cmake --build "$work/build" --target "${targets[@]/#/fuzz-}"

for target in "${targets[@]}"; do
  cp "$work/build/fuzz/fuzz-$target" "$OUT/fuzz_$target"
  (cd "$top/fuzz/corpus/$target" && python3 -m zipfile -c "$OUT/fuzz_${target}_seed_corpus.zip" ./*)
  {
    echo "[libfuzzer]"
    echo "max_len = 65536"
    if [[ -f $top/fuzz/dict/$target.dict ]]; then
      cp "$top/fuzz/dict/$target.dict" "$OUT/fuzz_$target.dict"
      echo "dict = fuzz_$target.dict"
    fi
  } >"$OUT/fuzz_$target.options"
done
