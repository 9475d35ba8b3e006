/** Several Docker hosts on one machine, each reached by ssh as a real one would be. */
import { ControlError } from "../../../control/errors";
import type { Captured } from "../../../setup/process";
import { lines } from "../../../setup/progress";
import { agentSocket, operatorKey, startAgent, stopAgent } from "./agent";
import { removeCgroup } from "./cgroups";
import { DEPLOY, hostKey, makeDisk, removeTree } from "./disk";
import { answers, inside, powerOff, powerOn, restartEngine, shutDown, ssh } from "./host";
import { ready, requireRoot } from "./machine";
import {
  freeBlock,
  linkIsUp,
  makeNetwork,
  namespaces,
  plugIn,
  removeNetwork,
  setLink,
  uplinkMtu,
} from "./network";
import { type HostPlace, hostOf, type Place, placeOf } from "./place";
import { firstProcess, inNamespace, killAll } from "./processes";
import { lockedLab, readLab, refuseCount, writeLab } from "./record";

/** One host, for those who deploy to it. */
export interface LabHost {
  readonly name: string;
  readonly address: string;
  /** For the stack config: `ssh://deploy@...`. */
  readonly docker: string;
  /** Its public host key now: type and key. */
  readonly hostKey: string;
  /** Where its disk is on this machine. */
  readonly disk: string;
}

/** State of a host. */
export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly power: "on" | "off";
  readonly cable: "plugged" | "pulled";
  /** Version of the engine as `deploy` gets it by ssh, or why there is none. */
  readonly engine: string;
}

/** The lab of a place; nothing is touched by making this. */
export class Lab {
  constructor(readonly place: Place = placeOf()) {}

  /**
   * Brings up as many hosts; those that run are left as they are, those that are off are powered
   * on. Without a number: as many as there are, 3 at first.
   */
  async up(count?: number): Promise<void> {
    await ready();
    await this.locked(async () => {
      const written = readLab(this.place);
      const hosts = count ?? written?.hosts ?? 3;
      refuseCount(this.place, hosts, written?.hosts ?? 0);
      const block = written?.block ?? (await freeBlock(this.place));
      writeLab(this.place, { block, hosts });
      const mtu = await uplinkMtu(this.place);
      await makeNetwork(this.place, block, mtu);
      const key = await operatorKey(this.place);
      await startAgent(this.place);
      for (const host of this.places()) {
        await makeDisk(host, key);
        await plugIn(this.place, block, host, mtu);
      }
      await lines.during("waiting for the hosts", () =>
        all(this.places().map((host) => powerOn(this.place, host, mtu))),
      );
    });
  }

  /** Removes all of it, whatever is there; nothing left afterwards is the lab's. */
  async down(): Promise<void> {
    requireRoot();
    await this.locked(async () => {
      const left = (): number[] => namespaces(this.place).flatMap(inNamespace);
      await killAll("all processes of the lab", left);
      await stopAgent(this.place);
      await removeCgroup(this.place.cgroup);
      await removeNetwork(this.place);
      removeTree(this.place.folder);
    });
  }

  /** The hosts, as they are to be deployed to. */
  get hosts(): LabHost[] {
    return this.places().map((host) => ({
      name: host.name,
      address: host.address,
      docker: `ssh://${DEPLOY}@${host.address}`,
      hostKey: hostKey(host),
      disk: host.disk,
    }));
  }

  /** The value of `postgres-ha:hosts` for these hosts, each with the same parts unless told otherwise. */
  stackHosts(
    runs: (name: string) => unknown = () => [
      ...["consul", "postgres", "haproxy", "pgbouncer", "backup"],
    ],
  ): Record<string, unknown>[] {
    return this.hosts.map(({ name, address, docker, hostKey: key }) => ({
      ...{ name, address, docker, hostKey: key },
      runs: runs(name),
    }));
  }

  /** What a program needs in its environment to get into the hosts by plain `ssh`. */
  environment(): { SSH_AUTH_SOCK: string } {
    return { SSH_AUTH_SOCK: agentSocket(this.place) };
  }

