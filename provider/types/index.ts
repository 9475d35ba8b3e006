/** Every resource type that the provider serves. */
import type { AnyType } from "../type";
import { backupGate } from "./backupGate";
import { certificate } from "./certificate";
import { certificateAuthority } from "./certificateAuthority";
import { clusterIdentity } from "./clusterIdentity";
import { clusterShape } from "./clusterShape";
import { configFiles } from "./configFiles";
import { consulAcl } from "./consulAcl";
import { consulNode } from "./consulNode";
import { database } from "./database";
import { drainType } from "./drain";
import { dynamicConfig } from "./dynamicConfig";
import { endpointGate } from "./endpointGate";
import { extension } from "./extension";
import { image } from "./image";
import { memberExit } from "./memberExit";
import { network } from "./network";
import { poolLookup } from "./poolLookup";
import { poolSettings } from "./poolSettings";
import { preflightType } from "./preflight";
import { ready } from "./ready";
import { role } from "./role";
import { roster } from "./roster";
import { stanza } from "./stanza";
import { volumeClaim } from "./volumeClaim";

/** In the order in which a cluster needs them. */
export const types: readonly AnyType[] = [
  clusterShape,
  preflightType,
  roster,
  certificateAuthority,
  certificate,
  image,
  network,
  volumeClaim,
  clusterIdentity,
  configFiles,
  consulAcl,
  dynamicConfig,
  role,
  database,
  extension,
  poolLookup,
  poolSettings,
  stanza,
  consulNode,
  drainType,
  memberExit,
  endpointGate,
  backupGate,
  ready,
];
