#!/usr/bin/env bash
# Install the Debian packages that are missing, or say which command would: debian-packages.sh NAME...
set -euo pipefail
missing=()
for name in "$@"; do
  dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
command="apt-get install --yes --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null; then
  echo "missing programs: this system has no apt-get; install what Debian calls: ${missing[*]}" >&2
  exit 1
fi
echo "installing Debian packages: ${missing[*]}" >&2
# A server that Debian's package would start is not wanted, now or when the machine starts: we start our own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] && printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null 2>&1; then
  trap '$sudo rm -f $policy' EXIT
  $sudo chmod +x $policy
fi
if ! $sudo env DEBIAN_FRONTEND=noninteractive $command >/dev/null 2>&1 &&
  ! { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive $command >/dev/null; }; then
  echo "missing Debian packages: ${missing[*]}; install them with: sudo $command" >&2
  exit 1
fi
if command -v systemctl >/dev/null; then
  for name in "${missing[@]}"; do
    $sudo systemctl disable "$name" >/dev/null 2>&1 || true # most packages are no service
  done
fi
