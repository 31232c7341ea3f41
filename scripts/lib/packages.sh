# need_packages PACKAGE...: installs the Debian packages that are missing. To be sourced.
need_packages() {
  local package missing=() as_root=()
  for package in "$@"; do
    # No pipe here: its reader would end early, and under pipefail that now and then counts as a failure.
    [ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = 'install ok installed' ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  echo "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
