/**
 * What a member's data volume holds, and the permit by which a new cluster may be made in it. Without
 * a container of the member it is looked at through another one, which is never started.
 */
import type Docker from "dockerode";
import type { ContainerAccess } from "../model/access";
import type { MemberData } from "../model/hostResources";
import { BOOTSTRAP_PERMIT, PG_ROOT, UID } from "../model/paths";
import { getFile, putFiles } from "./archive";
import { containerState, dockerClient, dockerFailure, dockerStatus, place } from "./docker";
import { ControlError, UnreachableError } from "./errors";
import { createTask, removeTask } from "./task";

/** What a data volume holds. */
export type DataSeen =
  /** Data of the cluster with this system identifier, decimal. */
  | { readonly kind: "data"; readonly identifier: string }
  /** A permit: PostgreSQL has not run there yet. */
  | { readonly kind: "permit" }
  | { readonly kind: "none"; readonly found: string };

/**
 * Looks into a member's data volume.
 *
 * @throws where nothing can be told: no answer of the engine, no image to look by, a broken file.
 */
export async function lookAtData(member: MemberData): Promise<DataSeen> {
  if ((await containerState(member)).exists) return lookIn(member, member);
  const seen = await withVolume(member, (task) => lookIn(task, member));
  return seen ?? { kind: "none", found: member.device ? "is not there" : "does not exist" };
}

/** Allows a new cluster in a member's data volume, until PostgreSQL first starts there. */
export async function permitBootstrap(member: MemberData): Promise<void> {
  const path = BOOTSTRAP_PERMIT.slice(PG_ROOT.length + 1);
  const content = "A new cluster may be made here. PostgreSQL's first start removes this file.\n";
  const file = { content, mode: 0o600, uid: UID.postgres, gid: UID.postgres };
  const done = await withVolume(member, async (task) => {
    await putFiles(task, PG_ROOT, new Map([[path, file]]));
    return true;
  });
  if (done !== true) throw missing(member);
}

/** Whether PostgreSQL has not run in a member's volume yet, so that there is nothing to lose. */
export async function hasNeverRun(member: ContainerAccess): Promise<boolean> {
  return (await getFile(member, BOOTSTRAP_PERMIT)) !== undefined;
}

/** Removes what a killed look may have left: a container keeps its volume from being removed. */
export function clearLook(member: MemberData): Promise<void> {
  return removeTask(taskOf(member));
}

/** `volume NAME on host NAME`, or the directory behind it. */
export function dataPlace({ device, volume, host }: MemberData): string {
  return `${device ?? `volume ${volume}`} on host ${host.name}`;
}

/** System identifier, decimal, of the cluster that a pg_control file belongs to. */
export function systemIdentifierOf(control: Buffer, where: string): string {
  if (control.length < 12) {
    throw new ControlError({
      doing: "read the system identifier",
      where,
      found: `pg_control is ${control.length} bytes long, 8192 is its size`,
      remedy: "This data is damaged: empty the volume, its member then copies another one's data.",
    });
  }
  // Written in the machine's own byte order: the version after it is a small number in one of both.
  const little = control.readUInt32LE(8) < 65_536;
  return (little ? control.readBigUInt64LE(0) : control.readBigUInt64BE(0)).toString();
}

/** The permit counts first: until PostgreSQL has run, what lies there may be half made. */
async function lookIn(access: ContainerAccess, member: MemberData): Promise<DataSeen> {
  const [permit, control] = await Promise.all([
    getFile(access, BOOTSTRAP_PERMIT),
    getFile(access, `${member.dataDirectory}/global/pg_control`),
  ]);
  if (permit !== undefined) return { kind: "permit" };
  if (control !== undefined) {
    return { kind: "data", identifier: systemIdentifierOf(control, dataPlace(member)) };
  }
  // The engine says the same of a missing file and of a container that went away meanwhile.
  if (!(await containerState(access)).exists) throw wentAway(access);
  return { kind: "none", found: `holds no data in ${member.dataDirectory}` };
}

/** Works with a container that has the volume mounted; undefined when there is no volume. */
async function withVolume<T>(
  member: MemberData,
  work: (task: ContainerAccess) => Promise<T>,
): Promise<T | undefined> {
  const mount = await mountOf(member);
  if (mount === undefined) return undefined;
  const task = taskOf(member);
  try {
    await createTask(task, taskOptions(member.image, mount));
  } catch (error) {
    // The engine refuses a bind of a missing path with 400.
    if (dockerStatus((error as Error).cause) === 400) return undefined;
    throw error;
  }
  try {
    return await work(task);
  } finally {
    await removeTask(task);
  }
}

/** An engine makes a volume that a container names and that is not there: asked for before. */
async function mountOf(member: MemberData): Promise<Docker.MountSettings | undefined> {
  const { host, volume, device } = member;
  try {
    await dockerClient(host).getVolume(volume).inspect();
    return { Type: "volume", Source: volume, Target: PG_ROOT };
  } catch (error) {
    if (dockerStatus(error) !== 404) throw dockerFailure("look for a data volume", member, error);
    return device === undefined ? undefined : { Type: "bind", Source: device, Target: PG_ROOT };
  }
}

function taskOf({ host, volume }: MemberData): ContainerAccess {
  return { host, container: `${volume}-look` };
}

function taskOptions(image: string, mount: Docker.MountSettings): Docker.ContainerCreateOptions {
  return {
    Image: image,
    Cmd: ["none"],
    Healthcheck: { Test: ["NONE"] },
    HostConfig: { Mounts: [mount], NetworkMode: "none", CapDrop: ["ALL"] },
  };
}

function wentAway(access: ContainerAccess): UnreachableError {
  return new UnreachableError({
    doing: "look into a data volume",
    where: place(access),
    found: "the container went away meanwhile",
    remedy: "Another command is at work: run this one again after it.",
  });
}

function missing(member: MemberData): ControlError {
  return new ControlError({
    doing: "allow a new cluster in a data volume",
    where: dataPlace(member),
    found: "it is not there",
    remedy: "Run `up` again: it makes the volume before.",
  });
}
