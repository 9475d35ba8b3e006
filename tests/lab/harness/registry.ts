/** A registry of images on the lab's bridge: TLS by an authority of its own, and a login. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { issueAuthority, issueCertificate } from "../../../provider/certificates";
import { LongRun } from "../../harness/longRun";
import { ok, run } from "../../harness/run";
import { mustInside } from "./host";
import type { Lab } from "./lab";
import { gateway } from "./place";

const PORT = 5443;
const LIFE_MS = 600_000;
const USER = "team";

/** Debian's package of it, unpacked: installed it would start a service on the machine. */
async function program(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const options = { cwd: folder, timeoutMs: 120_000 };
  const download = () => run("apt-get", ["download", "-qq", "docker-registry"], options);
  if ((await download()).code !== 0) {
    await ok("apt-get", ["update", "-qq"], options);
    await download();
  }
  const deb = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "docker-registry.deb";
  await ok("dpkg-deb", ["--extract", deb, "."], options);
  return join(folder, "usr", "bin", "docker-registry");
}

/** A registry that runs. */
export class LabRegistry {
  /** Value of `registry` in a stack config. */
  readonly place: string;
  /** Value of DOCKER_CONFIG for who has logged in. */
  readonly login: string;
  private readonly trusted: string;

  private constructor(
    private readonly lab: Lab,
    private readonly server: string,
    folder: string,
    private readonly serving: LongRun,
  ) {
    this.place = `${server}/team/postgres-ha`;
    this.login = join(folder, "login");
    this.trusted = trustOf(server);
  }

  /** Starts one, which all engines trust, this machine's too. `block` is the lab's. */
  static async start(lab: Lab, block: string): Promise<LabRegistry> {
    const folder = join(lab.place.folder, "registry");
    const executable = await program(folder);
    const address = gateway(block);
    const server = `${address}:${PORT}`;
    const authority = await secure(folder, address);
    const password = randomBytes(12).toString("hex");
    const hash = await bcrypt(password);
    writeFileSync(join(folder, "users"), `${USER}:${hash}\n`, { mode: 0o600 });
    const config = join(folder, "config.json");
    writeFileSync(config, JSON.stringify(configOf(folder, server)));
    const env = { ...process.env, OTEL_TRACES_EXPORTER: "none" };
    const serving = new LongRun(executable, ["serve", config], {
      cwd: folder,
      env,
      timeoutMs: LIFE_MS,
    });
    const registry = new LabRegistry(lab, server, folder, serving);
    try {
      await serving.line(/listening on/);
      await registry.trust(authority);
      await registry.logIn(password);
      return registry;
    } catch (error) {
      await registry.stop();
      throw error;
    }
  }

  /** What it was asked and by whom, as `GET /v2/... 198.18.7.11`. */
  get asked(): string[] {
    return this.serving
      .tail(10_000)
      .split("\n")
      .flatMap((line) => {
        const found = /^(\S+) - .* "(\S+ \S+) HTTP/.exec(line);
        return found ? [`${found[2]} ${found[1]}`] : [];
      });
  }

  /** Stops it, and no engine trusts it any more. */
  async stop(): Promise<void> {
    this.serving.child.kill("SIGKILL");
    await this.serving.ended.catch(() => undefined); // that it was killed is what was wanted
    rmSync(this.trusted, { recursive: true, force: true });
  }

  private async trust(authority: string): Promise<void> {
    mkdirSync(this.trusted, { recursive: true });
    writeFileSync(join(this.trusted, "ca.crt"), authority);
    const script = 'mkdir -p "$1" && printf %s "$2" >"$1/ca.crt"';
    for (const { name } of this.lab.hosts)
      await mustInside(this.lab.host(name), "trust the registry", [
        ...["sh", "-c", script, "sh", this.trusted, authority],
      ]);
  }

  private async logIn(password: string): Promise<void> {
    const env = { ...process.env, DOCKER_CONFIG: this.login };
    const args = ["login", "--username", USER, "--password-stdin", this.server];
    await ok("docker", args, { env, stdin: password });
  }
}

const trustOf = (server: string): string => `/etc/docker/certs.d/${server}`;

/** The one kind of hash that the registry takes, by the C library's crypt. */
function bcrypt(password: string): Promise<string> {
  const script = 'chomp($word = <STDIN>); print crypt($word, "\\$2b\\$05\\$" . $ARGV[0])';
  const salt = randomBytes(11).toString("hex");
  return ok("perl", ["-e", script, salt], { stdin: `${password}\n` });
}

/** Writes its certificate and key; gives the authority's certificate. */
async function secure(folder: string, address: string): Promise<string> {
  const authority = await issueAuthority({ commonName: "registry of a lab", validityDays: 1 });
  const leaf = await issueCertificate({
    caCertificate: authority.certificate,
    caPrivateKey: authority.privateKey,
    commonName: "registry",
    dnsNames: [],
    ipAddresses: [address],
    usages: ["server"],
    validityDays: 1,
    renewBeforeDays: 0,
  });
  writeFileSync(join(folder, "tls.crt"), leaf.certificate);
  writeFileSync(join(folder, "tls.key"), leaf.privateKey, { mode: 0o600 });
  return authority.certificate;
}

/** JSON is YAML. */
function configOf(folder: string, addr: string): object {
  return {
    version: 0.1,
    log: { level: "info", accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    auth: { htpasswd: { realm: "lab", path: join(folder, "users") } },
    http: {
      addr,
      secret: randomBytes(16).toString("hex"),
      tls: { certificate: join(folder, "tls.crt"), key: join(folder, "tls.key") },
    },
  };
}
