#!/bin/bash
# Checks the library as it ships: library.sh build/libraet.so.0.1.0
# What it exports is what the header declares; it needs only the libraries it may; it is small and hardened.
set -euo pipefail
so=$1
cd "$(dirname "$0")/../.."
failed=0
check() { # check TEXT COMMAND...
  if "${@:2}"; then echo "ok      $1"; else echo "FAILED  $1"; failed=1; fi
}

exports() { nm -D --defined-only "$so" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort; }
declared() { Tests/abi/declarations.sh | sed 's/.*[ *]\(raet_[a-z0-9_]*\)(.*/\1/' | sort; }
same_names() {
  ! { comm -23 <(declared) <(exports) | sed 's/^/        not in the library: /'
    comm -13 <(declared) <(exports) | sed 's/^/        not in the header: /'; } | grep .
}
only_functions() { ! nm -D --defined-only "$so" | awk '$2 != "A" && $2 != "T"' | grep .; }
only_raet() { ! exports | grep -v '^raet_'; }
needed() { readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
needs_little() { ! needed | grep -v -E '^(libc|libm|libsodium|libmsgpackc|libjansson|ld-linux[a-z0-9-]*)\.so\.'; }
old_glibc() { # the newest version of a glibc symbol that it asks for
  local newest
  newest=$(nm -D --undefined-only "$so" | sed -n 's/.*@GLIBC_\([0-9.]*\)$/\1/p' | sort -V | tail -1)
  echo "        glibc $newest"
  [ "$(printf '%s\n' "$newest" 2.34 | sort -V | tail -1)" = 2.34 ]
}
small() { local size; size=$(stat -L -c %s "$so"); echo "        $size bytes"; [ "$size" -le 1048576 ]; }
stripped() { ! readelf -S "$so" | grep -E '\.(symtab|debug_info)'; }
soname() { readelf -d "$so" | grep -q 'SONAME.*\[libraet\.so\.0\]'; }
header() { readelf -lW "$so" | grep -q -E "$1"; }
bind_now() { readelf -d "$so" | grep -q 'FLAGS_1.*NOW'; }
no_text_relocations() { ! readelf -d "$so" | grep TEXTREL; }
no_run_path() { ! readelf -d "$so" | grep -E 'R(UN)?PATH'; }

check 'exports what the header declares, no more and no less' same_names
check 'exports raet_* alone' only_raet
check 'exports functions alone' only_functions
check 'needs libc, libm, libsodium, libmsgpackc and libjansson alone' needs_little
check 'runs with glibc 2.34' old_glibc
check 'is at most 1 MB' small
check 'is stripped' stripped
check 'is named libraet.so.0' soname
check 'has no executable stack' header 'GNU_STACK .* RW +0x'
check 'has relocations read-only' header GNU_RELRO
check 'binds at once' bind_now
check 'has no text relocations' no_text_relocations
check 'has no path of its own to libraries' no_run_path
check 'tells when a fault of its own stops the program' grep -q raet-internal "$so"
exit $failed
