import { expect, it, vi } from "vitest";
import { delivered, say, tell, warn } from "../../../provider/warn";

it("without an engine all goes to stderr: a warning once, a progress each time", async () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  for (let round = 0; round < 2; round += 1) {
    warn("Consul gives no answer");
    tell("hot: parameters work_mem, reloaded");
    say("Step 1/9");
  }
  await delivered();
  expect(write.mock.calls.map(([text]) => text)).toEqual([
    "warning: Consul gives no answer\n",
    "hot: parameters work_mem, reloaded\n",
    "Step 1/9\n",
    "Step 1/9\n",
  ]);
});
