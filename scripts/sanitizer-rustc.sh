#!/usr/bin/env bash
# Cargo's RUSTC_WORKSPACE_WRAPPER for scripts/sanitizer.sh: AddressSanitizer.

. "${BASH_SOURCE[0]%/*}/wrapped-rustc.sh"

if [ "$ours" = yes ]; then
  # It comes with the ordinary compiler; only its flag is still one of nightly.
  export RUSTC_BOOTSTRAP=1
  set -- "$@" --cfg address_sanitizer_check -Zsanitizer=address
fi
exec "$compiler" "$@"
