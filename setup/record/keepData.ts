/** Data of parts that leave: taken out of the record, so that nothing deletes it; pure. */
import { type Deployment, nameOf, type Resource, without } from "./deployment";

/** A data volume that stays on its host though its part leaves. */
export interface KeptVolume {
  readonly host: string;
  readonly volume: string;
}

const CLAIM = "pgha:index:VolumeClaim";
const VOLUME = "docker:index/volume:Volume";

/**
 * The record without the protected data volumes of parts that are planned no more, and their claims:
 * Pulumi would refuse to delete them, and with them everything else of the part.
 *
 * @param parts Names of the parts that the stack file has.
 * @returns the very same record, and nothing kept, where every one is planned.
 */
export function keepData(
  deployment: Deployment,
  parts: readonly string[],
): { deployment: Deployment; kept: KeptVolume[] } {
  const kept = (deployment.resources ?? []).filter(isProtectedClaim).flatMap(({ inputs }) => {
    const { volume, host } = inputs as { volume: string; host: { name: string } };
    return parts.some((part) => volume.startsWith(`${part}-`)) ? [] : [{ host: host.name, volume }];
  });
  if (kept.length === 0) return { deployment, kept };
  const names = new Set(kept.flatMap(({ volume }) => [volume, `${volume}-claim`]));
  const leaves = (resource: Resource): boolean =>
    [CLAIM, VOLUME].includes(resource.type) && names.has(nameOf(resource));
  return { deployment: without(deployment, leaves), kept };
}

function isProtectedClaim({ type, protect }: Resource): boolean {
  return type === CLAIM && protect === true;
}
