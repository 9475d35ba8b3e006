/** `psql` for a person: inside a member's container, as superuser over the unix socket. */
import type { MemberAccess } from "../model/access";
import { SOCKET_DIR } from "../model/paths";

/** Command that runs `psql` in the member's container, to be given to Docker's exec API. */
export function psqlCommand(
  member: MemberAccess,
  database: string,
  more: readonly string[] = [],
): string[] {
  const where = ["--host", SOCKET_DIR, "--port", String(member.port), "--username", "postgres"];
  return ["psql", ...where, "--dbname", database, ...more];
}

/** Arguments of the `docker` CLI for the same with a terminal; DOCKER_HOST names the engine. */
export function psqlDockerArguments(
  member: MemberAccess,
  database: string,
  terminal: boolean,
  more: readonly string[] = [],
): string[] {
  const flags = terminal ? ["--interactive", "--tty"] : ["--interactive"];
  return ["exec", ...flags, member.container, ...psqlCommand(member, database, more)];
}
