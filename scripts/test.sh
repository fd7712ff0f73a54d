#!/usr/bin/env bash
# Runs everything, stage by stage; each says its name, its time and, when it fails, what to look at.
#
#   scripts/test.sh             all stages, as `make test` and CI do; two that compute beside those that mostly wait
#   scripts/test.sh web clippy  these stages in turn, with the servers they need; `sanitizer` runs only where it is named

. "$(dirname "$0")/lib.sh"
. "$root/scripts/services.sh"
cd "$root"

first=(setup format wasm pages server)
# Browsers, Node and servers that wait for each other leave half of two processors idle. Nothing here builds with cargo.
waiting=(client live web openapi interop proxy deny sbom)
# These take what the others leave.
beside=(clippy constant-time)
# The canary among the integration tests reads PostgreSQL's write-ahead log: while that is short.
last=(integration unit doc-tests examples fuzz reproduce)
all=("${first[@]}" "${waiting[@]}" "${beside[@]}" "${last[@]}")

setup_() { scripts/setup.sh test; }
setup_hint="the lines above name what is missing"

format_() {
  cargo fmt --all --check
  cargo fmt --manifest-path client-wasm/build-tool/Cargo.toml --check
}
format_hint="make fmt"

wasm_() { build_wasm; }
wasm_hint="client-wasm/build.sh; sizes are checked there"

pages_() { web-demo/build.sh; }
pages_hint="web-demo/build.sh"

clippy_() {
  # Whether the libraries that only scripts/bench.sh needs are there does not matter before linking.
  cargo clippy --locked --profile "$profile" --workspace --all-targets --features tacit-bench/openssl,tacit-bench/gmp -- -D warnings
  # As the wasm package sees it: in the workspace the server switches its `openapi` on.
  cargo clippy --locked --profile "$profile" -p tacit-shared --all-targets -- -D warnings
}
clippy_hint="make lint"

# One set of features for all stages: cargo would build the dependencies again for each choice of packages.
server_() { cargo build --locked --profile "$profile" --workspace --bin tacit --example verify_token; }
server_hint="cargo build --profile $profile --workspace"

run_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --cargo-profile "$profile" --workspace --no-fail-fast "$@"
  else
    cargo test --locked --profile "$profile" --workspace --no-fail-fast "$@"
  fi
}

integration_() { run_tests --bins --test '*'; }
integration_hint="the failed sentence's name: make e2e T=part-of-the-name runs it alone"

# These are compiled without optimisation, in a third of the time; the engine, `shared` and what is of others keep theirs. What
# the integration tests run is what was built before.
unit_() {
  local crate quickly=()
  for crate in tacit tacit-api tacit-domain tacit-jobs tacit-store; do
    quickly+=(--config "profile.$profile.package.$crate.opt-level=0")
  done
  run_tests "${quickly[@]}" --lib
  # Its tests passed all the same, as there was nothing to run.
  grep -q -m 1 -w avx512ifma /proc/cpuinfo || echo "NOT CHECKED: the vector kernel; this processor has no AVX-512 IFMA"
}
unit_hint="the failed sentence's name: make unit T=part-of-the-name runs it alone"

doc-tests_() { cargo test --locked --profile "$profile" --doc -p tacit-shared; }
doc_tests_hint="cargo test --doc -p tacit-shared"

openapi_() { (cd openapi && ./lint.sh && ./generate.sh); }
openapi_hint="make openapi regenerates the documents; openapi/README.md tells of the exceptions"

client_() { (cd client-wasm && npm test --silent); }
client_hint="cd client-wasm && npm test"

live_() { (cd client-wasm && npm run --silent test:live); }
live_hint="cd client-wasm && npm run test:live"

web_() { (cd web-demo && npm test --silent); }
web_hint="cd web-demo && npm test"

examples_() { scripts/examples.sh; }
examples_hint="docs/examples and the README that shows them"

interop_() { "$TACIT_TEST_PYTHON" tests/interop/run.py; }
interop_hint="tests/interop/README.md; scripts/with-services.sh .cache/venv/bin/python tests/interop/run.py NAME"

constant-time_() { scripts/constant-time.sh; }
constant_time_hint="shared/ct; shared/src/public.rs lists what may be branched on"

# Not one of all: it builds two crates and what they need once more.
sanitizer_() { scripts/sanitizer.sh; }
sanitizer_hint="what AddressSanitizer wrote above; scripts/sanitizer.sh tells what it can see"

fuzz_() { scripts/fuzz.sh; }
fuzz_hint="tests/fuzz/README.md tells how to run one target, and a crash again"

proxy_() { scripts/proxy.sh; }
proxy_hint="docs/proxy/nginx.conf and tests/proxy/proxy_test.py, which runs it"

