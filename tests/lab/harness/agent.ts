/** The operator's key: held by an ssh-agent of the lab, so that plain `ssh` gets in. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ControlError } from "../../../control/errors";
import { capture } from "../../../setup/process";
import { must } from "./command";
import type { Place } from "./place";
import { killAll, listeners } from "./processes";

// What the kernel allows in the address of a unix socket.
const LONGEST_SOCKET = 107;

const keyFile = (place: Place): string => join(place.folder, "operator-key");

/** The agent's socket, for SSH_AUTH_SOCK. */
export function agentSocket(place: Place): string {
  const path = join(place.folder, "agent.sock");
  if (path.length <= LONGEST_SOCKET) return path;
  throw new ControlError({
    doing: "place the agent's socket",
    where: `lab ${place.hash}`,
    found: `${path} is longer than ${LONGEST_SOCKET} bytes`,
    remedy: "Point PGHA_STATE at a folder with a shorter path.",
  });
}

/** Makes the operator's key, if there is none; gives its public half as for authorized_keys. */
export async function operatorKey(place: Place): Promise<string> {
  const file = keyFile(place);
  if (!existsSync(`${file}.pub`)) {
    rmSync(file, { force: true });
    await must({ doing: "make the operator's key", where: `lab ${place.hash}` }, "ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      `operator of lab ${place.hash}`,
      "-f",
      file,
    ]);
  }
  return readFileSync(`${file}.pub`, "utf8");
}

/** Starts the agent with the key in it, unless it answers and has it. */
export async function startAgent(place: Place): Promise<void> {
  const socket = agentSocket(place);
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  // 0: it has a key. 1: it has none. 2: nothing answers.
  const { code } = await capture("ssh-add", ["-l"], { env });
  if (code === 0) return;
  const where = { where: `lab ${place.hash}` };
  if (code !== 1) {
    await stopAgent(place);
    await must({ doing: "start the ssh-agent", ...where }, "ssh-agent", ["-a", socket]);
  }
  const added = await capture("ssh-add", ["-q", keyFile(place)], { env });
  if (added.code !== 0)
    throw new ControlError({
      doing: "give the operator's key to the agent",
      ...where,
      found: `ssh-add ended with ${added.code}: ${added.stderr}`,
      remedy: 'Run "npm run lab -- down" and "up" again.',
    });
}

/** Ends the agent, if it runs, and removes its socket. */
export async function stopAgent(place: Place): Promise<void> {
  const socket = agentSocket(place);
  await killAll("the lab's ssh-agent", () => listeners(socket));
  rmSync(socket, { force: true });
}
