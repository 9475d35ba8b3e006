/** The provider's verbs: takes property bags off the wire, hands plain values to the types. */
import type * as pulumi from "@pulumi/pulumi/provider";
import { nearOnly, readNear } from "./away";
import { differences } from "./diff";
import { planLines } from "./plan";
import { minding } from "./silence";
import { hasUnknown, markChanged, unwrap, wrap, type Props, type Unwrapped } from "./secrets";
import type { AnyType } from "./type";
import { delivered, tell } from "./warn";

/** Type token in a URN: the last of the chain of parents' types. */
export function typeOf(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").pop() ?? "";
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** Serves the given types to the Pulumi engine. */
export class PghaProvider implements pulumi.Provider {
  readonly version = "0.1.0";
  private readonly types: ReadonlyMap<string, AnyType>;
  /** URNs of what the program declares: a refresh calls Diff too, but never Check before it. */
  private readonly declared = new Set<string>();

  /** `plan` is given each line that says what a change does. */
  constructor(
    types: readonly AnyType[],
    private readonly plan: (line: string) => void = tell,
  ) {
    this.types = new Map(types.map((type) => [type.type, type]));
  }

  /** Refuses bad inputs; marks the fields that are always secret. */
  check(urn: string, olds: unknown, news: unknown): Promise<pulumi.CheckResult> {
    const type = this.find(urn);
    this.declared.add(urn);
    const now = unwrap(news);
    const inputs = wrap(now.value, type.secretFields, now.secretPaths);
    if (hasUnknown(now.value)) return Promise.resolve({ inputs });
    const failures = type.check?.(unwrap(olds).value, now.value) ?? [];
    return Promise.resolve({ inputs, failures });
  }

  /** Compares, and says what a change does to a running cluster; never connects. */
  async diff(_id: string, urn: string, olds: unknown, news: unknown): Promise<pulumi.DiffResult> {
    const type = this.find(urn);
    const [state, now] = [unwrap(olds).value, unwrap(news).value];
    const { changed, replaces } = differences(type, state, now);
    if (changed.length > 0 && this.declared.has(urn)) {
      const change = { name: nameOf(urn), state, news: now, changed };
      for (const line of planLines(type.type, change)) this.plan(line);
      await delivered();
    }
    return { changes: changed.length > 0, replaces: [...replaces] };
  }

  /** Makes a resource. */
  async create(urn: string, inputs: unknown): Promise<pulumi.CreateResult> {
    const type = this.find(urn);
    const plain = unwrap(inputs);
    const { id, state } = await this.named(urn, () =>
      minding(plain.value, () => type.create(plain.value)),
    );
    return { id, outs: wrap(state, type.secretFields, plain.secretPaths) };
  }

  /** Reads live values; they are given as inputs too, so that a preview names what drifted. */
  async read(id: string, urn: string, props: unknown): Promise<pulumi.ReadResult> {
    const type = this.find(urn);
    const plain = unwrap(props);
    const live = await this.named(urn, () => readNear(type, plain.value));
    if (live === undefined) return { id: "", props: {} };
    const marked = markChanged(live, plain.value, plain.secretPaths);
    const state = wrap(marked, type.secretFields, plain.secretPaths);
    return { id, props: state, inputs: inputsOf(type, state) };
  }

  /** Changes a resource in place. */
  async update(
    _id: string,
    urn: string,
    olds: unknown,
    news: unknown,
  ): Promise<pulumi.UpdateResult> {
    const type = this.find(urn);
    const old: Unwrapped = unwrap(olds);
    const plain = unwrap(news);
    const state = await this.named(urn, () =>
      minding(plain.value, () => type.update(old.value, plain.value)),
    );
    return { outs: wrap(state, type.secretFields, plain.secretPaths) };
  }

  /** Removes a resource. */
  async delete(_id: string, urn: string, props: unknown): Promise<void> {
    const type = this.find(urn);
    const value = nearOnly(unwrap(props).value);
    await this.named(urn, () => minding(value, () => type.delete(value)));
  }

  private find(urn: string): AnyType {
    const type = this.types.get(typeOf(urn));
    if (type === undefined)
      throw new Error(`this provider has no resource type ${typeOf(urn)} (${urn})`);
    return type;
  }

  /** Adds the resource's name to an error; ends when what was said meanwhile has arrived. */
  private async named<T>(urn: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${nameOf(urn)}: ${message}`, { cause: error });
    } finally {
      await delivered();
    }
  }
}

function inputsOf(type: AnyType, state: Props): Props {
  const computed = new Set<string>(type.computed);
  return Object.fromEntries(Object.entries(state).filter(([key]) => !computed.has(key)));
}
