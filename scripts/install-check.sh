#!/bin/bash
# Installs into a temporary folder, builds one program as C and as C++ by what pkg-config says, runs both, runs the
# programs of README.md, the Python binding's, SECURITY.md and docs/ROUTING.md, and uninstalls.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
prefix=/opt/raet
make --no-print-directory install DESTDIR="$root" PREFIX=$prefix

# Only there: a program that uses the library needs no development packages of what the library uses.
export PKG_CONFIG_LIBDIR=$root$prefix/lib/pkgconfig LD_LIBRARY_PATH=$root$prefix/lib
raet=(pkg-config --define-variable=prefix="$root$prefix")
cat > "$root/app.c" <<'END'
#include <raet.h>
#include <stdio.h>
#include <string.h>
int main(void) {
  raet_config *config = NULL;
  if (raet_config_new(RAET_KIND_ROAD, &config) != RAET_OK) return 1;
  raet_config_free(config);
  puts(raet_version_string());
  return raet_version() == RAET_VERSION_NUMBER ? 0 : 1;
}
END
cp "$root/app.c" "$root/app.cc"
${CC:-cc} -Wall -Wextra -Werror "$root/app.c" $("${raet[@]}" --cflags --libs raet) -o "$root/app"
${CXX:-c++} -Wall -Wextra -Werror "$root/app.cc" $("${raet[@]}" --cflags --libs raet) -o "$root/app++"
version=$("${raet[@]}" --modversion raet)
test "$("$root/app")" = "$version"
test "$("$root/app++")" = "$version"
echo "libraet $version installs, and C and C++ programs run with it"

. scripts/lib/binding.sh
binding_python
for document in README.md Bindings/python/README.md SECURITY.md docs/ROUTING.md; do
  CFLAGS=$("${raet[@]}" --cflags raet) LIBS=$("${raet[@]}" --libs raet) "$PYTHON" scripts/readme.py $document "$root"
done

make --no-print-directory uninstall DESTDIR="$root" PREFIX=$prefix
left=$(find "$root$prefix" ! -type d)
test -z "$left" || { echo "left behind: $left"; exit 1; }
