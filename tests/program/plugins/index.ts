import * as command from "@pulumi/command";
import * as random from "@pulumi/random";

/** What the plugins are asked for in the program's name: see tests/program/plugins.test.ts. */
const password = new random.RandomPassword("password", { length: 32, special: false });

const step = new command.local.Command("step", {
  create: "printf 'created '; cat",
  update: "printf 'updated '; cat",
  delete: 'rm -f "$MARK"',
  stdin: process.env.STEP_INPUT ?? "first",
  environment: { MARK: process.env.STEP_MARK ?? "/nonexistent" },
  triggers: [process.env.STEP_TRIGGER ?? "one"],
  addPreviousOutputInEnv: false,
});

const sealed = new command.local.Command(
  "sealed",
  { create: "cat", stdin: password.result, logging: "none" },
  { additionalSecretOutputs: ["stdout", "stderr"] },
);

export const result = password.result;
export const stdout = step.stdout;
export const length = sealed.stdout.apply((text) => text.length);
