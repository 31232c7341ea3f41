#!/bin/sh
# Builds what the benchmarks need and prints the table of speeds; the figures are in build/bench.json, too.
# Usage: run.sh [--quick] [--check]; see README.md.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
bin=$root/build/bench
venv=${RAET_INTEROP_VENV:-$root/build/interop-venv}

[ -e "$root/build/libraet.so" ] || make -C "$root" --no-print-directory >&2

# The tests against the reference make the virtual environment; they know how.
"$venv/bin/python" -c 'import collections.abc, ioflo, libnacl, msgpack, simplejson' >/dev/null 2>&1 ||
  "$root/Tests/interop/run.sh" --list >/dev/null

mkdir -p "$bin"
build() { # build PROGRAM OPTION...
  program=$1
  shift
  "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra "$here/$program.c" -o "$bin/$program" "$@"
}
# shellcheck disable=SC2046  # the options are words
build ceiling $(pkg-config --cflags --libs libsodium)
build peer "-I$root/Include" "-L$root/build" -lraet '-Wl,-rpath,$ORIGIN/..'
build engine "-I$root/Include" "-L$root/build" -lraet '-Wl,-rpath,$ORIGIN/..'
build route "-I$root/Include" "-L$root/build" -lraet '-Wl,-rpath,$ORIGIN/..'
build lane "-I$root/Include" "-L$root/build" -lraet '-Wl,-rpath,$ORIGIN/..'

exec "${PYTHON:-python3}" -B "$here/table.py" "$bin" "$venv" --json "$root/build/bench.json" "$@"
