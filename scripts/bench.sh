#!/usr/bin/env bash
# Times Tacit beside others and prints what came out; docs/performance.md tells what the figures mean.
#
#   scripts/bench.sh                          arithmetic, client and server: some ten minutes
#   scripts/bench.sh arithmetic               one part
#   scripts/bench.sh growth nodes             how the server does with more accounts and more nodes: half an hour, 20 GB
#
# The figures are left in target/bench as JSON; tests/bench/document.py puts them into docs/performance.md. BENCH_ROUNDS (100) and BENCH_SECONDS (10)
# make it longer or shorter. Nothing else should run meanwhile; who cannot have that takes the minima and the ratios.

. "$(dirname "$0")/lib.sh"
cd "$root"

out=$CARGO_TARGET_DIR/bench
rounds=${BENCH_ROUNDS:-100}
seconds=${BENCH_SECONDS:-10}
mkdir -p "$out"

# As users run it: the profile `release`, on Debian's libraries.
arithmetic_() {
  cargo build --locked --release -p tacit-bench --features tacit-bench/openssl,tacit-bench/gmp
  "$CARGO_TARGET_DIR/release/tacit-bench" "$rounds" >"$out/arithmetic.json.new"
}

client_() {
  client-wasm/bench/run.sh --json >"$out/client.json.new"
}

load() {
  local figures=$1
  shift
  cargo build --locked --release -p tacit -p tacit-load
  scripts/with-services.sh "$CARGO_TARGET_DIR/release/tacit-load" --seconds "$seconds" --json "$out/$figures.json.new" "$@"
}

server_() { load server; }
growth_() {
  load growth-sqlite --engines sqlite --accounts 1000,10000,100000,1000000,10000000 --only login,latency --folder "$out"
  load growth-postgres --engines postgres --accounts 1000,10000,100000,1000000 --only login,latency --folder "$out"
}
nodes_() {
  local nodes
  for nodes in 1 2 3; do load "nodes-$nodes" --engines postgres --nodes "$nodes" --only login,latency; done
}

scripts/setup.sh bench
load_environment
[ $# -gt 0 ] || set -- arithmetic client server
for stage in "$@"; do
  declare -F "${stage}_" >/dev/null || fail "There is no stage '$stage': arithmetic, client, server, growth, nodes"
  say "▶ $stage"
  "${stage}_"
  # Figures of a run that broke off replace nothing.
  for file in "$out"/*.json.new; do mv "$file" "${file%.new}"; done
done
python3 tests/bench/table.py "$out" "$@"