  /** State of every host. */
  status(): Promise<HostStatus[]> {
    return Promise.all(
      this.places().map(async (host) => {
        const version = ["docker", "version", "--format", "{{.Server.Version}}"];
        const on = firstProcess(host.netns) !== undefined;
        const plugged = linkIsUp(host);
        const asked = on && plugged ? await ssh(this.place, host, version) : undefined;
        return {
          name: host.name,
          address: host.address,
          power: on ? "on" : "off",
          cable: plugged ? "plugged" : "pulled",
          engine: asked === undefined ? "out of reach" : (asked.stdout || asked.stderr).trim(),
        } as const;
      }),
    );
  }

  /** Runs a command on a host by ssh as `deploy`. */
  ssh(name: string, argv: readonly string[]): Promise<Captured> {
    return ssh(this.place, this.host(name), argv);
  }

  /** Runs a command in a host as root, without its network. */
  inside(name: string, argv: readonly string[]): Promise<Captured> {
    return inside(this.host(name), argv);
  }

  /** Pulls the cables of hosts: nothing reaches them, this machine included. */
  async cut(...names: string[]): Promise<void> {
    await all(names.map((name) => setLink(this.host(name), false)));
  }

  /** Plugs the cables of hosts in and waits until those that are on answer. */
  async heal(...names: string[]): Promise<void> {
    const hosts = names.map((name) => this.host(name));
    await all(hosts.map((host) => setLink(host, true)));
    const on = hosts.filter(({ netns }) => firstProcess(netns) !== undefined);
    await all(on.map((host) => answers(this.place, host)));
  }

  /** Cuts the power of hosts, all at once. */
  async powerOff(...names: string[]): Promise<void> {
    const hosts = names.map((name) => this.host(name));
    await this.locked(() => all(hosts.map(powerOff)));
  }

  /** Powers hosts on, with the disks that they had, and waits until they answer. */
  async powerOn(...names: string[]): Promise<void> {
    const mtu = await uplinkMtu(this.place);
    const hosts = names.map((name) => this.host(name));
    await this.locked(() => all(hosts.map((host) => powerOn(this.place, host, mtu))));
  }

  /** Reboots a host in good order, as a person does, and waits until it answers. */
  async reboot(name: string): Promise<void> {
    const mtu = await uplinkMtu(this.place);
    await this.locked(async () => {
      await shutDown(this.host(name));
      await powerOn(this.place, this.host(name), mtu);
    });
  }

  /** Restarts the engine of a host and waits until it answers. */
  restartEngine(name: string): Promise<void> {
    return restartEngine(this.place, this.host(name));
  }

  /** Puts an empty machine in a host's place: same address, new disk, host key and engine. */
  async replace(name: string): Promise<void> {
    const host = this.host(name);
    const mtu = await uplinkMtu(this.place);
    await this.locked(async () => {
      await powerOff(host);
      removeTree(host.folder);
      await makeDisk(host, await operatorKey(this.place));
      await powerOn(this.place, host, mtu);
    });
  }

  /** The names and folders of a host. */
  host(name: string): HostPlace {
    const hosts = this.places();
    const found = hosts.find((host) => host.name === name);
    if (found !== undefined) return found;
    throw new ControlError({
      doing: `find host ${name}`,
      where: `lab ${this.place.hash}`,
      found:
        hosts.length === 0 ? "the lab is down" : `it has ${hosts.map((h) => h.name).join(", ")}`,
      remedy: hosts.length === 0 ? 'Run "npm run lab -- up".' : "Name one of these.",
    });
  }

  /** The names and folders of all hosts; none when the lab is down. */
  places(): HostPlace[] {
    const written = readLab(this.place);
    if (written === undefined) return [];
    return Array.from({ length: written.hosts }, (_, index) =>
      hostOf(this.place, written.block, index + 1),
    );
  }

  private locked<T>(work: () => Promise<T>): Promise<T> {
    return lockedLab(this.place, work);
  }
}

/** Waits for all of them, so that nothing goes on after the first failure is thrown. */
async function all(works: Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(works);
  const failed = ended
    .filter((end) => end.status === "rejected")
    .map((end) => end.reason as unknown);
  if (failed.length > 0) throw failed.length === 1 ? failed[0] : new AggregateError(failed);
}
