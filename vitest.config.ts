import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Layers differ in what they touch: unit tests nothing, program tests the Pulumi engine, cluster
// tests the containers of this machine, lab tests its network: those run one after the other.
const layer = process.env.PGHA_TEST_LAYER ?? "unit";
const limits: Record<string, number> = {
  unit: 10_000,
  program: 60_000,
  cluster: 120_000,
  lab: 300_000,
};
const serial = layer === "cluster" || layer === "lab";
const setups: Record<string, object> = {
  cluster: {
    globalSetup: ["tests/cluster/harness/globalSetup.ts"],
    setupFiles: ["tests/cluster/harness/onFailure.ts"],
  },
  lab: {
    globalSetup: ["tests/lab/stack/globalSetup.ts"],
    setupFiles: ["tests/lab/stack/onFailure.ts"],
  },
};

/** Files in the order of their names: each leaves the one cluster as it found it. */
class ByName extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve([...files].sort((a, b) => a.moduleId.localeCompare(b.moduleId)));
  }
}

export default defineConfig({
  test: {
    dir: `tests/${layer}`,
    include: ["**/*.test.ts"],
    pool: "forks",
    poolOptions: { forks: { singleFork: serial } },
    fileParallelism: !serial,
    testTimeout: limits[layer],
    hookTimeout: serial ? 600_000 : 60_000,
    teardownTimeout: 120_000,
    ...setups[layer],
    ...(serial ? { sequence: { sequencer: ByName } } : {}),
  },
});
