#!/usr/bin/env bash
# Runs docs/proxy/nginx.conf in front of the server: tests/proxy/proxy_test.py says what is looked at.

. "$(dirname "$0")/lib.sh"
. "$root/scripts/services.sh"
cd "$root"

work=$(mktemp -d /tmp/tacit-proxy.XXXXXX)
finish() {
  stop_all
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# Debian puts it where not everybody looks.
export PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || fail "nginx is missing: run scripts/setup.sh test"
[ -f client-wasm/dist/client.js ] || fail "The npm package is not built: make wasm"
[ -x "$binary" ] || fail "The server is not built: scripts/test.sh server"
load_environment
export TACIT_TEST_PYTHON=$cache/venv/bin/python TACIT_TEST_BINARY=$binary
start_mail_sink "$work"
"$TACIT_TEST_PYTHON" tests/proxy/proxy_test.py
