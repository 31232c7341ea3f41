#!/bin/sh
# Prints what the header declares, a function a line: "uint32_t raet_version(void)".
set -eu
sed 's|/\*.*\*/||' "$(dirname "$0")/../../Include/raet.h" |
  awk '/^RAET_API /{on=1} on{line = line $0 " "} on && /;/{print line; line=""; on=0}' |
  sed 's/^RAET_API //; s/  */ /g; s/; *$//'
