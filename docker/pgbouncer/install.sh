#!/bin/sh
# shellcheck disable=SC2016
# Installs the packages of the pgbouncer image: one layer, cleaned up at its end.
set -eu
suite=$1
export DEBIAN_FRONTEND=noninteractive
. /etc/os-release

apt-get update
libc=$(dpkg-query -W -f '${Version}' libc6)
# psql is for the health check.
apt-get install -y --no-install-recommends socat postgresql-client postgresql-common
cp "$(find /usr/lib/postgresql -name psql)" /tmp/psql

package=pgbouncer
if [ -n "$suite" ]; then
  # The base's own mirror, whichever it is, with the other suite ranked below it.
  uri=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Codename: $VERSION_CODENAME" | head -n 1)
  signed=$(apt-get indextargets --format '$(SIGNED_BY)' "Created-By: Packages" "Codename: $VERSION_CODENAME" | head -n 1)
  # Debian testing dates its index for a week. A mirror that lags has a signed, older one: still newer
  # than the base's own packages.
  case $signed in /*) option="check-valid-until=no signed-by=$signed" ;; *) option="check-valid-until=no" ;; esac
  echo "deb [$option] $uri $suite main" > /etc/apt/sources.list.d/newer.list
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 50\n' "$suite" > /etc/apt/preferences.d/newer
  apt-get update
  package=pgbouncer/$suite
fi
apt-get install -y --no-install-recommends "$package"
if [ "$(dpkg-query -W -f '${Version}' libc6)" != "$libc" ]; then
  echo "libc6 was $libc and would change: take PgBouncer from a suite nearer to the base" >&2
  exit 1
fi

# Removed against the dependencies: the Debian cluster tools and their Perl.
gone="ssl-cert postgresql-client postgresql-client-[0-9]* postgresql-common postgresql-common-dev postgresql-client-common
  libjson-perl libio-pty-perl libipc-run-perl libtext-charwidth-perl libtext-wrapi18n-perl
  ucf sensible-utils adduser perl perl-modules-5.* libperl5.* libgdbm-compat4t64 libgdbm6t64"
# shellcheck disable=SC2046,SC2086
for p in $(dpkg-query -W -f '${Package}\n' $gone 2>/dev/null | sort -u); do
  rm -f "/var/lib/dpkg/info/$p.prerm" "/var/lib/dpkg/info/$p.postrm"
  dpkg --purge --force-depends "$p"
done
install -m 0755 /tmp/psql /usr/local/bin/psql

mkdir -p /usr/share/postgres-ha
{
  echo "base $PRETTY_NAME"
  psql --version
  dpkg-query -W -f '${Package} ${Version}\n'
} > /usr/share/postgres-ha/versions

find / -xdev -perm /6000 -type f -exec chmod a-s {} +
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/*.log /var/log/apt \
  /var/log/postgresql /var/lib/postgresql /tmp/* \
  /etc/apt/sources.list.d/newer.list /etc/apt/preferences.d/newer \
  /run/adduser /run/postgresql /etc/ssl/private /etc/ssl/certs/ssl-cert-snakeoil.pem \
  /etc/pgbouncer /etc/postgresql /etc/postgresql-common /etc/init.d /etc/logrotate.d /etc/default/pgbouncer \
  /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /usr/share/postgresql*
