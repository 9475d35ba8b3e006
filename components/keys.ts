import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { StackConfig } from "../model/config";
import { SYSTEM_ROLES } from "../model/config";
import { certificateIdentities, type Instance, type Topology } from "../model/topology";
import { PgComponent } from "./component";
import { Certificate, CertificateAuthority } from "./resources";

/** Arguments of Keys. */
export interface KeysArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  /** Passwords that a person chose, by role. */
  readonly passwords: Readonly<Record<string, pulumi.Output<string>>>;
}

/** What a container holds under its certificate directory. */
export interface TlsFiles {
  readonly ca: pulumi.Output<string>;
  readonly certificate: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;
}

/**
 * Every secret of the cluster, in encrypted state only. Protected: data is worthless without them.
 * Each is 32 letters and digits (190 bits); what needs another form is derived from it.
 */
export class Keys extends PgComponent {
  /** Gossip key of Consul: 32 bytes, base64. */
  public readonly gossipKey: pulumi.Output<string>;
  /** Management token of Consul. */
  public readonly managementToken: pulumi.Output<string>;
  /** Mark of this cluster on its volumes: no secret, and no other cluster's. */
  public readonly owner: pulumi.Output<string>;
  /** Passphrase of the backup repository. */
  public readonly repositoryPassphrase: pulumi.Output<string>;
  /** Password of user `stats` of HAProxy's page. */
  public readonly statsPassword: pulumi.Output<string>;
  /** Passwords of all roles that have one. */
  public readonly passwords: Readonly<Record<string, pulumi.Output<string>>>;
  /** The authority. */
  public readonly authority: CertificateAuthority;

  private readonly certificates: ReadonlyMap<string, Certificate>;

  constructor(name: string, args: KeysArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Keys", name, opts);
    const protect = args.config.protect;
    this.gossipKey = this.secret(`${name}-gossip`, protect).apply(toBase64Key);
    this.managementToken = this.secret(`${name}-consul-management`, protect).apply(toUuid);
    this.repositoryPassphrase = this.secret(`${name}-repository`, protect);
    // One way: the passphrase cannot be found from it.
    this.owner = pulumi.unsecret(
      this.repositoryPassphrase.apply((seed) => toUuid(`owner/${seed}`)),
    );
    this.statsPassword = this.secret(`${name}-stats`, protect);
    this.passwords = this.rolePasswords(name, args);
    this.authority = new CertificateAuthority(
      `${name}-ca`,
      {
        commonName: `${args.topology.cluster} postgres-ha`,
        validityDays: args.config.certificates.caValidityDays,
      },
      this.child([], { protect }),
    );
    this.certificates = this.issue(args);
    this.registerOutputs({ caCertificate: this.authority.certificate });
  }

  /** A token of Consul, derived like every other secret. */
  token(name: string): pulumi.Output<string> {
    return this.managementToken.apply((seed) => toUuid(`${seed}/${name}`));
  }

  /** Certificate files of an instance. */
  tls(instance: Instance): TlsFiles {
    const certificate = this.certificates.get(instance.name);
    if (certificate === undefined) throw new Error(`keys: no certificate for ${instance.name}`);
    return {
      ca: this.authority.certificate,
      certificate: certificate.certificate,
      key: certificate.privateKey,
    };
  }

  /** Password of a role; throws for a role that has none, which is a mistake in the program. */
  password(role: string): pulumi.Output<string> {
    const password = this.passwords[role];
    if (password === undefined) throw new Error(`keys: role ${role} has no password`);
    return password;
  }

  private secret(name: string, protect: boolean): pulumi.Output<string> {
    const args = { length: 32, special: false };
    return new random.RandomPassword(name, args, this.child([], { protect })).result;
  }

  private rolePasswords(name: string, args: KeysArgs): Record<string, pulumi.Output<string>> {
    // The superuser has none: it comes by the local socket only.
    const roles = [
      ...SYSTEM_ROLES.filter((role) => role !== "postgres"),
      ...args.config.postgres.users.map((user) => user.name),
    ];
    return Object.fromEntries(
      roles.map((role) => {
        const made = this.secret(`${name}-role-${role}`, args.config.protect);
        return [role, args.passwords[role] ?? made];
      }),
    );
  }

  private issue(args: KeysArgs): Map<string, Certificate> {
    const { validityDays, renewBeforeDays } = args.config.certificates;
    const issued = new Map<string, Certificate>();
    for (const identity of certificateIdentities(args.topology).values()) {
      const inputs = {
        caCertificate: this.authority.certificate,
        caPrivateKey: this.authority.privateKey,
        commonName: identity.name,
        dnsNames: identity.dnsNames,
        ipAddresses: identity.ipAddresses,
        usages: identity.usages,
        validityDays,
        renewBeforeDays,
      };
      issued.set(identity.name, new Certificate(identity.name, inputs, this.child()));
    }
    return issued;
  }
}

/** A UUID (version 4 by form) out of the SHA-256 of a text. */
export function toUuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = "89ab"[parseInt(hex[16] ?? "0", 16) % 4] ?? "8";
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** 32 bytes, base64, out of the SHA-256 of a text. */
function toBase64Key(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
