import { type Answer, type Ask, https as ask } from "../../harness/https";
import { Members } from "../../harness/members";
import { outputs } from "./context";
import { inside } from "./docker";

const members = new Members({
  outputs,
  inside: ({ container }, argv, stdin) => inside(container, argv, { stdin }),
});

export const view = members.view.bind(members);
export const leader = members.leader.bind(members);
export const replicas = members.replicas.bind(members);
export const status = members.status.bind(members);
export const superuser = members.superuser.bind(members);
export const value = members.value.bind(members);
export const healthy = members.healthy.bind(members);

/** A request from this machine to a published port, the server's certificate verified. */
export function https(request: Omit<Ask, "host" | "ca">): Promise<Answer> {
  return ask({ host: "127.0.0.1", ca: outputs().caCertificate, ...request });
}
