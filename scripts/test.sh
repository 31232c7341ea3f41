#!/bin/bash
# Installs what is missing (Debian) and runs every test, or the steps that are named: scripts/test.sh [STEP...]
# A step's output goes to build/logs/STEP.log, and some of it is shown when the step fails. Ends with 1 when one failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh

# The steps in order, and the targets of the Makefile behind them.
steps=(packages lint regular unit library c valgrind abi docs python install demo interop asan sim mutants fuzz)
declare -A targets=(
  [lint]=lint [regular]=regular [unit]=test [library]='all library-check' [c]=c-tests [valgrind]=valgrind [abi]=abi
  [docs]='docs check-docs' [python]=python-tests [install]=install-check [demo]='examples demo flow' [interop]=interop
  [asan]=asan [sim]='sim SEEDS=2000' [mutants]='mutants ONLY=simulator' [fuzz]='fuzz SECONDS=10'
)
limit=900 # seconds that a step may take

packages() {
  need_packages make gcc g++ libc6-dev binutils pkg-config libsodium-dev libmsgpack-dev libjansson-dev \
    python3 python3-venv python3-setuptools python3-wheel python3-msgpack valgrind abigail-tools doxygen || return
  swift --version || { echo 'Swift 6.3 is needed: https://www.swift.org/install/linux/'; return 1; }
}
run() {
  if [ "$1" = packages ]; then packages; else timeout $limit make --no-print-directory ${targets[$1]}; fi
}

for step in "$@"; do
  [[ " ${steps[*]} " == *" $step "* ]] || { echo "no step $step; there are: ${steps[*]}"; exit 2; }
done
[ $# = 0 ] || steps=("$@")
mkdir -p build/logs
passed=0 failed=()
for step in "${steps[@]}"; do
  printf '== %-10s ' "$step"
  log=build/logs/$step.log
  start=$SECONDS
  if run "$step" >"$log" 2>&1 </dev/null; then
    printf 'passed %4d s\n' $((SECONDS - start))
    passed=$((passed + 1))
  else
    printf 'FAILED %4d s, %s:\n' $((SECONDS - start)) "$log"
    # What looks like the reason may stand far from the end.
    { grep -E 'error:|recorded an issue|^FAIL|^ERROR|^failed ' "$log" | head -n 15; echo ...; tail -n 25 "$log"; } |
      cut -c1-300 | sed 's/^/   | /'
    failed+=("$step")
  fi
done
[ ${#failed[@]} = 0 ] || echo "failed: ${failed[*]}"
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} = 0 ]
