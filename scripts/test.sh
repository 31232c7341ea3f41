#!/bin/bash
# Installs what is missing (Debian) and runs every test, or the steps that are named: scripts/test.sh [STEP...]
# Each step's output goes to build/logs/STEP.log; what it ended with is shown when it fails. Ends with 1 when one failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/packages.sh

steps=(packages lint regular unit library c valgrind abi docs python install interop asan)
step_packages() {
  need_packages make gcc g++ libc6-dev binutils pkg-config libsodium-dev libmsgpack-dev libjansson-dev \
    python3 python3-venv valgrind abigail-tools doxygen
  swift --version || { echo 'Swift 6.3 is needed: https://www.swift.org/install/linux/'; return 1; }
}
step_lint() { make lint; }
step_regular() { make regular; }                  # warnings are errors, here and below: see Package.swift
step_unit() { make test; }
step_library() { make all library-check; }
step_c() { make c-tests; }
step_valgrind() { make valgrind; }
step_abi() { make abi; }
step_docs() { make docs; }
step_python() { make python-tests; }
step_install() { make install-check; }
step_interop() { make interop; }
step_asan() { make asan; }

for step in "$@"; do
  declare -F "step_$step" >/dev/null || { echo "no step $step; there are: ${steps[*]}"; exit 2; }
done
[ $# = 0 ] || steps=("$@")
mkdir -p build/logs
passed=0
failed=()
for step in "${steps[@]}"; do
  printf '== %-10s ' "$step"
  log=build/logs/$step.log
  start=$SECONDS
  if (set -e; "step_$step") >"$log" 2>&1 </dev/null; then
    printf 'passed %4d s\n' $((SECONDS - start))
    passed=$((passed + 1))
  else
    printf 'FAILED %4d s, the end of %s:\n' $((SECONDS - start)) "$log"
    tail -n 40 "$log" | cut -c1-300 | sed 's/^/   | /'
    failed+=("$step")
  fi
done
[ ${#failed[@]} = 0 ] || echo "failed: ${failed[*]}"
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} = 0 ]
