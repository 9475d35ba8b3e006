/** Which Docker engine it is that answers: one machine told from another. */
import type { HostAccess } from "../model/access";
import { dockerClient } from "./docker";
import { engineAnswers } from "./engine";

/**
 * Id that the engine of a host gave itself when it was first started.
 *
 * @throws UnreachableError when it does not answer in time.
 */
export async function engineId(host: HostAccess, timeoutMs: number): Promise<string> {
  await engineAnswers(host, timeoutMs);
  return ((await dockerClient(host).info()) as { readonly ID: string }).ID;
}