# The two databases of advisories are asked where they answer; all else needs no network.
deny_() {
  scripts/named_tests.py
  scripts/supply/deny.py
  if cargo deny --version >/dev/null 2>&1; then
    cargo deny --locked check bans licenses sources
    if cargo deny fetch 2>/dev/null; then cargo deny --locked check advisories; else echo "NOT CHECKED: the database of advisories is out of reach"; fi
  else
    echo "NOT CHECKED for advisories: cargo-deny is not installed (cargo install cargo-deny --locked)"
  fi
  node --test scripts/supply/*.test.mjs
  node scripts/supply/npm_audit.mjs client-wasm web-demo openapi
}
deny_hint="deny.toml, npm's report, or the tests that docs/threat-model.md and docs/asvs.md name"

sbom_() { "$cache/venv/bin/python" -m unittest discover scripts/supply; }
sbom_hint="scripts/supply: sbom.py, deny.py and their test"

reproduce_() { scripts/supply/reproduce.sh; }
reproduce_hint="what of the machine got into the npm package? client-wasm/build.sh maps paths and sets modes"

work=$(mktemp -d /tmp/tacit-test.XXXXXX)
# Everything started from here on inherits this mark, so that what was left running can be found.
export TACIT_TEST_RUN=$work
export TACIT_TEST_BINARY=$binary
TACIT_TEST_CHROMIUM=${TACIT_TEST_CHROMIUM:-$(command -v chromium || true)}
export TACIT_TEST_CHROMIUM
beside_pid="" beside_log=$work/beside.log
stop_beside() {
  [ -n "$beside_pid" ] || return 0
  kill -TERM -- "-$beside_pid" 2>/dev/null || true
  wait "$beside_pid" 2>/dev/null || true
  beside_pid=""
  say "The last words of what ran beside it, which is stopped:" >&2
  tail -n 20 "$beside_log" >&2
}

services=""
need_services() {
  [ -z "$services" ] || return 0
  start_services "$work"
  services=running
}

left_running() {
  local environment pid
  for environment in /proc/[0-9]*/environ; do
    pid=${environment//[^0-9]/}
    [ "$pid" != $$ ] || continue
    if grep -qsz "^TACIT_TEST_RUN=$work\$" "$environment"; then
      printf '%s %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
    fi
  done
}

finish() {
  local status=$? rest
  trap - EXIT
  stop_beside
  stop_services
  rest=$(left_running | grep -v " $" | grep -v "^$BASHPID " || true)
  if [ -n "$rest" ]; then
    printf 'Left running, and stopped now:\n%s\n' "$rest" >&2
    while read -r pid _; do kill -KILL "$pid" 2>/dev/null || true; done <<<"$rest"
    [ "$status" -ne 0 ] || status=1
  fi
  if [ "$status" -eq 0 ]; then rm -rf "$work"; else echo "Logs: $work" >&2; fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# A line for each stage that has ended; servers that several stages share count for none.
times=$work/times remark=""
processor_seconds() { awk -F '[ms ]+' '{ sum += 60 * ($1 + $3) + $2 + $4 } END { printf "%.0f", sum }' "$1"; }
run_stage() {
  local name=$1 hint=${1//-/_}_hint begun=$SECONDS
  declare -F "${name}_" >/dev/null || fail "There is no stage '$name'. The stages: ${all[*]} sanitizer"
  say "▶ $name"
  # In a condition `set -e` would be off inside the stage.
  set +e
  (
    set -e
    trap 'times >"$work/$name.processor"' EXIT
    [ "$name" = setup ] || load_environment
    "${name}_"
  )
  local status=$?
  set -e
  printf '%6d s  %s%s (processors: %d s)\n' $((SECONDS - begun)) "$name" "$remark" "$(processor_seconds "$work/$name.processor")" >>"$times"
  if [ "$status" -ne 0 ]; then
    cat "$times"
    fail "✗ $name failed after $((SECONDS - begun)) s. Look at: ${!hint}"
  fi
  say "✓ $name, $((SECONDS - begun)) s"
}

run_stages() {
  local name
  for name in "$@"; do
    case $name in unit | integration | interop) need_services ;; esac
    run_stage "$name"
    end_beside_if_over
  done
}

# Stages in the background, with the processor time that nobody else wants; what they say is kept until it is asked for.
start_beside() {
  # A process group of its own, to be stopped as one.
  set -m
  (
    trap - EXIT INT TERM HUP
    renice -n 19 "$BASHPID" >/dev/null
    remark=", beside the others"
    for name in "$@"; do run_stage "$name"; done
  ) </dev/null >"$beside_log" 2>&1 &
  beside_pid=$!
  set +m
}

end_beside() {
  local status=0
  [ -n "$beside_pid" ] || return 0
  wait "$beside_pid" || status=$?
  beside_pid=""
  cat "$beside_log"
  [ "$status" -eq 0 ] || exit "$status"
}

# Whoever waits for the rest of the browsers is to learn what clippy said long ago.
end_beside_if_over() {
  [ -z "$beside_pid" ] || kill -0 "$beside_pid" 2>/dev/null || end_beside
}

if [ $# -gt 0 ]; then
  run_stages "$@"
else
  run_stages "${first[@]}"
  start_beside "${beside[@]}"
  run_stages "${waiting[@]}"
  end_beside
  run_stages "${last[@]}"
fi

say "All of it, $SECONDS s:"
cat "$times"
