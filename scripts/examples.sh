#!/usr/bin/env bash
# Runs what the README shows, against a live server: the client's ten lines, their token verified in three languages, and
# the session ended by the client generated from the OpenAPI document.
# Also checks that the README shows the files that run.

. "$(dirname "$0")/lib.sh"
. "$root/scripts/services.sh"
cd "$root"

work=$(mktemp -d /tmp/tacit-examples.XXXXXX)
finish() {
  stop_all
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

load_environment
python3 scripts/readme_examples.py
[ -f client-wasm/dist/index.js ] || fail "The npm package is not built: make wasm"
cargo build --locked --profile "$profile" --workspace --bin tacit --example verify_token
export TACIT_TEST_PYTHON=$cache/venv/bin/python
start_mail_sink "$work"

port=$(free_port)
issuer=http://localhost:$port
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
start env TACIT_LIMITS__CLIENT_SIGN_UPS=100 TACIT_PUBLIC_URL="$issuer" TACIT_REALM=localhost TACIT_LISTEN=127.0.0.1:"$port" \
  TACIT_DATABASE__URL=sqlite:"$work/tacit.db" TACIT_MAIL__TRANSPORT=smtp TACIT_MAIL__HOST=127.0.0.1 \
  TACIT_MAIL__PORT="$TACIT_TEST_SMTP" TACIT_MAIL__SECURITY=none TACIT_MAIL__FROM=examples@tacit.test \
  "$binary" serve >"$work/server.log" 2>&1
wait_for 30 "$!" listens || { cat "$work/server.log" >&2; fail "The server did not start."; }

# As after `npm install @tacit/client`.
mkdir -p "$work/app/node_modules/@tacit"
ln -s "$root/client-wasm/dist" "$work/app/node_modules/@tacit/client"
cp docs/examples/client.mjs "$work/app/"

mkfifo "$work/keyboard"
(cd "$work/app" && exec node client.mjs "$issuer" <"$work/keyboard" >"$work/client.log" 2>&1) &
client=$!
started+=("$client")
exec 4>"$work/keyboard"
mailed() { compgen -G "$work/mail/examples/*.json"; }
wait_for 60 "$client" mailed || { cat "$work/client.log" >&2; fail "No mail came."; }
cat "$work"/mail/examples/*.json | grep -oE '[0-9A-Z]{5}-[0-9A-Z]{5}' | head -n 1 >&4
wait "$client" || { cat "$work/client.log" >&2; fail "docs/examples/client.mjs failed."; }
exec 4>&-
grep -q "Signed in as ada@example.com" "$work/client.log" || { cat "$work/client.log" >&2; fail "The client did not sign in."; }
token=$(tail -n 1 "$work/client.log")
passed=1

verifies() {
  local language=$1 said
  shift
  said=$("$@" "$issuer" "$token") || fail "The $language example refuses a good token."
  [[ $said == user\ *\ in\ session\ * ]] || fail "The $language example said: $said"
  if "$@" "$issuer" "${token%????}AAAA" >/dev/null 2>&1; then fail "The $language example takes a forged token."; fi
  if "$@" "$issuer/" "$token" >/dev/null 2>&1; then fail "The $language example takes a token of another issuer."; fi
  passed=$((passed + 1))
}
verifies Node node docs/examples/verify_token.mjs
verifies Python "$TACIT_TEST_PYTHON" docs/examples/verify_token.py
verifies Rust "$CARGO_TARGET_DIR/$profile/examples/verify_token"

# The client that a generator made of the OpenAPI document ends that session.
openapi/generate.sh
BASE_URL=$issuer ACCESS_TOKEN=$token node openapi/generated/js/client-test/logout.js
passed=$((passed + 1))
echo "$passed passed, 0 failed"
