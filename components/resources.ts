/**
 * The project's own resource types as Pulumi classes: a name, its inputs, its computed outputs.
 * What they mean is written in model/resources.ts; what they do is in provider/types.
 */
import * as pulumi from "@pulumi/pulumi";
import type * as model from "../model/resources";

/** Inputs of which any part may still be an output. */
type Deep<T> = T extends string | number | boolean | undefined
  ? pulumi.Input<T>
  : T extends readonly (infer E)[]
    ? pulumi.Input<readonly Deep<E>[]>
    : DeepFields<T>;

type DeepFields<T> = { readonly [K in keyof T]: Deep<T[K]> };

/** A resource of package `pgha` without computed outputs. */
function define<Inputs extends object>(
  type: string,
): new (
  name: string,
  inputs: DeepFields<Inputs>,
  opts?: pulumi.CustomResourceOptions,
) => pulumi.CustomResource {
  return class extends pulumi.CustomResource {
    constructor(name: string, inputs: DeepFields<Inputs>, opts?: pulumi.CustomResourceOptions) {
      super(`pgha:index:${type}`, name, { ...inputs }, opts);
    }
  };
}

/** The authority behind every certificate of the cluster. */
export class CertificateAuthority extends pulumi.CustomResource {
  /** PEM. */
  declare public readonly certificate: pulumi.Output<string>;
  /** PKCS#8 PEM, secret. */
  declare public readonly privateKey: pulumi.Output<string>;

  constructor(
    name: string,
    inputs: DeepFields<model.CertificateAuthorityInputs>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const computed = { certificate: undefined, privateKey: undefined };
    super("pgha:index:CertificateAuthority", name, { ...inputs, ...computed }, secretKey(opts));
  }
}

/** Certificate and key of one instance. */
export class Certificate extends pulumi.CustomResource {
  /** PEM. */
  declare public readonly certificate: pulumi.Output<string>;
  /** PKCS#8 PEM, secret. */
  declare public readonly privateKey: pulumi.Output<string>;

  constructor(
    name: string,
    inputs: DeepFields<model.CertificateInputs>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const computed = { certificate: undefined, privateKey: undefined, notAfter: undefined };
    super("pgha:index:Certificate", name, { ...inputs, ...computed }, secretKey(opts));
  }
}

/** The condition of `up`. */
export class Ready extends pulumi.CustomResource {
  /** PostgreSQL system identifier of the cluster, decimal. */
  declare public readonly systemIdentifier: pulumi.Output<string>;

  constructor(
    name: string,
    inputs: DeepFields<model.ReadyInputs>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("pgha:index:Ready", name, { ...inputs, systemIdentifier: undefined }, opts);
  }
}

export const Preflight = define<model.PreflightInputs>("Preflight");
export const Network = define<model.NetworkInputs>("Network");
export const Image = define<model.ImageInputs>("Image");
export const VolumeClaim = define<model.VolumeClaimInputs>("VolumeClaim");
export const ConfigFiles = define<model.ConfigFilesInputs>("ConfigFiles");
export const ConsulAcl = define<model.ConsulAclInputs>("ConsulAcl");
export const DynamicConfig = define<model.DynamicConfigInputs>("DynamicConfig");
export const Role = define<model.RoleInputs>("Role");
export const Database = define<model.DatabaseInputs>("Database");
export const Extension = define<model.ExtensionInputs>("Extension");
export const PoolLookup = define<model.PoolLookupInputs>("PoolLookup");
export const PoolSettings = define<model.PoolSettingsInputs>("PoolSettings");
export const Stanza = define<model.StanzaInputs>("Stanza");
export const Roster = define<model.RosterInputs>("Roster");
export const Drain = define<model.DrainInputs>("Drain");
export const MemberExit = define<model.MemberExitInputs>("MemberExit");
export const ConsulNode = define<model.ConsulNodeInputs>("ConsulNode");
export const EndpointGate = define<model.EndpointGateInputs>("EndpointGate");
export const BackupGate = define<model.BackupGateInputs>("BackupGate");
export const ClusterIdentity = define<model.ClusterIdentityInputs>("ClusterIdentity");
export const ClusterShape = define<model.ClusterShapeInputs>("ClusterShape");

function secretKey(opts?: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions({ additionalSecretOutputs: ["privateKey"] }, opts ?? {});
}
