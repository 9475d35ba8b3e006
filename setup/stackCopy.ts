import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { makeStateDir } from "./paths";
import { type ProviderKeys, providerKeysOf, withProviderKeys, writeBack } from "./stackFile";
import { stackStateFile, stacksFolder } from "./state";
import { writeWhole } from "./stamp";

/** A Pulumi project: the directory with its Pulumi.yaml, and its name. */
export interface Project {
  folder: string;
  name: string;
  settings: Record<string, unknown>;
}

/** A stack's tracked file and the generated copy of it. */
export interface StackCopy {
  project: Project;
  stack: string;
  tracked: string;
  /** The generated file, in the folder of the project's generated files. */
  copy: string;
}

/** Reads the project that a directory holds. */
export function readProject(folder: string): Project {
  const file = ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(folder, name)).find(existsSync);
  if (!file)
    throw new Error(
      `${resolve(folder)} holds no Pulumi.yaml, so it is no Pulumi project. Name the directory of one with --cwd.`,
    );
  const settings = parse(readFileSync(file, "utf8")) as Record<string, unknown> | null;
  if (typeof settings?.name !== "string")
    throw new Error(`${file} has no "name": it must name the project.`);
  return { folder: resolve(folder), name: settings.name, settings };
}

/** Where a stack's files are. */
export function stackCopy(project: Project, stack: string): StackCopy {
  const folder =
    typeof project.settings.stackConfigDir === "string" ? project.settings.stackConfigDir : ".";
  const name = `Pulumi.${stack}.yaml`;
  return {
    project,
    stack,
    tracked: resolve(project.folder, folder, name),
    copy: join(stacksFolder(project.name), name),
  };
}

/**
 * Makes the folder in which commands run that may write a stack file: a Pulumi.yaml of the same
 * name, so that they find the same stacks, and nothing of the program.
 */
export function makeShadow({ name, settings }: Project): string {
  makeStateDir();
  const folder = stacksFolder(name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kept = {
    name,
    runtime: settings.runtime ?? "nodejs",
    ...(settings.config ? { config: settings.config } : {}),
  };
  writeWhole(join(folder, "Pulumi.yaml"), `${JSON.stringify(kept, null, 2)}\n`);
  return folder;
}

/**
 * Writes the copy anew from the tracked file and the salt that is kept in the old copy, or else in
 * the stack's state.
 *
 * @returns the copy's text, or undefined when there is neither a tracked file nor a copy.
 */
export function refreshCopy(files: StackCopy): string | undefined {
  makeShadow(files.project);
  const old = readText(files.copy);
  const tracked = readText(files.tracked);
  if (tracked === undefined) return old;
  const kept = old === undefined ? {} : providerKeysOf(old, files.copy);
  const keys = Object.keys(kept).length > 0 ? kept : keysInState(files);
  const text = withProviderKeys(tracked, keys, files.tracked);
  if (text !== old) writeWhole(files.copy, text, 0o600);
  return text;
}

// The copy may be lost while the stack is there (someone tidied up): the state has the salt too.
function keysInState({ project, stack }: StackCopy): ProviderKeys {
  const file = stackStateFile(project.name, stack);
  if (!file) return {};
  const raw = readFileSync(file);
  const text = file.endsWith(".gz") ? gunzipSync(raw).toString("utf8") : raw.toString("utf8");
  const found = JSON.parse(text) as {
    checkpoint?: { latest?: { secrets_providers?: { state?: { salt?: unknown } } } };
  };
  const salt = found.checkpoint?.latest?.secrets_providers?.state?.salt;
  return typeof salt === "string" ? { encryptionsalt: salt } : {};
}

/** Brings what a command changed in the copy back to the tracked file. */
export function keepChanges(files: StackCopy, before: string | undefined): void {
  const after = readText(files.copy);
  if (after === undefined || after === before) return;
  const tracked = readText(files.tracked);
  if (
    tracked === undefined &&
    before === undefined &&
    Object.keys((parse(after) as { config?: object } | null)?.config ?? {}).length === 0
  )
    return;
  const text = writeBack(tracked ?? "", after, files.tracked);
  if (text !== tracked && text.trim() !== "") writeWhole(files.tracked, text);
}

function readText(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
