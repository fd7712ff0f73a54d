#!/bin/sh
# Lints the committed documents. Needs `npm ci` in this folder once.
set -eu
cd "$(dirname "$0")"
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true exec ./node_modules/.bin/redocly lint --config lint.yaml srp.json platform.json ops.json tacit.json
