import { describe, expect, it } from "vitest";
import { PghaProvider, typeOf } from "../../../provider/provider";
import { SIGNATURE, UNKNOWN, type Props } from "../../../provider/secrets";
import type { AnyType } from "../../../provider/type";

const URN = "urn:pulumi:dev::p::a:b:C$pgha:index:Test::thing";
const secret = (value: unknown): unknown => ({
  [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270",
  value,
});

function provider(
  more: Partial<AnyType> = {},
  plan?: ConstructorParameters<typeof PghaProvider>[1],
): PghaProvider {
  const echo = (_: Props, news: Props): Promise<Props> => Promise.resolve(news);
  const type: AnyType = {
    type: "pgha:index:Test",
    secretFields: ["password"],
    computed: ["made"],
    create: (inputs) => Promise.resolve({ id: "1", state: { ...inputs, made: "m" } }),
    read: (state) => Promise.resolve({ ...state, size: 9 }),
    update: echo,
    delete: () => Promise.resolve(),
    ...more,
  };
  return new PghaProvider([type], plan);
}

describe("PghaProvider", () => {
  it("finds the type in the URN of a child", () => {
    expect(typeOf(URN)).toBe("pgha:index:Test");
  });

  it("gives live values as inputs, without computed ones, and keeps secrets", async () => {
    const read = await provider().read("1", URN, { size: 1, password: secret("p"), made: "m" });
    expect(read.props).toEqual({ size: 9, password: secret("p"), made: "m" });
    expect(read.inputs).toEqual({ size: 9, password: secret("p") });
  });

  it("says that a resource is gone by an empty id", async () => {
    const gone = provider({ read: () => Promise.resolve(undefined) });
    expect(await gone.read("1", URN, {})).toEqual({ id: "", props: {} });
  });

  it("makes secret fields secret in Check and Create, though the program did not", async () => {
    const checked = await provider().check(URN, {}, { password: "p" });
    expect(checked.inputs).toEqual({ password: secret("p") });
    const created = await provider().create(URN, { password: "p" });
    expect(created.outs).toEqual({ password: secret("p"), made: "m" });
  });

  it("does not check what is not known yet", async () => {
    const failures = [{ property: "size", reason: "bad" }];
    const strict = provider({ check: () => failures });
    expect((await strict.check(URN, {}, { size: 1 })).failures).toEqual(failures);
    expect((await strict.check(URN, {}, { size: UNKNOWN })).failures).toBeUndefined();
  });

  it("names the resource in an error", async () => {
    const broken = provider({ create: () => Promise.reject(new Error("no engine")) });
    await expect(broken.create(URN, {})).rejects.toThrow("thing: no engine");
  });

  it("says what a change does once the program declared it, not while it is read", async () => {
    const urn = URN.replace("Test", "Role");
    const said: string[] = [];
    const served = provider({ type: "pgha:index:Role" }, (line) => said.push(line));
    const old = { name: "app", password: "a" };
    const now = { name: "app", password: secret("b") };
    // A refresh compares what it read with what is recorded.
    expect((await served.diff("1", urn, old, now)).changes).toBe(true);
    expect(said).toEqual([]);
    await served.check(urn, old, now);
    expect((await served.diff("1", urn, now, now)).changes).toBe(false);
    expect(said).toEqual([]);
    await served.diff("1", urn, old, now);
    expect(said).toEqual(["hot: role app: password, altered in place"]);
  });

  it("refuses an unknown type", async () => {
    await expect(provider().read("1", "urn:pulumi:dev::p::pgha:index:No::x", {})).rejects.toThrow(
      /pgha:index:No/,
    );
  });
});
