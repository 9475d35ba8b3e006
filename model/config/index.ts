export { ConfigError, formatPath, formatProblem, type Problem } from "./problem";
export { CONFIG_KEYS, type StackConfig } from "./schema";
export type { HostConfig } from "./schema/hosts";
export { SYSTEM_ROLES } from "./schema/names";
export { parseConfig } from "./parse";
export { DEFAULT_MAX_CONNECTIONS } from "./checks/capacity";
export { portsOfHost } from "./hostPorts";
