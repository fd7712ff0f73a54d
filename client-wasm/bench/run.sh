#!/usr/bin/env bash
# The client's arithmetic of a login in Node, beside that of other libraries.
#
#   client-wasm/bench/run.sh            a table
#   client-wasm/bench/run.sh --json     {"node": …, "rows": [{"name", "bits", "minimum", "median"}]}, in milliseconds

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -d "$here/node_modules" ] || (cd "$here" && npm ci --silent --no-audit --no-fund >&2)
"$here/../build.sh" --example arithmetic "$here/dist" >&2
exec node "$here/run.mjs" "$@"
