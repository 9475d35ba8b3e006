import * as pulumi from "@pulumi/pulumi";
import { MAXIMUM_LAG_BYTES } from "../model/render/dynamicConfig";
import { frontAccess, memberAccess, reachable, type Topology } from "../model/topology";
import { Roster } from "./resources";

/** Seconds for a leader and a standby to be there, and for leadership to move. */
const TIMEOUT_SECONDS = 120;

/** The one Roster: a member that is going to leave leads no more before anything else is changed. */
export function createRoster(
  topology: Topology,
  after: readonly pulumi.Resource[],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  return new Roster(
    `${topology.cluster}-roster`,
    {
      names: topology.members.map(({ name }) => name),
      members: reachable(topology).members.map((member) => memberAccess(topology, member)),
      ...frontAccess(topology),
      timeoutSeconds: TIMEOUT_SECONDS,
      maximumLagBytes: MAXIMUM_LAG_BYTES,
    },
    pulumi.mergeOptions(opts, { dependsOn: [...after] }),
  );
}
