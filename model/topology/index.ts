export { planTopology } from "./plan";
export * from "./types";
export {
  consulAccess,
  containerAccess,
  frontAccess,
  hostOf,
  memberAccess,
  poolerAccess,
  reachable,
} from "./access";
export { certificateIdentities, type CertificateIdentity } from "./identities";
export { clientEndpoints, connectionUri, type Endpoint, type Endpoints } from "./endpoints";
export { portsOf, type PortUser } from "./ports";
export { needsOf, triedOf } from "./needs";
