# Sourced by the scripts beside it: where things are, how they speak, and how what was started is stopped.
# shellcheck shell=bash

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
profile=release-dev
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
binary=$CARGO_TARGET_DIR/$profile/tacit
# Where nothing was built before, keeping what the next build could use is work for nobody.
[ -z "${CI:-}" ] || export CARGO_INCREMENTAL=0

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() {
  printf '\033[31m%s\033[0m\n' "$*" >&2
  exit 1
}

# The server reads every TACIT_* variable as a setting, so this one of the build is taken out of its sight.
forced_wasm_toolchain=${TACIT_WASM_TOOLCHAIN:-}
unset TACIT_WASM_TOOLCHAIN

# What setup.sh found out about this machine: wasm_toolchain and postgres_bin.
load_environment() {
  wasm_toolchain="" postgres_bin=""
  [ -f "$cache/environment" ] || return 0
  # shellcheck disable=SC1091
  . "$cache/environment"
}

build_wasm() { TACIT_WASM_TOOLCHAIN=$wasm_toolchain "$root/client-wasm/build.sh"; }

started=()

# Runs a command in the background and remembers its pid; the pid is left in $!.
start() {
  "$@" </dev/null &
  started+=("$!")
}

# Stops one process this shell started: asks, asks again after two seconds (PostgreSQL waits for its clients at the first
# word), insists after ten.
stop() {
  local pid=$1 waited=0
  kill -TERM "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 100 ]; do
    sleep 0.1
    waited=$((waited + 1))
    [ "$waited" != 20 ] || kill -INT "$pid" 2>/dev/null || true
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

stop_all() {
  local index
  for ((index = ${#started[@]} - 1; index >= 0; index--)); do
    stop "${started[index]}"
  done
  started=()
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until a command succeeds, as long as the process with the given pid lives: wait_for SECONDS PID COMMAND…
wait_for() {
  local left=$(($1 * 10)) pid=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || return 1
    [ "$left" -gt 0 ] || return 1
    left=$((left - 1))
    sleep 0.1
  done
}
