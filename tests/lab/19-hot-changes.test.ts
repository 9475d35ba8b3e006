import { connect as dial, type PeerCertificate } from "node:tls";
import { expect, it } from "vitest";
import { connect, query, type Target } from "../harness/dialler";
import { Readers } from "../harness/readers";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import { stackFile } from "./stack/checkout";
import { aside, healthy, members, outputs, targets, useCluster } from "./stack/cluster";
import { previewClean, up } from "./stack/commands";
import { baseConfig } from "./stack/config";
import { allContainers } from "./stack/hosts";
import { lab } from "./stack/identity";

useCluster();

/** Turns `reporting` away from this machine, as the members see it. */
const rule = () => ({
  ...{ database: "app", user: "reporting", method: "reject" },
  address: lab.host("pg1").address.replace(/\d+$/, "1/32"),
});
const changes = () => ({
  // Every certificate is issued anew: members, Patroni, HAProxy, PgBouncer, Consul, pgBackRest.
  certificates: { validityDays: 200 },
  // Other timings of Patroni, other checks of HAProxy.
  failover: { profile: "tolerant" },
  pool: { size: 11, reserve: 1 },
  postgres: { hba: [rule(), { database: "all", user: "all", address: "all" }] },
});

/** Serial number of the certificate that a TLS server shows, its chain verified. */
function serialAt(host: string, port: number): Promise<string> {
  const { caCertificate: ca } = outputs();
  return new Promise((resolve, reject) => {
    const socket = dial({ host, port, ca, checkServerIdentity: () => undefined }, () => {
      const { serialNumber }: PeerCertificate = socket.getPeerCertificate();
      socket.destroy();
      resolve(serialNumber);
    });
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer from ${host}:${port}`)));
    socket.on("error", reject);
  });
}

/** The same of a server that begins in PostgreSQL's protocol, as a client of it sees it. */
async function shown(target: Target): Promise<string> {
  const client = await connect(target);
  const { stream } = (client as unknown as { connection: { stream: unknown } }).connection;
  const { serialNumber } = (stream as ReturnType<typeof dial>).getPeerCertificate();
  await client.end();
  return serialNumber;
}

/** Where members answer to the others alone: the agent of Consul, and pgBackRest. */
const PEER_PORTS = [8591, 8433];
const REPOSITORY_PORT = 8432;

/** What each server shows, by its place. */
async function serials(): Promise<Map<string, string>> {
  const { endpoints, members: all, operations } = outputs();
  const repository = lab.host(operations.repository?.host.name ?? "").address;
  const tls = [
    ...endpoints.stats,
    ...endpoints.consul,
    ...all.flatMap(({ address: host, apiPort }) =>
      [apiPort, ...PEER_PORTS].map((port) => ({ host, port })),
    ),
    { host: repository, port: REPOSITORY_PORT },
  ];
  const asked = [
    ...tls.map(({ host, port }) => [`${host}:${port}`, serialAt(host, port)] as const),
    ...[...targets("direct"), ...targets("pooledPrimary"), ...targets("pooledReplicas")].map(
      (target) => [`${target.host}:${target.port}`, shown(target)] as const,
    ),
  ];
  return new Map(
    await Promise.all(asked.map(async ([place, serial]) => [place, await serial] as const)),
  );
}

/**
 * What becomes of a new login as `reporting` at each member. Whom the rules let in has no right to
 * connect to `app` and is told so; that comes after the rules.
 */
const logins = (): Promise<string[]> =>
  Promise.all(
    targets("direct", "reporting").map(async (target) => {
      const said = await query(target, "SELECT 1").then(JSON.stringify, String);
      if (/permission denied for database/.test(said)) return "in";
      return /pg_hba.conf rejects/.test(said) ? "rejected" : said;
    }),
  );

const started = () =>
  Promise.all(
    outputs().operations.members.map(
      async (member) => (await members.status(member)).postmaster_start_time,
    ),
  );

/** A session that notices when its connection is another one, or its server process. */
class Held {
  private constructor(
    private readonly client: Awaited<ReturnType<typeof connect>>,
    private readonly pid: unknown,
  ) {}

  static async open(target: Target): Promise<Held> {
    const client = await connect(target);
    return new Held(client, await Held.pidOf(client));
  }

  private static async pidOf(client: Awaited<ReturnType<typeof connect>>): Promise<unknown> {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return rows[0]?.pid;
  }

  /** Whether the same server process still answers on it. */
  async lives(): Promise<boolean> {
    return (await Held.pidOf(this.client)) === this.pid;
  }

  end(): Promise<void> {
    return this.client.end().catch(() => undefined);
  }
}

it("renews all certificates, changes pools and hba with every connection kept and nothing restarted", async () => {
  const writers = await Writers.start(targets("pooledPrimary"), {
    ...{ clients: 10, everyMs: 100, table: aside() },
  });
  const readers = new Readers(targets("pooledReplicas"), 6, 100);
  const kept = [...targets("primary"), ...targets("replicas"), ...targets("direct")];
  const held: Held[] = [];
  try {
    for (const target of kept) held.push(await Held.open(target));
    const [containers, postmasters] = [await allContainers(), await started()];
    const before = await serials();
    expect(await logins()).toEqual(["in", "in", "in"]);
    const { seconds, stdout, stderr } = await up(changes());

    // Every server shows a new certificate to whoever comes now. Patroni reads its file in its next loop.
    await untilNothing("a new certificate everywhere", 30, async () => {
      const after = await serials();
      return [...before].flatMap(([place, serial]) => (after.get(place) === serial ? [place] : []));
    });
    // Every member turns away whom the rule names, and comes from where it says.
    expect(await logins()).toEqual(["rejected", "rejected", "rejected"]);
    // No container was made anew, no PostgreSQL started again, nobody who was there was sent away.
    expect(await allContainers()).toEqual(containers);
    expect(await started()).toEqual(postmasters);
    expect(await Promise.all(held.map((one) => one.lives()))).toEqual(held.map(() => true));
    expect(`${stdout}${stderr}`).not.toMatch(/^\s*rolling: /m);

    const [written, read] = [await writers.stop(), await readers.stop()];
    console.log("hot changes:", seconds, "s; writers", written, "readers", read);
    expect(written).toMatchObject({ failed: 0, unknown: 0, moves: 0 });
    expect(read).toMatchObject({ failed: 0, moves: 0 });
    expect(await writers.verify()).toEqual([]);
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  } finally {
    await Promise.all([writers.stop(), readers.stop(), ...held.map((one) => one.end())]);
    stackFile.write(baseConfig());
    await up();
    await healthy();
    await writers.clear();
  }
  expect(await logins()).toEqual(["in", "in", "in"]);
}, 600_000);
