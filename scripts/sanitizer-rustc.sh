#!/usr/bin/env bash
# Cargo's RUSTC_WORKSPACE_WRAPPER for scripts/sanitizer.sh: AddressSanitizer for the crates of this workspace only. Build
# scripts and what the compiler loads are left alone, and the dependencies are those of every other build.

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

case $name/$kind in
build_script_*/* | */proc-macro) ;;
tacit_*/*)
  # The sanitizer comes with the ordinary compiler; only its flag is still one of nightly.
  export RUSTC_BOOTSTRAP=1
  set -- "$@" --cfg address_sanitizer_check -Zsanitizer=address
  ;;
esac
exec "$compiler" "$@"
