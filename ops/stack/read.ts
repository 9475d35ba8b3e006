/** The stack's outputs, read by the Pulumi CLI that setup provides. */
import { ControlError, excerpt } from "../../control/errors";
import { root, tools } from "../../setup/paths";
import { capture } from "../../setup/process";
import { makeShadow, readProject } from "../../setup/stackCopy";
import { pulumiEnv } from "../../setup/state";
import { parseOutputs, type StackOutputs } from "./outputs";

const TIMEOUT_MS = 60_000;

/**
 * Reads and checks the outputs of a stack. The CLI runs in the folder of the generated stack files:
 * beside the program it could write the salt into a tracked file.
 */
export async function readStack(stack: string): Promise<StackOutputs> {
  const args = ["stack", "output", "--json", "--show-secrets", "--non-interactive"];
  const { code, stdout, stderr } = await capture(
    tools("bin", "pulumi"),
    [...args, "--stack", stack],
    { cwd: makeShadow(readProject(root)), env: pulumiEnv(), timeoutMs: TIMEOUT_MS },
  );
  if (code !== 0) throw unreadable(stack, `exit code ${code}: ${excerpt(stderr) || "no message"}`);
  return parseOutputs(stack, parseJson(stack, stdout));
}

function parseJson(stack: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The text holds secrets: not even the parser's words about it may be shown.
    throw unreadable(stack, `the answer of ${text.length} characters is not JSON`);
  }
}

function unreadable(stack: string, found: string): ControlError {
  const remedy = /no stack named/.test(found)
    ? "Name an existing stack with --stack (npm run pulumi -- stack ls), or make it: npm run up"
    : "Try it by hand: npm run --silent pulumi -- stack output --stack " + stack;
  return new ControlError({ doing: "read the outputs", where: `stack ${stack}`, found, remedy });
}
