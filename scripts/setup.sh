#!/usr/bin/env bash
# Installs what is missing for `make demo` or `make test`, and nothing else.
#
#   scripts/setup.sh demo|test
#
# As root on Debian, packages come by apt; otherwise it names what to install and stops. What it found out is left in
# .cache/environment for the other scripts. TACIT_WASM_TOOLCHAIN=debian forces Debian's compiler for the wasm package.

. "$(dirname "$0")/lib.sh"

purpose=${1:-}
case $purpose in
demo | test) ;;
*) fail "usage: scripts/setup.sh demo|test" ;;
esac

mkdir -p "$cache"

# at_least 1.95 1.97.2: is the second version the first or newer?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

require() {
  local name=$1 least=$2 found=$3 advice=$4
  [ -n "$found" ] || fail "$name is missing: $name $least or newer is needed. $advice"
  at_least "$least" "$found" || fail "$name $found is too old: $least or newer is needed. $advice"
}

check_versions() {
  command -v cc >/dev/null || missing_packages+=(build-essential)
  require Rust 1.95 "$(rustc --version 2>/dev/null | cut -d' ' -f2)" "Install it from your distribution or with rustup."
  command -v cargo >/dev/null || fail "cargo is missing: it comes with Rust."
  require Node 20.19 "$(node --version 2>/dev/null | tr -d v)" "Install Node 20, 22 or newer, with npm."
  command -v npm >/dev/null || fail "npm is missing: it comes with Node."
  require Python 3.11 "$(python3 --version 2>/dev/null | cut -d' ' -f2)" "On Debian 12: apt-get install python3."
  [ "$purpose" = demo ] || cargo fmt --version >/dev/null 2>&1 || fail "rustfmt is missing: rustup component add rustfmt"
  [ "$purpose" = demo ] || cargo clippy --version >/dev/null 2>&1 || fail "clippy is missing: rustup component add clippy"
}

newest_postgres() { find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname; }

check_packages() {
  command -v wasm-opt >/dev/null || missing_packages+=(binaryen)
  [ "$purpose" = test ] || return 0
  command -v chromium >/dev/null || missing_packages+=(chromium)
  [ -n "$(newest_postgres)" ] || missing_packages+=(postgresql)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing_packages+=(python3-venv)
  command -v curl >/dev/null || missing_packages+=(curl)
  # For scripts/constant-time.sh, and for libFuzzer, which is C++.
  [ "$(uname -m)" != x86_64 ] || command -v valgrind >/dev/null || missing_packages+=(valgrind)
  command -v c++ >/dev/null || missing_packages+=(build-essential)
  [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || missing_packages+=(nginx)
}

# The wasm target of the installed compiler, or Debian's own compiler with its sources.
choose_wasm_toolchain() {
  wasm_toolchain=$forced_wasm_toolchain
  if [ "$wasm_toolchain" != debian ]; then
    local libraries
    libraries=$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null || true)
    if [ -n "$libraries" ] && [ -d "$libraries" ]; then return 0; fi
    say "Adding the wasm32-unknown-unknown target"
    if command -v rustup >/dev/null && timeout 300 rustup target add wasm32-unknown-unknown; then return 0; fi
    say "rustup did not give it: Debian's compiler is used for the wasm package"
    wasm_toolchain=debian
  fi
  local package
  for package in rustc-web cargo-web rust-web-src lld-19; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing_packages+=("$package")
  done
}

install_packages() {
  [ ${#missing_packages[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "Missing: ${missing_packages[*]}. Install them (on Debian: sudo apt-get install ${missing_packages[*]}), then run this again."
  fi
  say "Installing ${missing_packages[*]}"
  # The tests make clusters of their own: the package is not to make and start one.
  if [[ " ${missing_packages[*]} " == *" postgresql "* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
  fi
  export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
  apt-get update -q </dev/null
  # No service is to start because of us: Debian asks this file, where there is one.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap "rm -f $policy" EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  apt-get install -y -q --no-install-recommends "${missing_packages[@]}" </dev/null
}

python_environment() {
  [ "$purpose" = test ] || return 0
  local stamp=$cache/venv/.requirements
  if ! cmp -s scripts/requirements.txt "$stamp"; then
    say "Python packages into .cache/venv"
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/requirements.txt
    cp scripts/requirements.txt "$stamp"
  fi
}

node_packages() {
  local folder stamp
  for folder in client-wasm web-demo openapi tests/interop tests/providers; do
    [ -f "$folder/package-lock.json" ] || continue
    # The demo needs none of the tools.
    [ "$purpose" = test ] || [[ $folder != openapi && $folder != tests/* ]] || continue
    stamp=$folder/node_modules/.tacit-lock
    if ! cmp -s "$folder/package-lock.json" "$stamp"; then
      say "npm packages of $folder"
      (cd "$folder" && npm ci --no-audit --no-fund </dev/null)
      mkdir -p "$folder/node_modules"
      cp "$folder/package-lock.json" "$stamp"
    fi
  done
}

cd "$root"
missing_packages=()
check_versions
check_packages
choose_wasm_toolchain
install_packages
python_environment
node_packages

{
  printf 'wasm_toolchain=%q\n' "$wasm_toolchain"
  printf 'postgres_bin=%q\n' "$(newest_postgres)"
} >"$cache/environment"
say "Everything for \`make $purpose\` is here."
