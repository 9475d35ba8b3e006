/** Every resource type that the provider serves. */
import type { AnyType } from "../type";
import { certificate } from "./certificate";
import { certificateAuthority } from "./certificateAuthority";
import { clusterShape } from "./clusterShape";
import { configFiles } from "./configFiles";
import { consulPolicy } from "./consulPolicy";
import { consulToken } from "./consulToken";
import { database } from "./database";
import { drainType } from "./drain";
import { dynamicConfig } from "./dynamicConfig";
import { extension } from "./extension";
import { image } from "./image";
import { poolLookup } from "./poolLookup";
import { poolSettings } from "./poolSettings";
import { preflightType } from "./preflight";
import { reachability } from "./reachability";
import { ready } from "./ready";
import { role } from "./role";
import { stanza } from "./stanza";
import { volumeClaim } from "./volumeClaim";

/** In the order in which a cluster needs them. */
export const types: readonly AnyType[] = [
  clusterShape,
  preflightType,
  certificateAuthority,
  certificate,
  image,
  reachability,
  volumeClaim,
  configFiles,
  consulPolicy,
  consulToken,
  dynamicConfig,
  role,
  database,
  extension,
  poolLookup,
  poolSettings,
  stanza,
  drainType,
  ready,
];
