#!/bin/bash
# Two programs that talk to each other: alpha, a main estate in C, and beta, an estate in Python that joins it, waits
# until a person accepts its keys, and sends messages. Then the second act, two estates of three processes each
# (scripts/lib/routes.sh). Installs what is missing (Debian), builds, runs all, and ends with 0 when all messages and
# answers were delivered and all ended cleanly.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh
. scripts/lib/routes.sh

readonly MESSAGES=3 TIME_LIMIT=60
fail() {
  echo "demo: $*" >&2
  exit 1
}

version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' || true)
printf '6.3\n%s\n' "${version:-0}" | sort -CV ||
  fail "Swift 6.3 or later is needed, see https://www.swift.org/install; found: ${version:-none}"
need_packages make gcc libc6-dev binutils pkg-config libsodium-dev libmsgpack-dev libjansson-dev \
  python3 python3-venv python3-setuptools python3-wheel

echo 'demo: builds the library, the programs and the Python binding (a minute or more at first)'
out=build/demo venv=build/demo-venv
mkdir -p build
run_quietly() { # shows what a command printed only when it fails
  "$@" >build/demo.log 2>&1 || {
    cat build/demo.log >&2
    fail "failed: $*"
  }
}
run_quietly make
run_quietly make -C Examples BUILD=../$out ../$out/alpha ../$out/manor ../$out/press
# The Python of Debian, with its setuptools and wheel: nothing has to be downloaded.
run_quietly /usr/bin/python3 -m venv --clear --system-site-packages $venv
run_quietly $venv/bin/python -m pip install --no-build-isolation --no-deps --no-index ./Bindings/python

folder=$(mktemp -d)
alpha='' beta=''
cleanup() {
  local program
  for program in $alpha $beta "${routes[@]}"; do kill "$program" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT

# Alpha's lines come here to be shown, and what a person types goes there. Port 0: the system chooses a free one.
echo "demo: starts alpha (C) and beta (Python); $MESSAGES messages each way"
SECONDS=0
mkfifo "$folder/typed"
exec {lines}< <(exec $out/alpha --endpoint 127.0.0.1:0 --dir "$folder/alpha" --messages $MESSAGES <"$folder/typed" 2>&1)
alpha=$!
exec {typed}>"$folder/typed"
trap '' PIPE # alpha may end before it has read all

ended() { # ended NAME PID: fails unless that program ended with 0 in what is left of the time
  while kill -0 "$2" 2>/dev/null; do
    [ $SECONDS -lt $TIME_LIMIT ] || fail "$1 did not end within $TIME_LIMIT s"
    sleep 0.1
  done
  wait "$2" || fail "$1 ended with $?"
}
beta_ended='' # set when it has, with 0
check_beta() {
  [ -n "$beta" ] && [ -z "$beta_ended" ] || return 0
  ended beta "$beta"
  beta_ended=1
}

delivered=0 begun=''
while [ $SECONDS -lt $TIME_LIMIT ]; do
  # When the time is over in the middle of a line, its beginning is kept.
  IFS= read -r -t 1 part <&"$lines" || {
    [ $? -gt 128 ] || break
    begun+=$part
    kill -0 "${beta:-$$}" 2>/dev/null || check_beta # no line for a second: is there still someone to talk?
    continue
  }
  line=$begun$part begun=''
  echo "$line"
  case $line in
    *'| listens on '*)
      $venv/bin/python Examples/beta.py "${line##* }" --endpoint 127.0.0.1:0 --dir "$folder/beta" \
        --messages $MESSAGES --timeout $TIME_LIMIT {lines}<&- {typed}>&- &
      beta=$!
      ;;
    *'| role '*' is pending'*)
      sleep 1 # a person reads, and types
      role=${line#*| role }
      echo "person| accept ${role%% *}"
      echo "accept ${role%% *}" >&"$typed" || fail 'alpha does not listen to anyone'
      ;;
    *' is delivered') delivered=$((delivered + 1)) ;;
  esac
done
[ $SECONDS -lt $TIME_LIMIT ] || fail "did not end within $TIME_LIMIT s"
[ -n "$beta" ] || fail 'alpha did not start'
exec {typed}>&-

ended alpha "$alpha"
check_beta
alpha='' beta=''
[ $delivered = $MESSAGES ] || fail "$delivered answers were delivered, not $MESSAGES"
echo "demo: done in $SECONDS s: $MESSAGES messages and $MESSAGES answers delivered, both ended cleanly"

second_act
