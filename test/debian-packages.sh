#!/bin/sh
# Installs what the real tests need on Debian or Ubuntu, as root. Elsewhere it says so and leaves:
# the tests then skip what is missing, or fail if CI is set.
set -eu
if [ ! -e /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
  echo "not root on Debian: install the test tools yourself (see $0), or their tests are skipped" >&2
  exit 0
fi
packages="ca-certificates openssl gnutls-bin libnss3-tools curl wget sudo opendoas bindfs fuse3
  shellcheck python3-yaml chromium firefox-esr default-jdk-headless mkcert easy-rsa golang-cfssl expect maven tomcat10
  wine64 wine gcc-mingw-w64-x86-64
  slapd dovecot-imapd python3-aiosmtpd
  nginx-light apache2 haproxy caddy mariadb-server postgresql redis-server mosquitto mosquitto-clients
  php-cli python3 golang-go puma
  strace sqlite3 faketime iproute2 lsof zsh fish man-db openssh-client softhsm2 opensc
  uvicorn gunicorn python3-flask python3-django python3-django-extensions python3-openssl
  python3-requests python3-httpx python3-cryptography python3-pip dpkg-dev"
missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0
export DEBIAN_FRONTEND=noninteractive
# The tests start the servers themselves: their services must not start on install.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing
