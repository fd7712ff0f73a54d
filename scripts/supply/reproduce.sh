#!/usr/bin/env bash
# Builds the npm package once more, elsewhere: the sources in another folder, another home, another target, another time
# zone, language and umask. The two must be the same, byte by byte.
#
#   scripts/supply/reproduce.sh              with the build tool that is there, which only writes what it is given
#   scripts/supply/reproduce.sh --everything compiles that too

. "$(dirname "$0")/../lib.sh"

everything=${1:-}
elsewhere=$(mktemp -d /tmp/tacit-elsewhere.XXXXXX)
finish() { rm -rf "$elsewhere"; }
trap finish EXIT
trap 'exit 130' INT TERM HUP

load_environment
build_wasm

sources=$elsewhere/some/other/place
mkdir -p "$sources" "$elsewhere/home" "$elsewhere/registry-home" "$elsewhere/target"
(cd "$root" && tar -c --exclude=node_modules --exclude=target --exclude=dist --exclude=.git --exclude=./.cache .) |
  tar -x -C "$sources"

# The downloaded crates under another path; nothing is compiled there.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
for part in registry config.toml; do
  if [ -e "$cargo_home/$part" ]; then ln -s "$cargo_home/$part" "$elsewhere/registry-home/$part"; fi
done
tool=$CARGO_TARGET_DIR/build-tool/release/tacit-client-build-tool
if [ "$everything" = --everything ] || [ ! -x "$tool" ]; then tool=""; fi

(
  umask 027
  export RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup} HOME=$elsewhere/home CARGO_HOME=$elsewhere/registry-home
  export CARGO_TARGET_DIR=$elsewhere/target TZ=Pacific/Auckland LC_ALL=C SOURCE_DATE_EPOCH=1
  TACIT_WASM_TOOLCHAIN=$wasm_toolchain TACIT_WASM_BUILD_TOOL=$tool "$sources/client-wasm/build.sh"
)

here=$root/client-wasm/dist there=$sources/client-wasm/dist
diff -r "$here" "$there" || fail "The two builds differ. client-wasm/dist: $here; the other: $there"
packed() { (cd "$1" && npm pack --silent --pack-destination "$2" >/dev/null && sha256sum <"$2"/*.tgz); }
mkdir "$elsewhere/one" "$elsewhere/two"
one=$(packed "$here" "$elsewhere/one")
two=$(packed "$there" "$elsewhere/two")
[ "$one" = "$two" ] || fail "The files are the same, and the packed packages differ: $one $two"
echo "Two builds, one package: $(find "$here" -type f | wc -l) files, packed sha256 ${one%% *}"
