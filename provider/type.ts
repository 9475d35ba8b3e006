/** What a resource type is made of. */
import type { Props } from "./secrets";

/** A reason to refuse inputs. */
export interface CheckFailure {
  /** Name of the input. */
  readonly property: string;
  /** What is wrong and what to do. */
  readonly reason: string;
}

/** What Create gives: an id and the whole state, which echoes all inputs. */
export interface Created<S> {
  readonly id: string;
  readonly state: S;
}

/** A resource type: typed inputs `I`, typed state `S`. Check and Diff never connect. */
export interface ResourceType<I extends object, S extends I = I> {
  /** Type token, `pgha:index:Role`. */
  readonly type: string;
  /** Top-level fields of the state that are always secret. */
  readonly secretFields: readonly (keyof S & string)[];
  /** Fields of the state that are no inputs. */
  readonly computed: readonly (keyof S & string)[];
  /** Inputs that only say how it is reached: see `differences`. */
  readonly access?: readonly (keyof I & string)[];
  /** Inputs of which a change means another resource. */
  readonly replaceOn?: readonly (keyof I & string)[];
  /** Inputs of which a change means nothing. */
  readonly ignored?: readonly (keyof I & string)[];
  /** Refuses inputs; `olds` is empty for a new resource. Not called while an input is unknown. */
  check?(olds: Partial<I>, news: I): CheckFailure[];
  /** Names of inputs that differ for a reason of the type's own, beside the generic comparison. */
  stale?(state: S): string[];
  /** Makes it, whether it is there already or not. */
  create(inputs: I): Promise<Created<S>>;
  /** State with live values; undefined when it is gone. */
  read(state: S): Promise<S | undefined>;
  /** Makes it what the new inputs say. */
  update(state: S, news: I): Promise<S>;
  /** Removes it, or does nothing where the type says so. */
  delete(state: S): Promise<void>;
}

/** A type as the provider handles it: plain property bags, as they come off the wire. */
export type AnyType = ResourceType<Props>;

/**
 * Registers a type. The wire carries no types: this is the one place where a property bag becomes
 * the inputs that the components declare.
 */
export function define<I extends object, S extends I>(type: ResourceType<I, S>): AnyType {
  return type as unknown as AnyType;
}
