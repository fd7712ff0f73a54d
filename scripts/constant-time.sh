#!/usr/bin/env bash
# Checks under valgrind that no branch and no address of the SRP arithmetic depends on a secret: see shared/ct.
#
# Once for each kernel, the browser's among them. What needs AVX-512 is not for valgrind: server/engine/ct traces it.
# In the profile that users run, in a target directory of its own: one flag is different for every crate.

. "$(dirname "$0")/lib.sh"
cd "$root"

[ "$(uname -m)" = x86_64 ] || { echo "Only on x86-64, where the check speaks to valgrind: skipped"; exit 0; }
command -v valgrind >/dev/null || fail "valgrind is missing: run scripts/setup.sh test"

export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/constant-time
export RUSTFLAGS="--cfg constant_time_check"
# Symbols stay, so that a report names the function.
export CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
cargo build --locked --release -p tacit-constant-time

log=$(mktemp /tmp/tacit-constant-time.XXXXXX)
trap 'rm -f "$log"' EXIT
for kernel in crypto-bigint aws-lc limbs28; do
  if ! valgrind --tool=memcheck --leak-check=no --error-limit=no --num-callers=12 --log-file="$log" \
    "$CARGO_TARGET_DIR/release/tacit-constant-time" "$kernel"; then
    cat "$log" >&2
    fail "With $kernel something depends on a secret, or the check is blind: the lines above say what."
  fi
done

# Instruction by instruction; says so where the processor lacks AVX-512 IFMA.
cargo build --locked --release -p tacit-engine-traced
"$CARGO_TARGET_DIR/release/tacit-engine-traced" || fail "With ifma something depends on a secret, or the check is blind: see above."
