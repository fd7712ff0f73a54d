#!/usr/bin/env bash
# Runs the tests of the arithmetic, with every kernel this machine has, under AddressSanitizer (see scripts/sanitizer-rustc.sh).
#
# It watches what our own code reads and writes, what AWS-LC allocates and whether it is freed. It does not see into assembly:
# for the vector kernel's the assertions of server/engine are on here, and AWS-LC's runs in scripts/constant-time.sh, under
# memcheck. Faults that are put in must be reported.

. "$(dirname "$0")/lib.sh"
cd "$root"

libraries=$(rustc --print target-libdir)
if [ "$(uname -m)" != x86_64 ] || ! compgen -G "$libraries/librustc-*_rt.asan.a" >/dev/null; then
  echo "NOT CHECKED: this compiler comes without AddressSanitizer for x86-64 (rustup's has it)"
  exit 0
fi

export RUSTC_WORKSPACE_WRAPPER=$root/scripts/sanitizer-rustc.sh
engine=profile.$profile.package.tacit-engine
sanitized() {
  cargo test --locked --profile "$profile" -p tacit-engine -p tacit-shared --lib \
    --config "$engine.debug-assertions=true" --config "$engine.overflow-checks=true" -- "$@"
}

sanitized --skip tests::faults

log=$(mktemp /tmp/tacit-sanitizer.XXXXXX)
trap 'rm -f "$log"' EXIT
noticed() {
  local fault=$1 report=$2
  if ! sanitized --exact --nocapture "tests::faults::$fault" >"$log" 2>&1 && grep -q "Sanitizer: $report" "$log"; then
    echo "noticed, as it must be: $fault"
  else
    cat "$log" >&2
    fail "The check is blind: $fault was not reported."
  fi
}
if grep -q -m 1 -w avx512ifma /proc/cpuinfo; then
  noticed an_entry_behind_the_end_of_a_table heap-buffer-overflow
else
  echo "NOT CHECKED: the vector kernel; this processor has no AVX-512 IFMA"
fi
noticed a_number_that_is_gone heap-use-after-free
noticed memory_of_c_that_nobody_frees "detected memory leaks"
