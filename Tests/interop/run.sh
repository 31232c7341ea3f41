#!/bin/sh
# Runs the tests against the reference peer (raet 0.6.8 from PyPI). Makes its virtual environment at the first run.
# Usage: run.sh [--list] [--jobs N] [--subject reference] [--full] [--seed S] [NAME ...]; see README.md.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${RAET_INTEROP_VENV:-$root/build/interop-venv}
pins='raet==0.6.8 ioflo==2.0.3 libnacl==2.1.0 msgpack==0.6.2 simplejson==3.19.3'
made="$venv/.made-for-interop"

prepare() {
  # A venv that is half made, or made for other pins, has no matching stamp and is made again.
  if [ -x "$venv/bin/python" ] && [ -f "$made" ] && [ "$(cat "$made")" = "$pins" ]; then
    return
  fi
  echo "interop: making $venv" >&2
  rm -rf "$venv"
  "${PYTHON:-python3}" -m venv "$venv" || {
    echo "interop: python3 -m venv failed: on Debian, install python3-venv" >&2
    exit 1
  }
  # ioflo and raet still ship sources only, made for setuptools of their time.
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'setuptools<80' wheel
  # shellcheck disable=SC2086  # the pins are words
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation $pins
  echo "$pins" >"$made"
}

mkdir -p "$root/build"
exec 9>"$root/build/.interop-venv.lock"
flock 9
prepare
flock -u 9
exec 9>&-
exec "$venv/bin/python" -B "$here/runner.py" "$@"
