import type { Tree } from "./stackFile";

/** A resource that a preview would change, and how. */
export interface Planned {
  /** Resource name. */
  readonly name: string;
  readonly type: string;
  /** `create`, `update`, `replace`, `delete`... */
  readonly op: string;
  /** Paths of the inputs that differ: `config.postgresql.parameters.work_mem`. */
  readonly properties: readonly string[];
}

interface Step {
  op: string;
  urn: string;
  oldState?: { inputs?: Tree };
  newState?: { inputs?: Tree };
  diffReasons?: string[];
}

/** What `pulumi preview --json` would change, by resource. */
export function plannedBy(json: string): Planned[] {
  const { steps = [] } = JSON.parse(json) as { steps?: Step[] };
  return steps.filter(({ op }) => !["same", "refresh", "read"].includes(op)).map(planned);
}

function planned({ op, urn, oldState, newState, diffReasons }: Step): Planned {
  const parts = urn.split("::");
  const differing = differences(oldState?.inputs, newState?.inputs);
  return {
    name: parts.slice(3).join("::"),
    type: (parts[2] ?? "").split("$").pop() ?? "",
    op,
    properties: [...new Set([...(diffReasons ?? []), ...differing])],
  };
}

function differences(left: unknown, right: unknown, path: string[] = []): string[] {
  if (JSON.stringify(left) === JSON.stringify(right)) return [];
  const both = [left, right].every((side) => typeof side === "object" && side !== null);
  if (!both) return [path.join(".")];
  const [a, b] = [left as Tree, right as Tree];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys]
    .filter((key) => key !== "__defaults")
    .flatMap((key) => differences(a[key], b[key], [...path, key]));
}
