#!/usr/bin/env bash
# Cargo's RUSTC_WORKSPACE_WRAPPER for scripts/fuzz.sh: gives the compiler the flags that cargo-fuzz gives, for the crates
# of this workspace only. So the hundreds of dependencies are those of every other build, and no second toolchain is needed.

compiler=$1
shift
name="" kind="" previous=""
for argument in "$@"; do
  case $previous in
  --crate-name) name=$argument ;;
  --crate-type) kind=$argument ;;
  esac
  previous=$argument
done

flags=()
case $name/$kind in
build_script_*/* | */proc-macro) ;;
tacit_*/*)
  flags=(--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares)
  ;;
esac
exec "$compiler" "$@" "${flags[@]}"
