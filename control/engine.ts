/** Engines and their containers: whether an engine answers, and containers started and stopped. */
import type { ContainerAccess, HostAccess } from "../model/access";
import { containerState, dockerClient, dockerFailure, dockerStatus } from "./docker";
import { ControlError, UnreachableError, describe } from "./errors";

/** The type of dockerode's own does not know its options. */
type Ping = (options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;

/** Returns when the engine of a host answers; fails with why it does not, in time. */
export async function engineAnswers(host: HostAccess, timeoutMs: number): Promise<void> {
  const limit = AbortSignal.timeout(timeoutMs);
  const client = dockerClient(host);
  try {
    // The signal ends the request, but not while its ssh still connects: so the race.
    await Promise.race([(client.ping.bind(client) as Ping)({ abortSignal: limit }), ended(limit)]);
  } catch (error) {
    const said = error instanceof ControlError ? error.parts.found : describe(error);
    throw new UnreachableError(
      {
        doing: "reach the Docker engine",
        where: `host ${host.name}, ${host.docker}`,
        found: limit.aborted ? `no answer within ${timeoutMs / 1000} s` : said,
        remedy: "Check that the host is up and that `ssh` and `docker version` work on it.",
      },
      error,
    );
  }
}

function ended(limit: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    limit.addEventListener("abort", () => reject(new Error("too late")), { once: true }),
  );
}

/**
 * Stops a container by its own stop signal, and by force after its own grace. It stays stopped when
 * the engine restarts. False when it did not run; a missing one did not.
 */
export async function stopContainer(access: ContainerAccess): Promise<boolean> {
  const { exists, status } = await containerState(access);
  // One that dies and is started again and again has to be stopped too.
  if (!exists || !["running", "restarting", "paused"].includes(status)) return false;
  try {
    await dockerClient(access.host).getContainer(access.container).stop();
    return true;
  } catch (error) {
    if ([304, 404].includes(dockerStatus(error) ?? 0)) return false;
    throw dockerFailure("stop the container", access, error);
  }
}

/** Stops and removes a container, never its volumes; false when there is none. */
export async function removeContainer(
  access: ContainerAccess,
  graceSeconds: number,
): Promise<boolean> {
  const container = dockerClient(access.host).getContainer(access.container);
  try {
    await container.stop({ t: graceSeconds }).catch((error: unknown) => {
      if (dockerStatus(error) !== 304) throw error; // it does not run
    });
    await container.remove();
    return true;
  } catch (error) {
    if (dockerStatus(error) === 404) return false;
    throw dockerFailure("remove the container", access, error);
  }
}

/** Starts a container; false when it runs already. */
export async function startContainer(access: ContainerAccess): Promise<boolean> {
  try {
    await dockerClient(access.host).getContainer(access.container).start();
    return true;
  } catch (error) {
    if (dockerStatus(error) === 304) return false;
    throw dockerFailure("start the container", access, error);
  }
}
