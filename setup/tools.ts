import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { download, fromZip, reachable, verifySum } from "./download";
import { engineArch } from "./engine";
import { goProgram } from "./goBuild";
import { tools } from "./paths";
import { capture, logged } from "./process";
import type { Progress } from "./progress";
import { readStamp } from "./stamp";
import type { Step } from "./step";
import { checkTool, provideTool, pulumiPlatform, type Tool, toolStep, verifyPlugin } from "./tool";
import { versions } from "./versions";

const pulumi = versions.pulumi.version;
const languageHost = "pulumi-language-nodejs";

async function verifyVersion(file: string, args: string[], version: string): Promise<void> {
  const { code, stdout, stderr } = await capture(file, args, {
    timeoutMs: 30_000,
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  const first = stdout.split("\n")[0] ?? "";
  if (code === 0 && first.split(/[\s+]+/).includes(`v${version}`)) return;
  throw new Error(
    `${file} ${args.join(" ")} says "${first || stderr.trim().slice(0, 200)}" (exit ${code}), wanted is ${version}.`,
  );
}

// One archive holds the CLI and the language hosts.
async function officialSdk(folder: string, progress: Progress): Promise<string | undefined> {
  if (!(await reachable(versions.pulumi.download))) return undefined;
  const name = `pulumi-v${pulumi}-${pulumiPlatform()}.tar.gz`;
  const archive = join(folder, name);
  await progress.during(`downloading ${name}`, () =>
    download(`${versions.pulumi.download}/${name}`, archive),
  );
  if (await reachable(versions.pulumi.checksums)) {
    const sums = join(folder, "sums");
    await download(`${versions.pulumi.checksums}/v${pulumi}/pulumi-${pulumi}-checksums.txt`, sums);
    await verifySum(archive, name, readFileSync(sums, "utf8"));
  }
  await logged("tar", ["-xzf", archive, "-C", folder], tools("logs", "pulumi.log"));
  return join(folder, "pulumi");
}

function cliTool(): Tool {
  return {
    title: "Pulumi CLI",
    version: pulumi,
    program: goProgram("pulumi"),
    target: tools("bin", "pulumi"),
    official: async (folder, progress) => {
      const cli = await officialSdk(folder, progress);
      if (!cli) return undefined;
      keepCompanions(cli);
      return join(cli, "pulumi");
    },
    verify: (file) => verifyVersion(file, ["version"], pulumi),
  };
}

// What else is in the archive: the language host, which has a step of its own and takes it from
// here, and two small scripts that it starts.
function keepCompanions(sdk: string): void {
  mkdirSync(tools("sdk"), { recursive: true });
  mkdirSync(tools("bin"), { recursive: true });
  copyWhole(join(sdk, languageHost), tools("sdk", languageHost));
  for (const name of ["pulumi-resource-pulumi-nodejs", "pulumi-analyzer-policy"]) {
    if (existsSync(join(sdk, name))) copyWhole(join(sdk, name), tools("bin", name));
  }
}

function copyWhole(from: string, to: string): void {
  copyFileSync(from, `${to}.new`);
  chmodSync(`${to}.new`, 0o755);
  renameSync(`${to}.new`, to);
}

function languageTool(official: boolean): Tool {
  const program = goProgram(languageHost);
  return {
    title: "Node.js language host",
    version: official ? pulumi : program.version,
    program,
    target: tools("bin", languageHost),
    official: async (folder, progress) => {
      if (!official) return undefined;
      const kept = tools("sdk", languageHost);
      const sdk = existsSync(kept) ? tools("sdk") : await officialSdk(folder, progress);
      if (!sdk) return undefined;
      copyFileSync(join(sdk, languageHost), join(folder, languageHost));
      return join(folder, languageHost);
    },
    verify: async (file) => {
      // Ours is a front that starts the host beside it.
      const host = join(dirname(file), "pulumi-language-nodejs-host");
      if (!official && !existsSync(host))
        symlinkSync(tools("bin", "pulumi-language-nodejs-host"), host);
      await verifyPlugin(file);
    },
  };
}

function languageHostTool(): Tool {
  const program = goProgram("pulumi-language-nodejs-host");
  return {
    title: "Node.js language host",
    version: program.version,
    program,
    target: tools("bin", program.output),
    verify: verifyPlugin,
  };
}

// The host comes from where the CLI came from: the official one belongs to the official CLI.
function languageStep(): Step {
  const official = (): boolean => readStamp("pulumi")?.from === "official download";
  return {
    name: "Node.js language host",
    async check() {
      if (official()) return checkTool(languageTool(true));
      const host = await checkTool(languageHostTool());
      return host.present ? checkTool(languageTool(false)) : host;
    },
    async provide(progress) {
      if (official()) return provideTool(languageTool(true), progress);
      if (!(await checkTool(languageHostTool())).present)
        await provideTool(languageHostTool(), progress);
      return provideTool(languageTool(false), progress);
    },
  };
}

function pluginStep(name: keyof typeof versions.plugins): Step {
  const version = versions.plugins[name];
  const program = goProgram(`pulumi-resource-${name}`);
  const folderName = `resource-${name}-v${version}`;
  return toolStep({
    title: `plugin ${name}`,
    version,
    program,
    target: tools("pulumi-home", "plugins", folderName, program.output),
    official: async (folder, progress) => {
      if (!(await reachable(versions.pulumi.download))) return undefined;
      const env = { ...process.env, PULUMI_HOME: folder, PULUMI_SKIP_UPDATE_CHECK: "true" };
      await progress.during(`downloading plugin ${name} ${version}`, () =>
        logged(
          tools("bin", "pulumi"),
          ["plugin", "install", "resource", name, `v${version}`],
          tools("logs", `plugin-${name}.log`),
          { env, timeoutMs: 600_000 },
        ),
      );
      return join(folder, "plugins", folderName, program.output);
    },
    verify: verifyPlugin,
  });
}

// Consul runs in an image, so it is a Linux program of the engine's processor, whatever this is.
async function consulTool(): Promise<Tool> {
  const { version, download: site } = versions.consul;
  const goarch = await engineArch();
  const here =
    process.platform === "linux" &&
    goarch === { x64: "amd64", arm64: "arm64" }[process.arch as string];
  return {
    title: "Consul",
    version,
    program: goProgram("consul"),
    target: tools("bin", "consul"),
    platform: { GOOS: "linux", GOARCH: goarch },
    official: async (folder, progress) => {
      if (!(await reachable(site))) return undefined;
      const name = `consul_${version}_linux_${goarch}.zip`;
      await progress.during(`downloading ${name}`, () =>
        download(`${site}/${version}/${name}`, join(folder, name)),
      );
      await download(`${site}/${version}/consul_${version}_SHA256SUMS`, join(folder, "sums"));
      await verifySum(join(folder, name), name, readFileSync(join(folder, "sums"), "utf8"));
      writeFileSync(join(folder, "consul"), fromZip(join(folder, name), "consul"), {
        mode: 0o755,
        flush: true,
      });
      return join(folder, "consul");
    },
    verify: (file) => (here ? verifyVersion(file, ["version"], version) : Promise.resolve()),
  };
}

function consulStep(): Step {
  return {
    name: "Consul",
    check: async () => checkTool(await consulTool()),
    provide: async (progress) => provideTool(await consulTool(), progress),
  };
}

/** The steps of the tool chain by the key that a command asks for them with. */
export function toolSteps(): Record<
  "cli" | "language" | "docker" | "random" | "command" | "consul",
  Step
> {
  return {
    cli: toolStep(cliTool()),
    language: languageStep(),
    docker: pluginStep("docker"),
    random: pluginStep("random"),
    command: pluginStep("command"),
    consul: consulStep(),
  };
}
