import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotYet, until } from "../../control/until";
import { root } from "../../setup/paths";
import { begin, type Fault, withFault } from "./harness/fault";
import {
  crash,
  delay,
  freeze,
  fullDisk,
  kill,
  loss,
  partition,
  stop,
  throttle,
} from "./harness/faults";
import { loadImage, run } from "./harness/images";
import { Lab } from "./harness/lab";
import { placeOf } from "./harness/place";
import { addDisk } from "./harness/smallDisk";

const lab = new Lab(placeOf(root, "lab-test"));
const HOSTS = ["pg1", "pg2", "pg3"];

const state = async (name: string): Promise<string> => {
  const format = ["--format", "{{.State.Status}}"];
  return (await lab.inside("pg1", ["docker", "inspect", ...format, name])).stdout.trim();
};
const becomes = (name: string, wanted: string): Promise<void> =>
  until(`${name} ${wanted}`, { timeoutMs: 15_000 }, async () => {
    const found = await state(name);
    if (found !== wanted) throw new NotYet(found);
  });
/** Which of the others a host can open a connection to. */
const reached = async (from: string): Promise<string[]> => {
  const others = HOSTS.filter((name) => name !== from);
  const script = 'exec 3<>"/dev/tcp/$1/22"';
  const ends = await Promise.all(
    others.map((to) =>
      lab.inside(from, ["timeout", "2", "bash", "-c", script, "bash", lab.host(to).address]),
    ),
  );
  return others.filter((_, index) => ends[index]?.code === 0);
};
const rules = async (name: string): Promise<string> =>
  (await lab.inside(name, ["iptables", "-t", "mangle", "-S"])).stdout;

beforeAll(async () => {
  await lab.down();
  await lab.up(3);
  await loadImage(lab, "pg1");
  await run(lab, "pg1", "plain");
  await run(lab, "pg1", "restarted", ["--restart", "always"]);
});
afterAll(() => lab.down());

describe("faults of a container", () => {
  it.each<[string, () => Fault, string]>([
    ["kill", () => kill(lab, "pg1", "plain"), "exited"],
    ["kill against a restart policy", () => kill(lab, "pg1", "restarted"), "exited"],
    ["crash", () => crash(lab, "pg1", "plain"), "exited"],
    ["stop", () => stop(lab, "pg1", "plain", 1), "exited"],
    ["freeze", () => freeze(lab, "pg1", "plain"), "paused"],
  ])("%s is there during the work and undone after it", async (_, fault, during) => {
    const made = fault();
    const name = made.apply.args[0] ?? "";
    await becomes(name, "running");
    await withFault(made, () => becomes(name, during));
    expect(await state(name)).toBe("running");
  });

  it("a crashed container comes back by its restart policy, and the undo finds it so", async () => {
    await withFault(crash(lab, "pg1", "restarted"), () => becomes("restarted", "running"));
    expect(await state("restarted")).toBe("running");
  });

  it("is undone when the work fails, and the failure is what is told", async () => {
    const failing = (): Promise<void> => Promise.reject(new Error("of the work"));
    await expect(withFault(freeze(lab, "pg1", "plain"), failing)).rejects.toThrow("of the work");
    expect(await state("plain")).toBe("running");
  });

  it("is undone when the work takes longer than the fault lasts", async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    await expect(withFault(freeze(lab, "pg1", "plain"), never, 1)).rejects.toThrow(/within 1 s/);
    expect(await state("plain")).toBe("running");
  });

  it("is undone by the host when nobody else does", async () => {
    const undo = await begin(freeze(lab, "pg1", "plain"), 2);
    expect(await state("plain")).toBe("paused");
    await becomes("plain", "running");
    await undo();
    expect(await state("plain")).toBe("running");
  });

  it("of one that is not there is refused, and those begun before it are undone", async () => {
    const faults = [freeze(lab, "pg1", "plain"), freeze(lab, "pg1", "nobody")];
    await expect(withFault(faults, () => Promise.resolve())).rejects.toThrow(/nobody/);
    expect(await state("plain")).toBe("running");
  });
});

describe("faults of the network", () => {
  it("a partition parts both sides and leaves the rest, the operator too", async () => {
    await withFault(partition(lab, ["pg1"], ["pg2", "pg3"]), async () => {
      expect(await reached("pg1")).toEqual([]);
      expect(await reached("pg2")).toEqual(["pg3"]);
      expect((await lab.ssh("pg1", ["true"])).code).toBe(0);
    });
    expect(await reached("pg1")).toEqual(["pg2", "pg3"]);
    expect(await rules("pg1")).not.toContain("lab-");
  });

  it("a partition of one direction lets packets go the other way", async () => {
    for (const direction of ["incoming", "outgoing"] as const)
      await withFault(partition(lab, ["pg1"], ["pg2"], direction), async () => {
        expect(await reached("pg2")).toEqual(["pg3"]);
        const { stdout } = await lab.inside("pg1", ["iptables", "-t", "mangle", "-vnxL"]);
        const hit = (way: string): boolean =>
          new RegExp(`Chain lab-\\d+-\\d+${way} [^]*?\\n\\s*[1-9]\\d* .*DROP`).test(
            stdout.split(/(?=Chain )/).find((part) => part.includes(`${way} (`)) ?? "",
          );
        expect([hit("i"), hit("o")]).toEqual([direction === "incoming", direction === "outgoing"]);
      });
  });

  it("lasts through a power cut of the host, and is undone with the host off", async () => {
    await withFault(partition(lab, ["pg1"], ["pg2"]), async () => {
      await lab.powerOff("pg1");
      await lab.powerOn("pg1");
      expect(await reached("pg1")).toEqual(["pg3"]);
      await lab.powerOff("pg1");
    });
    await lab.powerOn("pg1");
    expect(await reached("pg1")).toEqual(["pg2", "pg3"]);
  });

  it("loses a share of packets, and says which shares are possible", async () => {
    await withFault(loss(lab, "pg2", 0.2), async () => {
      expect(await rules("pg2")).toMatch(/--probability 0\.2/);
    });
    expect(await rules("pg2")).not.toContain("lab-");
    expect(() => loss(lab, "pg2", 1)).toThrow(RangeError);
  });

  it("throttles what a host sends", async () => {
    const qdisc = async (): Promise<string> =>
      (await lab.inside("pg2", ["tc", "qdisc", "show", "dev", "eth0"])).stdout;
    await withFault(throttle(lab, "pg2", 1000), async () => {
      expect(await qdisc()).toContain("tbf");
    });
    expect(await qdisc()).not.toContain("tbf");
  });

  it("delays what a host sends, or says that this kernel cannot", async () => {
    const timed = async (): Promise<number> => {
      const begun = Date.now();
      expect(await reached("pg2")).toEqual(["pg1", "pg3"]);
      return Date.now() - begun;
    };
    const qdiscs = await lab.inside("pg3", ["tc", "qdisc", "add", "dev", "lo", "root", "netem"]);
    const delayed = withFault(delay(lab, "pg2", 300), timed);
    if (qdiscs.code === 0) expect(await delayed).toBeGreaterThanOrEqual(300);
    else await expect(delayed).rejects.toThrow(/sch_netem/);
  });
});

describe("a full disk", () => {
  it("takes no more data, and does again after", async () => {
    await addDisk(lab.host("pg1"), "/srv/pg", 32);
    const write = ["dd", "if=/dev/zero", "of=/srv/pg/data", "bs=64k", "count=4"];
    await withFault(fullDisk(lab, "pg1", "/srv/pg"), async () => {
      const { code, stderr } = await lab.inside("pg1", write);
      expect(code).not.toBe(0);
      expect(stderr).toContain("No space left on device");
    });
    expect((await lab.inside("pg1", write)).code).toBe(0);
  });

  it("is there again after a power cut", async () => {
    await lab.powerOff("pg1");
    await lab.powerOn("pg1");
    expect((await lab.inside("pg1", ["ls", "/srv/pg"])).stdout).toContain("data");
    expect((await lab.inside("pg1", ["mountpoint", "/srv/pg"])).code).toBe(0);
  });

  it("is never one that the machine lives on", async () => {
    const begun = withFault(fullDisk(lab, "pg1", "/srv"), () => Promise.resolve());
    await expect(begun).rejects.toThrow(/MiB, more than 4096/);
  });
});
