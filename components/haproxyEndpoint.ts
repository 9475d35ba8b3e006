import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { UID } from "../model/paths";
import { renderHaproxy } from "../model/render/haproxy";
import type { HaproxyPlan, Topology } from "../model/topology";
import { PgComponent } from "./component";
import { containerBase, type ContainerSpec, createConfigFiles, createContainer } from "./container";
import type { DockerHost } from "./dockerHost";
import { createHaproxyGate } from "./endpointGate";
import type { Keys } from "./keys";

/** Arguments of HaproxyEndpoint. */
export interface HaproxyEndpointArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly haproxy: HaproxyPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
  /** What is replaced before it. Only its place in the order: none of its outputs. */
  readonly before: readonly pulumi.Resource[];
}

/**
 * Endpoints that follow the leader and the replicas. Invariants: a config change is a reload; it is
 * replaced only while the others serve, and the pools that go through it wait meanwhile.
 */
export class HaproxyEndpoint extends PgComponent {
  public readonly container: pulumi.Resource;

  constructor(args: HaproxyEndpointArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, topology, haproxy, host } = args;
    super("HaproxyEndpoint", haproxy.name, opts);
    const spec = haproxySpec(config, haproxy);
    const base = [this.createFiles(args), ...containerBase(host, spec)];
    const gate = createHaproxyGate(
      { topology, endpoint: haproxy, host, spec },
      this.child([...base, ...args.before]),
    );
    this.container = createContainer(host, spec, this.child([...base, gate]));
    this.registerOutputs({});
  }

  private createFiles({
    config,
    topology,
    haproxy,
    host,
    keys,
  }: HaproxyEndpointArgs): pulumi.Resource {
    const tls = keys.tls(haproxy);
    return createConfigFiles(
      host,
      {
        instance: haproxy,
        uid: UID.haproxy,
        tls,
        files: {
          "haproxy.cfg": keys.statsPassword.apply((password) =>
            renderHaproxy(config, topology, haproxy, password),
          ),
          "tls/haproxy.pem": pulumi.interpolate`${tls.certificate}${tls.key}`,
        },
        // To the master process: read the file again, hand the listeners over.
        reload: [{ container: haproxy.name, signal: "SIGUSR2" }],
      },
      this.child(),
    );
  }
}

function haproxySpec({ resources }: StackConfig, haproxy: HaproxyPlan): ContainerSpec {
  return {
    instance: haproxy,
    image: "haproxy",
    uid: UID.haproxy,
    memoryMiB: resources.memoryMiB.haproxy,
    ports: Object.values(haproxy.ports).map((port) => ({ port, to: "client" as const })),
    tmpfs: ["/run/haproxy"],
    healthcheck: ["healthcheck"],
    graceSeconds: 30,
  };
}
