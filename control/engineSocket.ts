/** A host's Docker engine as a socket on this machine, for the docker command line. */
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { HostAccess } from "../model/access";
import { engineStream } from "./sshEngine";
import { privateDirectory } from "./sshDirectory";

let opened = 0;

/**
 * Runs `work` with a value for DOCKER_HOST that leads to the host's engine: by our own ssh with its
 * pinned key, which the command line knows nothing of. The socket lies in a folder of mode 0700 and
 * is gone afterwards.
 */
export async function withEngineSocket<T>(
  host: HostAccess,
  work: (dockerHost: string) => Promise<T>,
): Promise<T> {
  if (!host.docker.startsWith("ssh://")) return work(host.docker);
  const path = join(privateDirectory(), `e${(opened += 1)}`);
  const server = forwarder(host);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  try {
    return await work(`unix://${path}`);
  } finally {
    server.close();
  }
}

function forwarder(host: HostAccess): Server {
  return createServer({ allowHalfOpen: true }, (client) => {
    const engine = engineStream(host);
    // An end without order on one side is passed on as such, and the command line reports it.
    pipeline(client, engine).catch(() => engine.destroy());
    pipeline(engine, client).catch((error: Error) => client.destroy(error));
    client.on("error", () => engine.destroy());
  });
}
