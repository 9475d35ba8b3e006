import { defineConfig } from "vitest/config";

// Layers differ in what they touch: unit tests nothing, program tests the Pulumi engine, cluster
// tests the containers of this machine, so those run one after the other.
const layer = process.env.PGHA_TEST_LAYER ?? "unit";
const limits: Record<string, number> = { unit: 10_000, program: 60_000, cluster: 120_000 };
const serial = layer === "cluster";

export default defineConfig({
  test: {
    dir: `tests/${layer}`,
    include: ["**/*.test.ts"],
    pool: "forks",
    poolOptions: { forks: { singleFork: serial } },
    fileParallelism: !serial,
    testTimeout: limits[layer],
    hookTimeout: serial ? 600_000 : 60_000,
    teardownTimeout: 60_000,
  },
});
