#!/usr/bin/env bash
# Builds everything and serves the demo at http://localhost:8080, with its database and mails in .tacit-demo/.
# DEMO_PORT chooses another port; the port above it is that of a provider to sign in with, on this machine too. Ctrl-C stops it; what was stored stays.

. "$(dirname "$0")/lib.sh"
cd "$root"

port=${DEMO_PORT:-8080}
provider_port=$((port + 1))
port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

for wanted in "$port" "$provider_port"; do
  if port_is_taken "$wanted"; then
    fail "Port $wanted is taken. Stop what listens there, or choose another: DEMO_PORT=8090 make demo"
  fi
done

scripts/setup.sh demo
load_environment
say "Building the wasm package"
build_wasm
say "Building the demo"
web-demo/build.sh
say "Building the server (the first time takes some minutes)"
cargo build --locked --profile "$profile" --workspace --bin tacit

home=$root/.tacit-demo
mkdir -p "$home"
export TACIT_DEMO=true TACIT_PUBLIC_URL=http://localhost:$port TACIT_REALM=localhost TACIT_LISTEN=127.0.0.1:$port
export TACIT_DATABASE__URL=sqlite:$home/tacit.db TACIT_MAIL__TRANSPORT=mailbox
export TACIT_LOG__FORMAT=${TACIT_LOG__FORMAT:-text}

# Known to the two of them only, and new each time.
CLIENT_SECRET=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
export CLIENT_SECRET
export TACIT_PROVIDERS__LOCAL__ISSUER=http://127.0.0.1:$provider_port TACIT_PROVIDERS__LOCAL__CLIENT_ID=tacit-demo
export TACIT_PROVIDERS__LOCAL__LABEL="Local provider" TACIT_PROVIDERS__LOCAL__TRUST_EMAIL=claim
export TACIT_PROVIDERS__LOCAL__CLIENT_SECRET=$CLIENT_SECRET

trap stop_all EXIT
trap 'exit 0' INT TERM HUP
start node web-demo/provider/main.js "$provider_port" "http://localhost:$port"
provider=$!
wait_for 30 "$provider" port_is_taken "$provider_port" || fail "The local provider did not start: its last lines above say why."
# In a session of its own: Ctrl-C reaches this script, which then asks the server once.
start setsid "$binary" serve
server=$!
wait_for 30 "$server" port_is_taken "$port" || fail "The server did not start: its last lines above say why."
cat <<TEXT

  Tacit is running.

    Demo        http://localhost:$port/demo/
    Its mails   http://localhost:$port/demo/mailbox
    API         http://localhost:$port/docs
    Sign in     with “Local provider”, which believes whatever address you say

  What you do is kept in .tacit-demo/. Ctrl-C stops the server.

TEXT
wait "$server"
