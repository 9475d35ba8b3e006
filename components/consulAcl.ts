import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { aclPolicies } from "../model/render/consul";
import { consulAccess, reachable, type Topology } from "../model/topology";
import { PgComponent } from "./component";
import { type Keys, toUuid } from "./keys";
import * as resources from "./resources";

/** Arguments of ConsulAcl. */
export interface ConsulAclArgs {
  readonly topology: Topology;
  readonly keys: Keys;
  /** The servers' containers. */
  readonly servers: readonly pulumi.Resource[];
}

/**
 * Who may do what in Consul: a policy and a token that has it for each node, for each member's
 * Patroni, and for people who look at the page.
 */
export class ConsulAcl extends PgComponent {
  constructor(name: string, args: ConsulAclArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ConsulAcl", name, opts);
    const { topology, keys, servers } = args;
    const { consulServers } = reachable(topology);
    const policies = aclPolicies(topology);
    const each = <T>(of: (grant: string) => T): Record<string, T> =>
      Object.fromEntries(Object.keys(policies).map((grant) => [grant, of(grant)]));
    new resources.ConsulAcl(
      name,
      {
        consul: consulServers.map((server) => consulAccess(topology, server)),
        managementToken: keys.managementToken,
        description: `postgres-ha ${topology.cluster}`,
        policies,
        tokens: each((grant) => ({ accessorId: accessorId(topology, grant), policies: [grant] })),
        secretIds: pulumi.all(each((grant) => keys.token(grant))),
      },
      this.child(servers),
    );
    this.registerOutputs({});
  }
}

/** Public id of a token, the same in each run. */
function accessorId({ cluster }: Topology, grant: string): string {
  return toUuid(createHash("sha256").update(`${cluster}/${grant}`).digest("hex"));
}
