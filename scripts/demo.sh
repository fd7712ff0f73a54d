#!/usr/bin/env bash
# Builds everything and serves the demo at http://localhost:8080, with its database and mails in .tacit-demo/.
# DEMO_PORT chooses another port. Ctrl-C stops it; what was stored stays.

. "$(dirname "$0")/lib.sh"
cd "$root"

port=${DEMO_PORT:-8080}
port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

if port_is_taken; then
  fail "Port $port is taken. Stop what listens there, or choose another: DEMO_PORT=8081 make demo"
fi

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

trap stop_all EXIT
trap 'exit 0' INT TERM HUP
# In a session of its own: Ctrl-C reaches this script, which then asks the server once.
start setsid "$binary" serve
server=$!
wait_for 30 "$server" port_is_taken || fail "The server did not start: its last lines above say why."
cat <<TEXT

  Tacit is running.

    Demo        http://localhost:$port/demo/
    Its mails   http://localhost:$port/demo/mailbox
    API         http://localhost:$port/docs

  What you do is kept in .tacit-demo/. Ctrl-C stops the server.

TEXT
wait "$server"
