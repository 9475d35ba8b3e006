/**
 * How the control path reaches what it works on: plain data that the program writes into resource
 * inputs, and the provider and `ops` read. Never holds a secret.
 */

/** A Docker engine, and how to reach it. */
export interface HostAccess {
  /** Name of the host in the stack config. */
  readonly name: string;
  /** `unix:///var/run/docker.sock` or `ssh://user@host[:port]`. */
  readonly docker: string;
  /** OpenSSH public host key line (`ssh-ed25519 AAAA...`); required for `ssh://`. */
  readonly hostKey?: string | undefined;
}

/** A container on a host. */
export interface ContainerAccess {
  /** Engine on which the container runs. */
  readonly host: HostAccess;
  /** Container name. */
  readonly container: string;
}

/** A Consul server or agent that can be asked from inside its own container. */
export interface ConsulAccess extends ContainerAccess {
  /** HTTPS port inside the container. */
  readonly httpsPort: number;
  /** Address of the HTTPS listener as seen from inside the container; in its certificate. */
  readonly address: string;
}

/** A PgBouncer process. */
export interface PoolerAccess extends ContainerAccess {
  /** Port of its listener. */
  readonly port: number;
  /** Whom its clients reach. */
  readonly target: "primary" | "replicas";
}

/** A member: PostgreSQL by its unix socket, Patroni by its REST API, both from inside its container. */
export interface MemberAccess extends ContainerAccess {
  /** Member name, as in Patroni. */
  readonly name: string;
  /** Address that peers use; in its certificate. */
  readonly address: string;
  /** PostgreSQL port. */
  readonly port: number;
  /** Patroni REST port. */
  readonly apiPort: number;
}
