import type { Target } from "../../harness/dialler";
import type { Fate } from "../../harness/ledger";
import type { EndpointKind } from "../../harness/outputs";
import { type Figures, Writers } from "../../harness/writers";
import { endpoint, outputs } from "./context";

/** One client that writes through an endpoint of the test cluster, as the owner of `app`. */
export class Writer {
  private figures: Figures | undefined;

  private constructor(private readonly writers: Writers) {}

  /** Makes the table and begins; returns once a first row is acknowledged. */
  static async start(kind: EndpointKind = "pooledPrimary"): Promise<Writer> {
    return new Writer(await Writers.start([target(kind)], { table: target("primary") }));
  }

  /** Waits for a write that was begun after `since` to be acknowledged. */
  goesOn(since: number, seconds: number): Promise<void> {
    return this.writers.goesOn(since, seconds);
  }

  /** Ends writing and gives how long it was out at most, in milliseconds. */
  async stop(): Promise<number> {
    this.figures = await this.writers.stop();
    return this.figures.outageMs;
  }

  /** How many rows have each fate; to be asked after `stop`. */
  counts(): Record<Fate, number> {
    const { acknowledged = 0, unknown = 0, failed = 0 } = this.figures ?? {};
    return { acknowledged, unknown, failed };
  }

  /** What the table has against the ledger; to be asked after `stop`. */
  verify(): Promise<string[]> {
    return this.writers.verify();
  }

  /** Drops the table. */
  clear(): Promise<void> {
    return this.writers.clear();
  }
}

function target(kind: EndpointKind): Target {
  const { credentials, caCertificate: ca } = outputs();
  const password = credentials.app ?? "";
  return { ...endpoint(kind), user: "app", database: "app", password, ca };
}
