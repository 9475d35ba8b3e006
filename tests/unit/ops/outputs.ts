/** Outputs of a small cluster, as the backend gives them; every secret is recognisable. */
export function sampleOutputs(): Record<string, unknown> {
  const host = { name: "local", docker: "unix:///var/run/docker.sock" };
  const at = (port: number) => ({ host: "127.0.0.1", port });
  const member = (n: number) => ({
    host,
    container: `dev-local-postgres-${n}`,
    name: `dev-local-postgres-${n}`,
    address: `198.18.0.${n}`,
    port: 5431 + n,
    apiPort: 8007 + n,
  });
  return {
    clusterName: "dev",
    caCertificate: "-----BEGIN CERTIFICATE-----",
    credentials: { app: "SECRET-app", monitor: "SECRET-monitor" },
    members: [],
    backup: { stanza: "dev", repositories: [], lastVerifiedRestore: null },
    endpoints: {
      primary: [at(5000)],
      replicas: [at(5001)],
      pooledPrimary: [at(6432)],
      pooledReplicas: [at(6433)],
      direct: [at(5432), at(5433)],
      stats: [at(7000)],
      consul: [at(8501)],
    },
    operations: {
      cluster: "dev",
      members: [member(1), member(2)],
      consul: [{ host, container: "dev-local-consul-1", httpsPort: 8501, address: "198.18.0.20" }],
      agents: [{ host, container: "dev-local-agent-1" }],
      haproxies: [{ host, container: "dev-local-haproxy-1" }],
      poolers: [
        { host, container: "dev-local-pgbouncer-1", port: 6432, target: "primary" },
        { host, container: "dev-local-pgbouncer-replicas-1", port: 6433, target: "replicas" },
      ],
      sidecars: [1, 2].map((n) => ({ host, container: `dev-local-backrest-${n}` })),
      repository: { host, container: "dev-local-backup-1" },
      consulViewerToken: "SECRET-viewer",
      keys: {
        consulManagementToken: "SECRET-management",
        gossipKey: "SECRET-gossip",
        repositoryPassphrase: "SECRET-repository",
        passwords: { app: "SECRET-app", replicator: "SECRET-replicator" },
        statsPassword: "SECRET-stats",
        caCertificate: "-----BEGIN CERTIFICATE-----",
        caPrivateKey: "SECRET-ca",
      },
    },
  };
}
