/**
 * Inputs and computed outputs of the project's own resource types (`pgha:index:*`): the contract
 * between components/ (which declare them) and provider/ (which makes them true).
 * Every output state echoes all inputs; the computed fields are named in `...State`.
 */
import type {
  ConsulAccess,
  ContainerAccess,
  HostAccess,
  MemberAccess,
  PoolerAccess,
} from "./access";

export type * from "./changeResources";
export type * from "./hostResources";

/** A certificate authority; its key lives in encrypted state only. Replaced on any change. */
export interface CertificateAuthorityInputs {
  readonly commonName: string;
  /** Days from creation to the end of the certificate. */
  readonly validityDays: number;
}
/** Computed by CertificateAuthority. `privateKey` is secret (PKCS#8 PEM). */
export interface CertificateAuthorityState extends CertificateAuthorityInputs {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A leaf certificate; reissued in place when an input changes or its end is near. */
export interface CertificateInputs {
  readonly caCertificate: string;
  /** Secret. */
  readonly caPrivateKey: string;
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** `client` certificates may act as administrators (Patroni, pgBackRest): given sparingly. */
  readonly usages: readonly ("server" | "client")[];
  readonly validityDays: number;
  /** Reissued by `up` when fewer days than this are left. */
  readonly renewBeforeDays: number;
}
/** Computed by Certificate. `privateKey` is secret. */
export interface CertificateState extends CertificateInputs {
  readonly certificate: string;
  readonly privateKey: string;
  /** ISO 8601 end of validity. */
  readonly notAfter: string;
}

/** An image made from docker/NAME under a tag that is a hash of its inputs, and put on a host. */
export interface ImageInputs {
  readonly host: HostAccess;
  /** Full tag, `postgres-ha/postgres:17-<hash>`. */
  readonly tag: string;
  /** Build context directory, relative to the project. */
  readonly context: string;
  readonly buildArgs: Record<string, string>;
  /** Files copied into the context from elsewhere (`consul` binary): name -> absolute path is found
   * by the provider through this key, never stored in state as a machine path. */
  readonly extraFiles: readonly string[];
  /** Where it is pushed, and where hosts pull it by digest; else it is carried to them. */
  readonly registry?: string | undefined;
  /** Hosts that may have it when the operator's engine does not. */
  readonly others: readonly HostAccess[];
}
/** Computed by Image. */
export interface ImageState extends ImageInputs {
  readonly imageId: string;
}

/** Who may do what in Consul: policies and tokens, with ids of our own choosing, so that a lost
 * answer loses nothing. Those that bear the mark and are not declared are removed. */
export interface ConsulAclInputs {
  readonly consul: readonly ConsulAccess[];
  /** Management token; secret. */
  readonly managementToken: string;
  /** Mark: description of each policy, and what each token's starts with. */
  readonly description: string;
  /** Policy name -> HCL rules. */
  readonly policies: Readonly<Record<string, string>>;
  /** Token name -> what is no secret of it. */
  readonly tokens: Readonly<Record<string, ConsulTokenGrant>>;
  /** Token name -> secret id; secret as a whole. */
  readonly secretIds: Readonly<Record<string, string>>;
}
/** A token of ConsulAcl. */
export interface ConsulTokenGrant {
  readonly accessorId: string;
  /** Names of the policies that it has. */
  readonly policies: readonly string[];
}

/** Patroni's dynamic configuration, the part that the program owns. */
export interface DynamicConfigInputs {
  readonly members: readonly MemberAccess[];
  /** How many members are on hosts that are out, and not among them. */
  readonly unreachable: number;
  /** HAProxies and PgBouncers of all hosts, for restarts that clients do not notice. */
  readonly haproxies: readonly ContainerAccess[];
  readonly poolers: readonly PoolerAccess[];
  /** Nested document; keys that it does not name are left alone. */
  readonly config: Record<string, unknown>;
}

/** A PostgreSQL role. Never dropped by a delete: see docs. */
export interface RoleInputs {
  readonly members: readonly MemberAccess[];
  readonly name: string;
  /** Secret; stored in PostgreSQL as a SCRAM verifier computed here. */
  readonly password?: string | undefined;
  readonly login: boolean;
  readonly replication: boolean;
  readonly createDb: boolean;
  /** -1 for no limit. */
  readonly connectionLimit: number;
  readonly memberOf: readonly string[];
  /** Settings of `ALTER ROLE ... SET`. */
  readonly settings: Record<string, string>;
  /** Functions it may run, `pg_catalog.pg_ls_dir(text, boolean, boolean)`: for pg_rewind. */
  readonly executes: readonly string[];
}

/** A database. Never dropped by a delete. */
export interface DatabaseInputs {
  readonly members: readonly MemberAccess[];
  readonly name: string;
  readonly owner: string;
  /** -1 for no limit. */
  readonly connectionLimit: number;
  /**
   * Roles that may connect besides the owner; whom the owner lets in beyond that is its own business.
   * Left out in records of before there was such a list.
   */
  readonly connect?: readonly string[] | undefined;
}

/** An extension in a database. Never dropped by a delete. */
export interface ExtensionInputs {
  readonly members: readonly MemberAccess[];
  readonly database: string;
  readonly name: string;
  readonly schema?: string | undefined;
}

/** The locked-down SECURITY DEFINER function behind PgBouncer's auth_query, and the heartbeat table
 * that Ready writes to, both in database `postgres`. */
export interface PoolLookupInputs {
  readonly members: readonly MemberAccess[];
  /** Role that may call the function. */
  readonly lookupRole: string;
  /** Role that may write the heartbeat. */
  readonly heartbeatRole: string;
}

/** Live settings of a PgBouncer, as `SHOW CONFIG` gives them. */
export interface PoolSettingsInputs {
  readonly pooler: ContainerAccess;
  /** Unix socket directory and port of the admin console inside the container. */
  readonly socketDirectory: string;
  readonly port: number;
  readonly settings: Record<string, string>;
}

/** A pgBackRest stanza: created, checked, first full backup started. */
export interface StanzaInputs {
  readonly repository: ContainerAccess;
  readonly stanza: string;
  readonly members: readonly MemberAccess[];
  /** pgBackRest config as seen in the container. */
  readonly configFile: string;
}

/** A TCP endpoint tried from inside a container. */
export interface EndpointProbe {
  /** `primary`, `pooledPrimary`, ... for messages. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** True: must accept a write. False: must answer a read. */
  readonly write: boolean;
}

/** The condition of `up`: returns when the cluster is true, else fails and says which part is not. */
export interface ReadyInputs {
  readonly members: readonly MemberAccess[];
  readonly consul: readonly ConsulAccess[];
  readonly endpoints: readonly EndpointProbe[];
  /** Every container of the cluster: must run; its last log lines go into the error. */
  readonly containers: readonly ContainerAccess[];
  /** Who writes and reads through the endpoints: role, its password (secret), database. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly caCertificate: string;
  /** Repository to `pgbackrest check` in, when there is one. */
  readonly stanza?: { readonly repository: ContainerAccess; readonly name: string } | undefined;
  /** Seconds until it gives up. */
  readonly timeoutSeconds: number;
  /** Hash of everything that `up` can change: a change checks again. */
  readonly trigger: string;
}
/** Computed by Ready. */
export interface ReadyState extends ReadyInputs {
  /** PostgreSQL system identifier, decimal. */
  readonly systemIdentifier: string;
}
