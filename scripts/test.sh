#!/bin/bash
# Installs what is missing (Debian) and runs every test, or the steps that are named: scripts/test.sh [STEP...]
# A step's output goes to build/logs/STEP.log, and some of it is shown when the step fails. Ends with 1 when one failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh

# The steps in order, and the targets of the Makefile behind them. The unit tests run under the address sanitizer, which
# finds all that they find without it; "unit" is there to be named.
steps=(packages lint regular library c valgrind abi docs python install demo interop asan sim mutants fuzz)
named=(unit)
declare -A targets=(
  [lint]=lint [regular]=regular [unit]=test [library]='all library-check' [c]=c-tests [valgrind]=valgrind [abi]=abi
  [docs]='docs check-docs' [python]=python-tests [install]=install-check [demo]='examples demo flow' [interop]=interop
  [asan]=asan [sim]='sim SEEDS=2000' [mutants]='mutants AGAIN=1' [fuzz]='fuzz SECONDS=10'
)
# Waits for its peers most of the time: the steps after it run meanwhile.
aside=interop
limit=900 # seconds that a step may take

packages() {
  need_packages make gcc g++ libc6-dev binutils pkg-config libsodium-dev libmsgpack-dev libjansson-dev \
    python3 python3-venv python3-setuptools python3-wheel python3-msgpack valgrind abigail-tools doxygen || return
  swift --version || { echo 'Swift 6.3 is needed: https://www.swift.org/install/linux/'; return 1; }
}
# Runs a step and keeps how it ended, and how long it took.
run() {
  local start=$SECONDS status=0
  if [ "$1" = packages ]; then
    packages
  else
    timeout $limit make --no-print-directory ${targets[$1]}
  fi >"build/logs/$1.log" 2>&1 </dev/null || status=$?
  echo "$status $((SECONDS - start))" >"build/logs/$1.end"
}
passed=0 failed=()
tell() {
  local status seconds log=build/logs/$1.log
  read -r status seconds <"build/logs/$1.end"
  if [ "$status" = 0 ]; then
    printf '== %-10s passed %4d s\n' "$1" "$seconds"
    passed=$((passed + 1))
  else
    printf '== %-10s FAILED %4d s, %s:\n' "$1" "$seconds" "$log"
    # What looks like the reason may stand far from the end.
    { grep -E 'error:|recorded an issue|^FAIL|^ERROR|^failed[: ]|^ *AssertionError|"crash"|^Tests/c/.*:[0-9]+: |^==[0-9]+== [A-Z]' "$log" | head -n 15; echo ...; tail -n 25 "$log"; } |
      cut -c1-300 | sed 's/^/   | /'
    failed+=("$1")
  fi
}

for step in "$@"; do
  [[ " ${steps[*]} ${named[*]} " == *" $step "* ]] || { echo "no step $step; there are: ${steps[*]} ${named[*]}"; exit 2; }
done
[ $# = 0 ] || steps=("$@")
mkdir -p build/logs
for step in "${steps[@]}"; do
  if [ "$step" = $aside ]; then
    run "$step" &
  else
    run "$step"
    tell "$step"
  fi
done
wait
[[ " ${steps[*]} " != *" $aside "* ]] || tell $aside
[ ${#failed[@]} = 0 ] || echo "failed: ${failed[*]}"
echo "$passed passed, ${#failed[@]} failed, $SECONDS s"
[ ${#failed[@]} = 0 ]
