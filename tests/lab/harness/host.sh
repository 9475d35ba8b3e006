#!/bin/bash
# The first process of a lab host, in namespaces of its own: gives it its disk, then keeps sshd and
# dockerd running, as an init would.
#   host.sh DISK NAME MTU CGROUP
set -euo pipefail
disk=$1 name=$2 mtu=$3 cgroup=$4

hostname "$name"

# Mounts of the machine's own containers and namespaces: held here as well, they could not be
# removed there.
foreign() {
  awk '{ for (i = 7; $i != "-"; i++) continue; print $5, $(i + 1) }' /proc/self/mountinfo |
    awk '$1 != "/" && ($2 == "overlay" || $2 == "nsfs" || $1 ~ "^(/var/lib/docker|/run)/.")'
}
while read -r mounted _; do
  umount --lazy "$(printf '%b' "$mounted")"
done < <(foreign | tac)

# An /etc of its own over the machine's: users, host keys and the engine's id are this host's.
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$disk/etc,workdir=$disk/etc.work" /etc
mkdir -p /etc/ssh /etc/docker
mount --bind "$disk/ssh" /etc/ssh
mount --bind "$disk/docker-config" /etc/docker
mount --bind "$disk/docker" /var/lib/docker
mount --bind "$disk/srv" /srv
mount --bind "$disk/home" /home

# What a power cut loses. Where the list of name servers is in /run, it is taken along.
names=$(readlink -f /etc/resolv.conf)
servers=$(cat "$names")
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/lock "$(dirname "$names")"
if [[ $names == /run/* ]]; then echo "$servers" >"$names"; fi

# Small disks of the host's own (tests/lab/harness/smallDisk.ts).
mount --all --fstab "$disk/fstab"

# The namespace outlives a power cut; what an engine has made in it must not.
for bridge in $(ip -brief link show type bridge | cut -d " " -f 1); do ip link delete "$bridge"; done
for table in filter nat; do
  iptables --table "$table" --flush
  iptables --table "$table" --delete-chain
done

# As systemd does with both: started again, a second later, whatever ended them.
keep() {
  until [[ -e /run/shutting-down ]]; do
    "$@" || echo "$1 ended with $?"
    sleep 1
  done
}
keep /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config &
keep dockerd --host unix:///run/docker.sock --group docker --storage-driver overlay2 \
  --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$cgroup" --mtu "$mtu" &
# Orphans become children of this process; a shell that waits reaps them.
while :; do
  wait -n || continue
done
