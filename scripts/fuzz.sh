#!/bin/bash
# Builds the fuzzers and runs each for so many seconds, side by side on all processors: scripts/fuzz.sh SECONDS [NAME...]
# An input that ends a fuzzer badly is kept in build/fuzz/findings/; this ends with 1 then.
# scripts/fuzz.sh merge [NAME...] puts what was learnt into Tests/fuzz/corpora, as few inputs as reach as much code.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift

export SWIFT_BACKTRACE=enable=no # it hangs in the sanitizer

# A package of its own: sanitizers for all modules, and no test targets.
work=build/fuzz
mkdir -p $work/findings $work/logs $work/corpora $work/Tests
ln -sfn ../../Sources $work/Sources
ln -sfn ../../../Tests/fuzz $work/Tests/fuzz
ln -sfn ../../Include $work/Include
python3 Tests/fuzz/manifest.py <Package.swift >$work/Package.swift || exit 1
swift build -c release --package-path $work --scratch-path .build/fuzz --product raet-fuzz \
  -Xswiftc -sanitize=fuzzer,address >$work/build.log 2>&1 ||
  { grep 'error' $work/build.log | head -n 20; exit 1; }
fuzzer=$work/raet-fuzz
swiftc -sanitize=fuzzer,address -o $fuzzer -Xlinker --whole-archive .build/fuzz/release/libraet-fuzz.a \
  -Xlinker --no-whole-archive $(pkg-config --libs libsodium msgpack jansson) >>$work/build.log 2>&1 ||
  { tail -n 20 $work/build.log; exit 1; }
[ $# != 0 ] || set -- heads bodies segments datagrams signed handshakes stores calls pages routes

if [ "$seconds" = merge ]; then
  for name in "$@"; do
    merged=$(mktemp -d)
    mkdir -p "$work/corpora/$name"
    RAET_FUZZER=$name $fuzzer -merge=1 -use_counters=0 -max_len=2048 "$merged" "Tests/fuzz/corpora/$name" \
      "$work/corpora/$name" >"$work/logs/$name.log" 2>&1 || { tail -n 5 "$work/logs/$name.log"; exit 1; }
    rm -r "Tests/fuzz/corpora/$name" && mv "$merged" "Tests/fuzz/corpora/$name" && chmod 755 "Tests/fuzz/corpora/$name"
    printf '%-12s %5d inputs\n' "$name" "$(ls "Tests/fuzz/corpora/$name" | wc -l)"
  done
  exit
fi

# One after the other where time is short, else side by side: each has its seconds either way.
fuzz() {
  local name=$1 corpus=$work/corpora/$1
  mkdir -p "$corpus"
  RAET_FUZZER=$name timeout $((seconds + 120)) $fuzzer -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
    -max_len=4096 -print_final_stats=1 -artifact_prefix="$work/findings/$name-" -dict=Tests/fuzz/raet.dict \
    "$corpus" "Tests/fuzz/corpora/$name" >"$work/logs/$name.log" 2>&1
  local status=$?
  local runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/logs/$name.log")
  local reached=$(grep -o 'cov: [0-9]*' "$work/logs/$name.log" | tail -n 1)
  printf '%-12s %10s runs, %s\n' "$name" "${runs:-?}" "${reached:-no coverage}"
  [ $status = 0 ] && return
  grep -E 'FINDING|ERROR|Fatal|SUMMARY' "$work/logs/$name.log" | head -n 5
  echo "  the input: $(ls -t $work/findings/$name-* 2>/dev/null | head -n 1); what it did: $work/logs/$name.log"
  return 1
}

failed=0 running=()
for name in "$@"; do
  fuzz "$name" &
  running+=($!)
  # On one processor after the other, but for long runs.
  if [ "$seconds" -lt 600 ] && [ ${#running[@]} -ge "$(nproc)" ]; then
    wait "${running[0]}" || failed=1
    running=("${running[@]:1}")
  fi
done
for job in "${running[@]}"; do wait "$job" || failed=1; done
exit $failed
