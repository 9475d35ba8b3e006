import { describe, expect, it } from "vitest";
import { DeadlineError, NotYet, until } from "../../../control/until";

describe("until", () => {
  it("asks again while the condition is not reached, then gives the value", async () => {
    let asked = 0;
    const value = await until("three", { timeoutMs: 1000, intervalMs: 1 }, () => {
      asked += 1;
      return asked < 3 ? Promise.reject(new NotYet(`asked ${asked}`)) : Promise.resolve(asked);
    });
    expect(value).toBe(3);
  });

  it("gives up at the deadline and says what was seen last", async () => {
    const started = Date.now();
    const waiting = until("a leader", { timeoutMs: 60, intervalMs: 10 }, () =>
      Promise.reject(new NotYet("m1 starting")),
    );
    await expect(waiting).rejects.toThrow(DeadlineError);
    await expect(waiting).rejects.toThrow(/a leader.*m1 starting/);
    expect(Date.now() - started).toBeLessThan(1000);
  });

  it("asks at least once, whatever the deadline", async () => {
    await expect(until("now", { timeoutMs: 0 }, () => Promise.resolve("yes"))).resolves.toBe("yes");
  });

  it("throws other errors at once, unless they are worth another try", async () => {
    let asked = 0;
    const probe = (): Promise<string> => {
      asked += 1;
      return asked === 1 ? Promise.reject(new TypeError("broken")) : Promise.resolve("fine");
    };
    await expect(until("it", { timeoutMs: 1000 }, probe)).rejects.toThrow("broken");
    asked = 0;
    const retry = (error: unknown): boolean => error instanceof TypeError;
    await expect(until("it", { timeoutMs: 1000, intervalMs: 1, retry }, probe)).resolves.toBe(
      "fine",
    );
  });
});
