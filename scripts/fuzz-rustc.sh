#!/usr/bin/env bash
# Cargo's RUSTC_WORKSPACE_WRAPPER for scripts/fuzz.sh: gives the compiler the flags that cargo-fuzz gives.

. "${BASH_SOURCE[0]%/*}/wrapped-rustc.sh"

if [ "$ours" = yes ]; then
  set -- "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
fi
exec "$compiler" "$@"
