/** The provider's verbs: takes property bags off the wire, hands plain values to the types. */
import type * as pulumi from "@pulumi/pulumi/provider";
import { differences } from "./diff";
import { hasUnknown, markChanged, unwrap, wrap, type Props, type Unwrapped } from "./secrets";
import type { AnyType } from "./type";

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

  constructor(types: readonly AnyType[]) {
    this.types = new Map(types.map((type) => [type.type, type]));
  }

  /** Refuses bad inputs; marks the fields that are always secret. */
  check(urn: string, olds: unknown, news: unknown): Promise<pulumi.CheckResult> {
    const type = this.find(urn);
    const now = unwrap(news);
    const inputs = wrap(now.value, type.secretFields, now.secretPaths);
    if (hasUnknown(now.value)) return Promise.resolve({ inputs });
    const failures = type.check?.(unwrap(olds).value, now.value) ?? [];
    return Promise.resolve({ inputs, failures });
  }

  /** Compares; never connects. */
  diff(_id: string, urn: string, olds: unknown, news: unknown): Promise<pulumi.DiffResult> {
    const { changed, replaces } = differences(
      this.find(urn),
      unwrap(olds).value,
      unwrap(news).value,
    );
    return Promise.resolve({ changes: changed.length > 0, replaces: [...replaces] });
  }

  /** Makes a resource. */
  async create(urn: string, inputs: unknown): Promise<pulumi.CreateResult> {
    const type = this.find(urn);
    const plain = unwrap(inputs);
    const { id, state } = await this.named(urn, () => type.create(plain.value));
    return { id, outs: wrap(state, type.secretFields, plain.secretPaths) };
  }

  /** Reads live values; they are given as inputs too, so that a preview names what drifted. */
  async read(id: string, urn: string, props: unknown): Promise<pulumi.ReadResult> {
    const type = this.find(urn);
    const plain = unwrap(props);
    const live = await this.named(urn, () => type.read(plain.value));
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
    const state = await this.named(urn, () => type.update(old.value, plain.value));
    return { outs: wrap(state, type.secretFields, plain.secretPaths) };
  }

  /** Removes a resource. */
  async delete(_id: string, urn: string, props: unknown): Promise<void> {
    const type = this.find(urn);
    await this.named(urn, () => type.delete(unwrap(props).value));
  }

  private find(urn: string): AnyType {
    const type = this.types.get(typeOf(urn));
    if (type === undefined)
      throw new Error(`this provider has no resource type ${typeOf(urn)} (${urn})`);
    return type;
  }

  /** Adds the resource's name to an error. */
  private async named<T>(urn: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${nameOf(urn)}: ${message}`, { cause: error });
    }
  }
}

function inputsOf(type: AnyType, state: Props): Props {
  const computed = new Set<string>(type.computed);
  return Object.fromEntries(Object.entries(state).filter(([key]) => !computed.has(key)));
}
