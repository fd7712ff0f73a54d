# Sourced after lib.sh: the servers the tests need, each started in a temporary folder and stopped by its pid.
# shellcheck shell=bash

in_memory=""

# Are so many MiB free, of memory and of the file system that lies in it?
has_memory() {
  local free available
  free=$(df --output=avail -B1M /dev/shm 2>/dev/null | tail -n 1) || return 1
  available=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo 2>/dev/null) || return 1
  [ "${free:-0}" -ge "$1" ] && [ "${available:-0}" -ge $((2 * $1)) ]
}

# A throw-away PostgreSQL cluster on a unix socket, never one of the system's. Exports TACIT_TEST_POSTGRES, and
# TACIT_TEST_POSTGRES_PROGRAMS for tests that need a cluster of their own.
#
# In memory where there is room: each test copies a database, some three hundred files, and some file systems look long for the
# places of so many that come and go.
start_postgres() {
  local folder=$1/postgres as=()
  if has_memory 4096 && in_memory=$(mktemp -d /dev/shm/tacit-postgres.XXXXXX 2>/dev/null); then
    chmod a+x "$in_memory"
    folder=$in_memory/postgres
  fi
  [ -n "${postgres_bin:-}" ] || fail "PostgreSQL is missing: run scripts/setup.sh test"
  mkdir -p "$folder"
  if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    chown postgres: "$folder"
    chmod a+x "$1"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  fi
  "${as[@]}" "$postgres_bin/initdb" --no-sync --locale=C --encoding=UTF8 -A trust -U postgres -D "$folder/data" \
    </dev/null >"$1/initdb.log" 2>&1 || fail "initdb failed: see $1/initdb.log"
  start "${as[@]}" "$postgres_bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= \
    -c max_connections=300 -c fsync=off -c full_page_writes=off -c synchronous_commit=off >"$1/postgres.log" 2>&1
  wait_for 30 "$!" "$postgres_bin/pg_isready" -q -h "$folder" -U postgres || fail "PostgreSQL did not start: see $1/postgres.log"
  export TACIT_TEST_POSTGRES="postgres://postgres@localhost/postgres?host=$folder" TACIT_TEST_POSTGRES_PROGRAMS=$postgres_bin
}

# A real SMTP server that files every mail. Exports TACIT_TEST_SMTP, TACIT_TEST_SMTP_STARTTLS, TACIT_TEST_SMTP_TLS (ports)
# and TACIT_TEST_MAIL (its folder).
start_mail_sink() {
  local port_file=$1/smtp-port
  mkdir -p "$1/mail"
  start "$TACIT_TEST_PYTHON" "$root/scripts/mail_sink.py" "$1/mail" "$port_file" >"$1/mail-sink.log" 2>&1
  wait_for 30 "$!" test -s "$port_file" || fail "the SMTP sink did not start: see $1/mail-sink.log"
  read -r TACIT_TEST_SMTP TACIT_TEST_SMTP_STARTTLS TACIT_TEST_SMTP_TLS _ <"$port_file" || true
  export TACIT_TEST_SMTP TACIT_TEST_SMTP_STARTTLS TACIT_TEST_SMTP_TLS TACIT_TEST_MAIL="$1/mail"
}

# Stops all, and gives the memory back.
stop_services() {
  stop_all
  [ -z "$in_memory" ] || rm -rf "$in_memory" || true
  in_memory=""
}

start_services() {
  load_environment
  export TACIT_TEST_PYTHON=$cache/venv/bin/python
  [ -x "$TACIT_TEST_PYTHON" ] || fail "The Python environment is missing: run scripts/setup.sh test"
  start_postgres "$1"
  start_mail_sink "$1"
}
