#!/bin/sh
# Installs what the real tests need on Debian or Ubuntu, as root. Elsewhere it says so and leaves:
# the tests then skip what is missing, or fail if CI is set.
set -eu
if [ ! -e /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
  echo "not root on Debian: install the test tools yourself (see $0), or their tests are skipped" >&2
  exit 0
fi
packages="ca-certificates openssl gnutls-bin libnss3-tools curl wget
  chromium firefox-esr default-jdk-headless mkcert expect
  wine64 wine gcc-mingw-w64-x86-64"
missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing
