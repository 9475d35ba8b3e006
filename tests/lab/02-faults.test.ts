import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NotYet, until } from "../../control/until";
import { root } from "../../setup/paths";
import { traces } from "./harness/census";
import { delay } from "./harness/delay";
import { begin, type Fault, withFault } from "./harness/fault";
import { crash, freeze, fullDisk, kill, loss, partition, stop, throttle } from "./harness/faults";
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
/** Programs that hold packets for a fault of this process, wherever they are; none with netem. */
const delayPrograms = (): string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return argv.some((word) => word.startsWith(`-fault=lab-${process.pid}-`));
    } catch {
      // No process, or one that has ended.
      return false;
    }
  });

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
      // Sent to nobody: what arrives is refused, what is lost is counted by the rule that drops it.
      const send = 'for i in $(seq 400); do echo x >"/dev/udp/$1/9"; done';
      await lab.inside("pg1", ["bash", "-c", send, "bash", lab.host("pg2").address]);
      const { stdout } = await lab.inside("pg2", ["iptables", "-t", "mangle", "-vnxL"]);
      const counted = [...stdout.matchAll(/^\s*(\d+) .*DROP.*probability/gm)].map(([, n]) =>
        Number(n),
      );
      const lost = counted.reduce((sum, n) => sum + n, 0);
      // Of 400 with a chance of 0.2: fewer than 30 or more than 150 come once in ages.
      expect(lost, stdout).toBeGreaterThan(30);
      expect(lost, stdout).toBeLessThan(150);
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
});

describe("a delay", () => {
  const MS = 300;
  // Prints how many milliseconds it takes to open a connection.
  const connect =
    'begun=$EPOCHREALTIME; exec 3<>"/dev/tcp/$1/22" && ' +
    "echo $(( (${EPOCHREALTIME/[.,]/} - ${begun/[.,]/}) / 1000 ))";
  const opening = async (from: string, to: string, container?: string): Promise<number> => {
    const entered = container === undefined ? [] : ["docker", "exec", container];
    const argv = ["timeout", "5", ...entered, "bash", "-c", connect, "bash"];
    const { code, stdout, stderr } = await lab.inside(from, [...argv, lab.host(to).address]);
    expect(code, stderr).toBe(0);
    return Number(stdout);
  };
  /** The fastest of three: what is delayed is so each time. */
  const fastest = async (...of: Parameters<typeof opening>): Promise<number> =>
    Math.min(await opening(...of), await opening(...of), await opening(...of));
  /** What makes it: a queueing discipline, or rules and a program. */
  const makers = async (name: string): Promise<string[]> => {
    const { stdout } = await lab.inside(name, ["tc", "qdisc", "show", "dev", "eth0"]);
    return [
      ...(stdout.match(/netem/g) ?? []),
      ...new Set((await rules(name)).match(/lab-\d+-\d+/g) ?? []),
      ...delayPrograms(),
    ];
  };
  it("holds what a host and its containers send, and nothing after the undo", async () => {
    await becomes("restarted", "running");
    expect(await fastest("pg1", "pg2")).toBeLessThan(MS);
    await withFault(await delay(lab, "pg1", MS), async () => {
      expect(await fastest("pg1", "pg2")).toBeGreaterThanOrEqual(MS);
      expect(await fastest("pg1", "pg2", "restarted")).toBeGreaterThanOrEqual(MS);
      // The answer is what the host sends.
      expect(await fastest("pg3", "pg1")).toBeGreaterThanOrEqual(MS);
      expect(await fastest("pg2", "pg3")).toBeLessThan(MS);
      expect(await makers("pg1")).not.toEqual([]);
    });
    expect(await makers("pg1")).toEqual([]);
    expect(await fastest("pg1", "pg2")).toBeLessThan(MS);
    expect(await fastest("pg1", "pg2", "restarted")).toBeLessThan(MS);
  });

  it("varies by its jitter and no more", async () => {
    await withFault(await delay(lab, "pg2", MS, 100), async () => {
      const took = await fastest("pg2", "pg1");
      expect(took).toBeGreaterThanOrEqual(MS - 100);
      expect(took).toBeLessThan(MS + 100);
    });
    await expect(delay(lab, "pg2", MS, MS + 1)).rejects.toThrow(RangeError);
  });

  it("leaves a partition of the same host as it is", async () => {
    const faults = [...partition(lab, ["pg2"], ["pg1"]), await delay(lab, "pg2", MS)];
    await withFault(faults, async () => {
      expect(await reached("pg2")).toEqual(["pg3"]);
      expect(await fastest("pg2", "pg3")).toBeGreaterThanOrEqual(MS);
    });
    expect(await reached("pg2")).toEqual(["pg1", "pg3"]);
  });

  it("is refused a second time, which leaves the first", async () => {
    await withFault(await delay(lab, "pg2", MS), async () => {
      await expect(begin(await delay(lab, "pg2", 1))).rejects.toThrow(/cannot begin/);
      expect(await fastest("pg2", "pg3")).toBeGreaterThanOrEqual(MS);
    });
    expect(await makers("pg2")).toEqual([]);
  });

  it("is undone by the host when nobody else does", async () => {
    const undo = await begin(await delay(lab, "pg2", MS), 2);
    expect(await makers("pg2")).not.toEqual([]);
    await until("the end of the delay", { timeoutMs: 15_000 }, async () => {
      const left = await makers("pg2");
      if (left.length > 0) throw new NotYet(left.join(", "));
    });
    await undo();
    expect(await fastest("pg2", "pg3")).toBeLessThan(MS);
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

// The last one: nothing of the lab is there after it.
it("the end of the lab is the end of its faults", async () => {
  await begin(await delay(lab, "pg2", 300));
  await lab.down();
  expect(await traces(lab.place)).toEqual([]);
  expect(delayPrograms()).toEqual([]);
});
