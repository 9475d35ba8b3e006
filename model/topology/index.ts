export { planTopology } from "./plan";
export * from "./types";
export { consulAccess, hostOf, memberAccess } from "./access";
export { certificateIdentities, type CertificateIdentity } from "./identities";
export { clientEndpoints, connectionUri, type Endpoint, type Endpoints } from "./endpoints";
