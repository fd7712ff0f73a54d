#!/usr/bin/env bash
# Builds the npm package @tacit/client into client-wasm/dist.
#
#   client-wasm/build.sh
#   client-wasm/build.sh --example arithmetic FOLDER     an example in the same way, for client-wasm/bench
#
# TACIT_WASM_TOOLCHAIN=debian takes Debian's compiler (rustc-web, cargo-web, rust-web-src, lld) in place of the installed
# one, for machines where rustup does not give the wasm32-unknown-unknown target. TACIT_WASM_BUILD_TOOL is a build tool that
# was compiled before, if there is one. What is done already is not done again.

set -euo pipefail

# The package may weigh no more, in bytes: it is on the way of everybody's first login. Debian's compiler and rustup's differ by
# a few hundred.
most_raw=68500
most_gzipped=33300

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
toolchain=${TACIT_WASM_TOOLCHAIN:-}
tool=${TACIT_WASM_BUILD_TOOL:-}
work=$target/client-wasm
dist=$here/dist
triple=wasm32-unknown-unknown
example=""
if [ "${1:-}" = --example ]; then
  example=$2
  dist=$3
fi
made_of=tacit_client_wasm
[ -z "$example" ] || made_of=examples/$example

fail() {
  printf 'client-wasm/build.sh: %s\n' "$*" >&2
  exit 1
}

# Same sources, same bytes, wherever the sources lie. And no reference types: binaryen 108 mixes up the tables of a
# module that has more than one, and nothing here gains by them.
flags="--remap-path-prefix=$root=/tacit --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo
 --cfg sha2_backend_soft=\"compact\" -Ctarget-feature=-reference-types,-multivalue -Clink-arg=--no-check-features
 -Clink-arg=--features=mutable-globals,sign-ext,bulk-memory,nontrapping-fptoint"
flags=${flags//$'\n'/}

compile() {
  # One kind of library, named here: were it an rlib too, cargo would leave out the link-time optimisation.
  local build=(rustc --profile wasm --target "$triple" -p tacit-client-wasm --manifest-path "$root/Cargo.toml")
  if [ -z "$example" ]; then build+=(--lib --crate-type cdylib); else build+=(--example "$example"); fi
  case $toolchain in
  "")
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags cargo "${build[@]}" --target-dir "$target"
    compiled=$target/$triple/wasm/$made_of.wasm
    ;;
  debian) compile_with_debian "${build[@]}" ;;
  *) fail "TACIT_WASM_TOOLCHAIN may be \"debian\" or nothing, not \"$toolchain\"" ;;
  esac
}

# Debian's compiler has no compiled standard library for wasm, but its sources. It is another version than the installed
# one, so it has a target folder of its own.
compile_with_debian() {
  local linker
  linker=$(find /usr/bin -name 'wasm-ld-*' | sort -V | tail -n 1)
  [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -n "$linker" ] ||
    fail "Debian's compiler is not complete: apt-get install rustc-web cargo-web rust-web-src lld-19"
  RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags \
    /usr/bin/cargo "$@" --ignore-rust-version -Zbuild-std=std,panic_abort --target-dir "$target/wasm-debian"
  compiled=$target/wasm-debian/$triple/wasm/$made_of.wasm
}

# What the package is made of, in one line: the same line, the same package.
fingerprint() {
  {
    sha256sum <"$compiled"
    find "$here/js" "$here/build-tool/src" "$here/build-tool/Cargo.lock" \
      "$here/build.sh" "$here/integrity.mjs" "$root"/LICENSE-* -type f -print0 |
      sort -z | xargs -0 sha256sum
    wasm-opt --version 2>/dev/null || echo "no wasm-opt"
  } | sha256sum
}

is_current() { [ -f "$dist/tacit_bg.wasm" ] && [ "$(cat "$work/fingerprint" 2>/dev/null)" = "$1" ]; }

optimise() {
  if ! command -v wasm-opt >/dev/null; then
    echo "wasm-opt (binaryen) is not installed: the package is larger than it could be" >&2
    return 0
  fi
  # The passes of -Oz, named one by one to leave out its second optimize-instructions: that one loads a column before its
  # products, and the innermost loop of the arithmetic is a fifth slower for want of a register.
  local whole_module=(--duplicate-function-elimination --memory-packing --once-reduction)
  local functions=(--ssa-nomerge --dce --remove-unused-names --remove-unused-brs --remove-unused-names
    --optimize-instructions --pick-load-signs --precompute-propagate --code-pushing --simplify-locals-nostructure --vacuum
    --reorder-locals --remove-unused-brs --merge-locals --coalesce-locals --local-cse --simplify-locals --vacuum
    --reorder-locals --coalesce-locals --reorder-locals --vacuum --code-folding --merge-blocks --remove-unused-brs
    --remove-unused-names --merge-blocks --precompute-propagate --rse --vacuum)
  local across=(--dae-optimizing --inlining-optimizing --duplicate-function-elimination --duplicate-import-elimination
    --simplify-globals-optimizing --remove-unused-module-elements --directize)
  # And what the compiler takes for granted, named for optimisers that do not.
  wasm-opt --optimize-level=2 --shrink-level=2 --strip-debug --strip-producers --strip-target-features \
    --enable-bulk-memory --enable-sign-ext --enable-mutable-globals --enable-nontrapping-float-to-int \
    "${whole_module[@]}" "${functions[@]}" "${across[@]}" "$1" -o "$1.small"
  mv "$1.small" "$1"
}

# What the build tool and wasm-opt make of the compiled module.
generate() {
  if [ -z "$tool" ]; then
    CARGO_TARGET_DIR=$target/build-tool cargo build --locked --quiet --release --manifest-path "$here/build-tool/Cargo.toml"
    tool=$target/build-tool/release/tacit-client-build-tool
  fi
  "$tool" "$compiled" "$1"
  rm -f "$1/tacit_bg.wasm.d.ts"
  optimise "$1/tacit_bg.wasm"
}

assemble() {
  local made=$work/dist
  rm -rf "$made"
  mkdir -p "$made"
  generate "$made"
  cp "$here"/js/* "$root"/LICENSE-* "$made/"
  node "$here/integrity.mjs" "$made"
  # npm packs the modes too, and they are not to be those of whoever builds.
  chmod 755 "$made"
  chmod 644 "$made"/*
  # Renamed, so that nobody finds half of it.
  rm -rf "$work/old"
  if [ -d "$dist" ]; then mv "$dist" "$work/old"; fi
  mv "$made" "$dist"
  rm -rf "$work/old"
}

check_size() {
  local raw gzipped
  raw=$(wc -c <"$dist/tacit_bg.wasm")
  gzipped=$(gzip -9 -c "$dist/tacit_bg.wasm" | wc -c)
  printf 'tacit_bg.wasm: %d bytes (at most %d), %d gzipped (at most %d)\n' "$raw" "$most_raw" "$gzipped" "$most_gzipped"
  [ "$raw" -le "$most_raw" ] && [ "$gzipped" -le "$most_gzipped" ] || fail "the wasm is too large"
}

mkdir -p "$work"
# Two builds at once take turns.
if command -v flock >/dev/null; then
  exec 9>"$work/lock"
  flock 9
fi
compile
if [ -n "$example" ]; then
  mkdir -p "$dist"
  generate "$dist"
  exit
fi
mark=$(fingerprint)
if ! is_current "$mark"; then
  rm -f "$work/fingerprint"
  assemble
  echo "$mark" >"$work/fingerprint"
fi
check_size
