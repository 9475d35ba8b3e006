import { z } from "zod";

import { text } from "./names";

const HOST =
  /^(localhost|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)(:\d{1,5})?$/;
const FOLDER = /^[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*$/;

/** The registry by which images reach the hosts. */
export const registrySchema: z.ZodOptional<z.ZodString> = text(
  {
    rule: "must be HOST[:PORT][/FOLDER...] in lower-case letters, without scheme, user or tag",
    remedy: 'Use a place such as "registry.example.org/team/postgres-ha".',
    test: (value) => {
      const [host = "", ...folders] = value.split("/");
      return HOST.test(host) && folders.every((folder) => FOLDER.test(folder));
    },
  },
  {
    rule: "must begin with the registry's host name, one with a dot or a port",
    remedy: 'Name the host too; for Docker Hub that is "docker.io/TEAM".',
    test: (value) => /^(localhost|[^/]*[.:][^/]*)(\/|$)/.test(value),
  },
  {
    rule: "must be at most 180 characters long",
    remedy: "Use a shorter folder.",
    test: (value) => value.length <= 180,
  },
)
  .optional()
  .describe(
    "Registry, with folder, to which `up` pushes the images it builds (as `REGISTRY/NAME:HASH`) and from which each `ssh://` host pulls them by digest. Logins are those of `docker login` where `up` runs. Left out: images are carried to the hosts over ssh.",
  );
