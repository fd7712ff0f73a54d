#!/bin/sh
# Puts the demo together in dist/: the sources as they are, and the strength library as one module beside them.
#
# The library's file carries a hash of its content in its name, so it may be cached for ever; all other names are stable
# and are to be revalidated. Nothing is bundled or minified: what is served is what stands in src/.
set -eu
cd "$(dirname "$0")"

LOCKED=node_modules/.package-lock.json
if [ ! -f "$LOCKED" ] || [ package-lock.json -nt "$LOCKED" ]; then
    npm ci --no-audit --no-fund --loglevel=error
    touch "$LOCKED"
fi

rm -rf dist.new
cp -R src dist.new
mkdir dist.new/vendor
node vendor.mjs dist.new/vendor

rm -rf dist
mv dist.new dist
printf 'web-demo/dist: %s files, %s kB, of these %s kB the strength library, loaded at the first key of a new password\n' \
    "$(find dist -type f | wc -l)" "$(du -sk dist | cut -f1)" "$(du -sk dist/vendor | cut -f1)"
