import { describe, expect, it } from "vitest";
import { Batches, Shared, Slots } from "../../../control/batches";

/** A promise that the test settles. */
function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

function recorded() {
  const done: string[][] = [];
  const batches = new Batches<string>((items) => {
    done.push([...items]);
    return items.includes("bad") ? Promise.reject(new Error("bad one")) : Promise.resolve();
  });
  return { done, batches };
}

describe("Batches", () => {
  it("does together what is wanted together, each key for itself", async () => {
    const { done, batches } = recorded();
    const slow = later<string>();
    const all = [
      batches.add("a", () => Promise.resolve("1")),
      batches.add("a", () => slow.promise),
      batches.add("b", () => Promise.resolve("3")),
    ];
    await settle();
    expect(done).toEqual([["3"]]);
    slow.resolve("2");
    await Promise.all(all);
    expect(done).toEqual([["3"], ["1", "2"]]);
  });

  it("does nothing for those who want nothing", async () => {
    const { done, batches } = recorded();
    await batches.add("a", () => Promise.resolve(undefined));
    expect(done).toEqual([]);
  });

  it("lets the others go when one cannot find out what it wants", async () => {
    const { done, batches } = recorded();
    const slow = later<string>();
    const failing = expect(batches.add("a", () => slow.promise)).rejects.toThrow("no build");
    const other = batches.add("a", () => Promise.resolve("1"));
    slow.reject(new Error("no build"));
    await Promise.all([failing, other]);
    expect(done).toEqual([["1"]]);
  });

  it("fails every one of a batch that fails, and starts afresh", async () => {
    const { done, batches } = recorded();
    const wants = ["bad", "1"].map((item) => batches.add("a", () => Promise.resolve(item)));
    const outcomes = await Promise.allSettled(wants);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await batches.add("a", () => Promise.resolve("2"));
    expect(done).toEqual([["bad", "1"], ["2"]]);
  });
});

describe("Shared", () => {
  it("asks once for all who ask meanwhile, and again afterwards", async () => {
    const shared = new Shared<number>();
    let asked = 0;
    const ask = () => shared.get("a", () => settle().then(() => ++asked));
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
    expect(await ask()).toBe(2);
  });
});

describe("Slots", () => {
  it("lets no more in than there are places, in the order of their coming", async () => {
    const slots = new Slots(2);
    const release = [await slots.take(), await slots.take()];
    const came: number[] = [];
    const third = slots.take().then((give) => (came.push(3), give));
    const fourth = slots.take().then((give) => (came.push(4), give));
    await settle();
    expect(came).toEqual([]);
    release[0]?.();
    release[0]?.();
    await settle();
    expect(came).toEqual([3]);
    (await third)();
    (await fourth)();
    expect(came).toEqual([3, 4]);
  });
});
