export { ConfigError, formatPath, formatProblem, type PathStep, type Problem } from "./problem";
export { CONFIG_KEYS, type StackConfig } from "./schema";
export { PARTS, type HostConfig, type Part, type PartCounts } from "./schema/hosts";
export { SYSTEM_ROLES } from "./schema/names";
export type {
  DatabaseConfig,
  ExtensionConfig,
  HbaRule,
  ParameterValue,
  PostgresConfig,
  UserConfig,
} from "./schema/postgres";
export { parseConfig, type ParsedConfig } from "./parse";
export { DEFAULT_MAX_CONNECTIONS, maxConnections } from "./checks/capacity";
export { portsOfHost, type PortUse } from "./hostPorts";
