#!/bin/bash
# Formatting of Swift, and house rules that a search can check. Prints what breaks one and ends with 1.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
rule() { # rule TEXT, with the offending lines on standard input
  local lines
  lines=$(cat)
  [ -z "$lines" ] || { printf '%s:\n%s\n' "$1" "$lines"; failed=1; }
}
sources() { find Sources Tests Include Examples Benchmarks Bindings scripts .ci -type f "$@" -not -path '*/build/*'; }

swift format lint --strict --recursive --parallel Package.swift Sources Tests || failed=1
sources -name '*.sh' -exec bash -n {} \; 2>&1 | rule 'shell syntax'
sources -name '*.py' | while read -r file; do
  python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file" 2>&1 | tail -1
done | rule 'Python syntax'
grep -rnE '^ *(@[a-zA-Z()]+ )?import (Foundation|Glibc|Dispatch)' Sources --exclude-dir=raet-sim |
  rule 'imports that the shipped mode does not have'
grep -rnE '\b(try!|as!|fatalError\(|preconditionFailure\(|unsafelyUnwrapped)' Sources --include='*.swift' |
  rule 'traps that kill the host'
version=$(make --no-print-directory version)
grep -qF "\"$version\"" Bindings/python/libraet/_version.py ||
  echo "the header says $version" | rule 'Bindings/python/libraet/_version.py has another version'
sources \( -name '*.swift' -o -name '*.[ch]' -o -name '*.cpp' -o -name '*.py' -o -name '*.sh' \) -exec \
  grep -nHE '[[:blank:]]$' {} + | rule 'blanks at the end of a line'
awk 'length > 120 {print FILENAME ": " FNR}' Include/raet.h | rule 'lines of more than 120 columns'
sources -name '*.swift' -path 'Sources/*' -exec awk 'END {if (NR > 450) print FILENAME ": " NR " lines"}' {} \; |
  rule 'files that are too long'
[ $failed = 1 ] || echo 'nothing to complain of'
exit $failed
