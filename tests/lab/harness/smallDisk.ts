/** Disks of a bounded size on a host, for data that is to fill them. */
import { ControlError } from "../../../control/errors";
import { mustInside } from "./host";
import type { HostPlace } from "./place";

const MOST_MIB = 4096;

/**
 * Gives a host an empty ext4 disk of so many MiB, mounted on a path below /srv; there again after a
 * power cut, gone with the host. To be called before the engine uses the path.
 */
export async function addDisk(host: HostPlace, path: string, mib: number): Promise<void> {
  if (!/^\/srv(\/[A-Za-z0-9_-]+)+$/.test(path) || !(mib >= 16 && mib <= MOST_MIB))
    throw new ControlError({
      doing: `add a disk of ${mib} MiB on ${path}`,
      where: `host ${host.name}`,
      found: `a path below /srv of plain letters and 16 to ${MOST_MIB} MiB are possible`,
      remedy: "Choose such ones.",
    });
  // No blocks kept for root: full is full for everybody.
  const script = `
set -euo pipefail
path=$1 mib=$2 fstab=$3
image=/srv/.disk-$(basename "$path").img
grep -q " $path " "$fstab" && { echo "$path has a disk" >&2; exit 1; }
truncate -s "\${mib}M" "$image"
mkfs.ext4 -q -m 0 -E nodiscard "$image"
mkdir -p "$path"
echo "$image $path ext4 loop 0 0" >> "$fstab"
mount --fstab "$fstab" "$path"
rm -rf "$path/lost+found"
`;
  const argv = ["bash", "-c", script, "disk", path, String(mib), `${host.disk}/fstab`];
  await mustInside(host, `add a disk on ${path}`, argv);
}
