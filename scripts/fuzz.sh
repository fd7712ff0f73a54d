#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz, beginning with their kept seeds.
#
#   scripts/fuzz.sh                     every target for a few seconds, as CI does
#   scripts/fuzz.sh address tokens      these only
#   TACIT_FUZZ_SECONDS=3600 …           longer; what is found on the way is kept in .cache/fuzz and used again
#   scripts/fuzz.sh replay TARGET FILE  one input, such as a crash
#   scripts/fuzz.sh seeds               writes the seeds anew
#
# It needs the ordinary compiler and a C++ one: see scripts/fuzz-rustc.sh.

. "$(dirname "$0")/lib.sh"
cd "$root"

targets=(address body encodings handshake headers messages requests sealed tokens)
seconds=${TACIT_FUZZ_SECONDS:-12}
jobs=${TACIT_FUZZ_JOBS:-2}

RUSTC_WORKSPACE_WRAPPER=$root/scripts/fuzz-rustc.sh \
  cargo build --locked --profile "$profile" --workspace --features tacit-fuzz/libfuzzer --example tacit-fuzz
program=$CARGO_TARGET_DIR/$profile/examples/tacit-fuzz

work=$(mktemp -d /tmp/tacit-fuzz.XXXXXX)
running=()
finish() {
  local pair
  for pair in "${running[@]}"; do stop "${pair#* }"; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
# The databases of the targets that have one.
export TMPDIR=$work

case ${1:-} in
seeds)
  TACIT_FUZZ_WRITE_SEEDS=$root/tests/fuzz/seeds "$program"
  exit
  ;;
replay)
  TACIT_FUZZ_TARGET=$2 "$program" "$3"
  exit
  ;;
esac
[ $# -eq 0 ] || targets=("$@")

# libFuzzer writes what it finds into the first folder.
fuzz() {
  local target=$1 corpus=$cache/fuzz/$1/corpus crashes=$cache/fuzz/$1/crashes
  mkdir -p "$corpus" "$crashes"
  TACIT_FUZZ_TARGET=$target "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
    -print_final_stats=1 -artifact_prefix="$crashes/" "$corpus" "tests/fuzz/seeds/$target" >"$work/$target.log" 2>&1
}

status=0
settle_first() {
  local target=${running[0]% *} pid=${running[0]#* }
  if wait "$pid"; then
    printf '%-10s %s\n' "$target" "$(sed -n 's/^Done \(.*\)/\1/p' "$work/$target.log")"
  else
    tail -n 60 "$work/$target.log" >&2
    echo "$target failed. Again: scripts/fuzz.sh replay $target FILE, with the file named above" >&2
    status=1
  fi
  running=("${running[@]:1}")
}

for target in "${targets[@]}"; do
  [ -d "tests/fuzz/seeds/$target" ] || fail "There is no target '$target'."
  [ ${#running[@]} -lt "$jobs" ] || settle_first
  fuzz "$target" </dev/null &
  running+=("$target $!")
done
while [ ${#running[@]} -gt 0 ]; do settle_first; done
exit "$status"
