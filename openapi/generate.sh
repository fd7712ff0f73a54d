#!/bin/sh
# Generates the types of a TypeScript client from the merged document into generated/ (not committed), and checks that
# the script that uses them agrees with them. Needs `npm ci` in this folder once.
set -eu
cd "$(dirname "$0")"
mkdir -p generated
./node_modules/.bin/openapi-typescript tacit.json --output generated/tacit.ts
./node_modules/.bin/tsc --project client-test
