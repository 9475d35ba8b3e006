#!/bin/sh
# shellcheck disable=SC2016
# Installs the packages of the postgres image: one layer, cleaned up at its end.
set -eu
major=$1 pgdg=$2 backrest_suite=$3 with_jit=$4 locales=$5 extra=$6
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends "$@"; }

apt-get update
libc=$(dpkg-query -W -f '${Version}' libc6)
. /etc/os-release

# postgresql-common makes a cluster with each server package, unless told so.
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
install ca-certificates postgresql-common

if [ -n "$pgdg" ]; then
  # The key comes signed with the Debian package, not over the network.
  key=/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc
  echo "deb [signed-by=$key] $pgdg $VERSION_CODENAME-pgdg main" > /etc/apt/sources.list.d/pgdg.list
  apt-get update
  backrest=pgbackrest
elif [ -n "$backrest_suite" ]; then
  # The base's own mirror, whichever it is, with the other suite ranked below it.
  uri=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Codename: $VERSION_CODENAME" | head -n 1)
  signed=$(apt-get indextargets --format '$(SIGNED_BY)' "Created-By: Packages" "Codename: $VERSION_CODENAME" | head -n 1)
  # Debian testing dates its index for a week. A mirror that lags has a signed, older one: still newer
  # than the base's own packages.
  case $signed in /*) option="check-valid-until=no signed-by=$signed" ;; *) option="check-valid-until=no" ;; esac
  echo "deb [$option] $uri $backrest_suite main" > /etc/apt/sources.list.d/newer.list
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 50\n' "$backrest_suite" > /etc/apt/preferences.d/newer
  apt-get update
  backrest=pgbackrest/$backrest_suite
else
  backrest=pgbackrest
fi

# From 18 on just-in-time compilation is a package of its own.
if [ "$with_jit" = 1 ] && apt-cache show "postgresql-$major-jit" > /dev/null 2>&1; then
  extra="$extra postgresql-$major-jit"
fi
# shellcheck disable=SC2086
install "postgresql-$major" "postgresql-$major-pgvector" "postgresql-$major-pgaudit" \
  "postgresql-$major-repack" "postgresql-$major-cron" \
  patroni python3-consul "$backrest" curl socat locales $extra

if [ "$(dpkg-query -W -f '${Version}' libc6)" != "$libc" ]; then
  echo "libc6 was $libc and would change: members must all have the base's libc" >&2
  exit 1
fi

# A newer Patroni of another repository may have other code: it works all the same, a second or two slower.
python3 /tmp/quicker-handover /usr/lib/python3/dist-packages/patroni || [ -n "$pgdg" ]

for l in $locales; do localedef -i "${l%%.*}" -f "${l#*.}" "$l"; done

dpkg-query -W -f '${Package} ${Version}\n' > /tmp/before

# Removed against the dependencies: the Debian cluster tools and their Perl (Patroni
# replaces them), a self-signed key pair that ssl-cert makes, and LLVM unless wanted.
gone="patroni-doc ssl-cert postgresql-common postgresql-common-dev postgresql-client-common
  libjson-perl libio-pty-perl libipc-run-perl libtext-charwidth-perl libtext-wrapi18n-perl
  ucf sensible-utils adduser perl perl-modules-5.* libperl5.* libgdbm-compat4t64 libgdbm6t64"
[ "$with_jit" = 1 ] || gone="$gone libllvm* libz3-4"
# shellcheck disable=SC2046,SC2086
for p in $(dpkg-query -W -f '${Package}\n' $gone 2>/dev/null | sort -u); do
  # Their maintainer scripts expect each other; nothing of theirs is to stay.
  rm -f "/var/lib/dpkg/info/$p.prerm" "/var/lib/dpkg/info/$p.postrm"
  dpkg --purge --force-depends --force-remove-essential "$p"
done
rm -rf /etc/ssl/private /etc/ssl/certs/ssl-cert-snakeoil.pem /run/adduser /run/postgresql /etc/postgresql /etc/postgresql-common /etc/patroni
if [ "$with_jit" != 1 ]; then
  rm -rf "/usr/lib/postgresql/$major/lib/bitcode" "/usr/lib/postgresql/$major/lib/llvmjit.so" \
    "/usr/lib/postgresql/$major/lib/llvmjit_types.bc"
fi

mkdir -p /usr/share/postgres-ha
{
  echo "base $PRETTY_NAME"
  dpkg-query -W -f '${Package} ${Version}\n'
} > /usr/share/postgres-ha/versions

# No package of theirs may leave something running with more rights than its caller.
find / -xdev -perm /6000 -type f -exec chmod a-s {} +

rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/* \
  /var/log/*.log /var/log/apt /var/log/postgresql /tmp/* \
  /etc/apt/sources.list.d/newer.list /etc/apt/preferences.d/newer \
  /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /usr/share/i18n \
  /usr/share/lintian /var/lib/postgresql /var/lib/pgbackrest \
  /etc/pgbackrest.conf /etc/logrotate.d /usr/lib/systemd /etc/cron* /etc/init.d
find / -xdev -name __pycache__ -type d -exec rm -rf {} +
python3 -m compileall -q /usr/lib/python3/dist-packages /usr/lib/python3.[0-9]* > /dev/null || true
