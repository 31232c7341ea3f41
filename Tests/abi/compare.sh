#!/bin/bash
# Compares the interface with the baseline beside this script: functions and types by abidiff, constants by name and
# value. More functions and constants are welcome; changes and removals break programs that are built already. A field
# appended to an event shows as a change, too: it takes a new baseline.
#   compare.sh [--update] build/libraet.so.0.1.0
# libabigail cannot read Swift's debug information: the types come from a stub in C, made from the header. The Swift
# functions cannot differ from the header, or they would not compile (@implementation).
set -euo pipefail
update=
if [ "$1" = --update ]; then update=1; shift; fi
so=$1
cd "$(dirname "$0")/../.."
out=build/abi
mkdir -p $out

{ echo '#include "raet.h"'; Tests/abi/declarations.sh | sed 's/$/ { __builtin_trap(); }/'; } > $out/stub.c
soname=$(readelf -d "$so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
${CC:-cc} -g -fPIC -shared -w -IInclude -Wl,-soname,"$soname" $out/stub.c -o $out/libraet-stub.so
abidw --headers-dir Include --no-corpus-path --no-comp-dir-path --no-show-locs \
  --out-file $out/libraet.abi $out/libraet-stub.so
grep -oE 'RAET_[A-Z0-9_]+ = -?[0-9]+' Include/raet.h | sort > $out/constants.txt

if [ -n "$update" ]; then
  cp $out/libraet.abi $out/constants.txt Tests/abi/
  echo 'the baseline is the present interface now'
  exit 0
fi
status=0
abidiff --no-added-syms Tests/abi/libraet.abi $out/libraet.abi || status=$?
gone=$(comm -23 Tests/abi/constants.txt $out/constants.txt)
if [ -n "$gone" ]; then echo "constants changed or gone:"; echo "$gone"; fi
if [ $status -ne 0 ] || [ -n "$gone" ]; then exit 1; fi
echo "compatible with the baseline"
