#!/bin/bash
# Builds the simulator with all deliberate bugs of Tests/mutants/mutants.txt and runs it with one after the other, or
# with the one that is named: each must break a promise within 2,000 seeds. Prints which seed caught which.
set -uo pipefail
cd "$(dirname "$0")/.."
list=build/mutants/list
mkdir -p build/mutants
python3 Tests/mutants/build.py >"$list" || exit 1
swift build -c release --package-path build/mutants --scratch-path .build/mutants --product raet-sim \
  >build/mutants/build.log 2>&1 || { tail -n 20 build/mutants/build.log; exit 1; }
sim=.build/mutants/release/raet-sim
seeds=2000

# What a run of one mutant ends with: the seed and the promise, or nothing. A trap and an endless run count, too.
catch() {
  local out
  out=$(RAET_MUTANT=$1 timeout 200 "$sim" 1 "$seeds" 1 2>&1)
  case $? in
    0 | 3) ;;
    1) grep -m1 '^seed' <<<"$out" | sed 's/ broke the promise/:/'; return ;;
    124) echo 'does not end'; return ;;
    *) echo 'the process died'; return ;;
  esac
  # What no single run shows: that a seed repeats it.
  [ "$(RAET_MUTANT=$1 "$sim" 1 60 hash)" = "$(RAET_MUTANT=$1 "$sim" 1 60 hash)" ] || echo 'two runs of one seed differ'
}

caught=$(catch 0)
[ -z "$caught" ] || { echo "without a mutant: $caught"; exit 1; }
number=0 missed=()
while IFS=$'\t' read -r name breaks; do
  number=$((number + 1))
  [ -z "${1:-}" ] || [ "$1" = "$name" ] || continue
  start=$SECONDS
  caught=$(catch "$number")
  [ -n "$caught" ] || missed+=("$name")
  printf '%-36s %-72.72s %4d s\n' "$name" "${caught:-NOT CAUGHT: $breaks}" $((SECONDS - start))
done <"$list"
[ ${#missed[@]} = 0 ] || { echo "not caught within $seeds seeds: ${missed[*]}"; exit 1; }
