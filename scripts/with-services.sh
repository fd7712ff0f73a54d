#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL and an SMTP sink beside it:
#
#   scripts/with-services.sh cargo nextest run --cargo-profile release-dev -p tacit-tests

. "$(dirname "$0")/lib.sh"
. "$root/scripts/services.sh"

work=$(mktemp -d /tmp/tacit-services.XXXXXX)
finish() {
  stop_services
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

start_services "$work"
"$@"
