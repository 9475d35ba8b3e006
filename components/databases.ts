import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import type { MemberAccess } from "../model/access";
import { memberAccess, reachable, type Topology } from "../model/topology";
import { PgComponent } from "./component";
import type { Keys } from "./keys";
import { Database, Extension, PoolLookup, Role } from "./resources";

/** Arguments of Databases. */
export interface DatabasesArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly keys: Keys;
  /** What has to be there before SQL can be written: the members. */
  readonly after: readonly pulumi.Resource[];
}

/** What pg_rewind has to run on the leader: PostgreSQL's documentation of pg_rewind, "Notes". */
const REWIND_FUNCTIONS = [
  "pg_catalog.pg_ls_dir(text, boolean, boolean)",
  "pg_catalog.pg_stat_file(text, boolean)",
  "pg_catalog.pg_read_binary_file(text)",
  "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)",
];

const PLAIN_ROLE = {
  login: true,
  replication: false,
  createDb: false,
  connectionLimit: -1,
  memberOf: [] as string[],
  settings: {} as Record<string, string>,
  executes: [] as string[],
};

/** Roles, databases and extensions. Nothing here is ever dropped: removal from config leaves it. */
export class Databases extends PgComponent {
  private readonly members: readonly MemberAccess[];

  constructor(
    name: string,
    private readonly args: DatabasesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("Databases", name, opts);
    this.members = reachable(args.topology).members.map((member) =>
      memberAccess(args.topology, member),
    );
    const system = this.systemRoles(name);
    new PoolLookup(
      `${name}-pool-lookup`,
      { members: this.members, lookupRole: "pool_lookup", heartbeatRole: "monitor" },
      this.child(system),
    );
    const users = this.userRoles(name, system);
    this.databases(name, users);
    this.registerOutputs({});
  }

  private systemRoles(name: string): pulumi.Resource[] {
    const roles = [
      { name: "replicator", replication: true },
      { name: "rewind", executes: REWIND_FUNCTIONS },
      { name: "pool_lookup" },
      { name: "monitor", memberOf: ["pg_monitor"] },
    ];
    return roles.map((role) => this.role(name, { ...PLAIN_ROLE, ...role }, this.args.after));
  }

  private userRoles(name: string, after: readonly pulumi.Resource[]): pulumi.Resource[] {
    const made = new Map<string, pulumi.Resource>();
    const { users } = this.args.config.postgres;
    const make = (userName: string): pulumi.Resource | undefined => {
      const user = users.find((one) => one.name === userName);
      if (user === undefined || made.has(userName)) return made.get(userName);
      // A role has to be there before another can be a member of it.
      const groups = user.memberOf.flatMap((group) => make(group) ?? []);
      const settings = Object.fromEntries(
        Object.entries(user.settings).map(([key, value]) => [key, String(value)]),
      );
      const inputs = {
        ...PLAIN_ROLE,
        ...user,
        connectionLimit: user.connectionLimit ?? -1,
        settings,
      };
      const role = this.role(name, inputs, [...after, ...groups]);
      made.set(userName, role);
      return role;
    };
    users.forEach((user) => make(user.name));
    return [...made.values()];
  }

  private role(
    name: string,
    role: typeof PLAIN_ROLE & { readonly name: string },
    after: readonly pulumi.Resource[],
  ): pulumi.Resource {
    return new Role(
      `${name}-role-${role.name}`,
      { members: this.members, password: this.args.keys.password(role.name), ...role },
      this.child(after),
    );
  }

  private databases(name: string, users: readonly pulumi.Resource[]): void {
    for (const database of this.args.config.postgres.databases) {
      const made = new Database(
        `${name}-database-${database.name}`,
        {
          members: this.members,
          name: database.name,
          owner: database.owner,
          connectionLimit: database.connectionLimit ?? -1,
          connect: database.connect,
        },
        this.child(users),
      );
      for (const extension of database.extensions) {
        new Extension(
          // No name has a dot in it: `a-b` with `c` and `a` with `b-c` stay apart.
          `${name}-extension-${database.name}.${extension.name}`,
          {
            members: this.members,
            database: database.name,
            name: extension.name,
            schema: extension.schema,
          },
          this.child([made]),
        );
      }
    }
  }
}
