import { readFileSync } from "node:fs";
import type { Endpoint, Endpoints } from "../../../model/topology";
import { first, type Outputs } from "../../harness/outputs";
import { work } from "./identity";
import { readOutputs } from "./pulumi";

/** Outputs as the first `up` of this run gave them. */
export function outputs(): Outputs {
  return JSON.parse(readFileSync(work("outputs.json"), "utf8")) as Outputs;
}

/** Outputs as the stack has them now. */
export async function freshOutputs(): Promise<Outputs> {
  return (await readOutputs()) as Outputs;
}

/** The one endpoint of a kind, or the first of several. */
export function endpoint(kind: keyof Endpoints): Endpoint {
  return first(outputs().endpoints[kind]);
}
