/** Short-lived containers that do a piece of work on a host and are gone afterwards. */
import type Docker from "dockerode";
import type { ContainerAccess } from "../model/access";
import { TASK_LABEL } from "../model/labels";
import { dockerClient, dockerFailure, dockerStatus } from "./docker";
import { ControlError } from "./errors";

/** Makes a container for a task, without what a killed run may have left under its name. */
export async function createTask(
  access: ContainerAccess,
  options: Docker.ContainerCreateOptions,
): Promise<Docker.Container> {
  await removeTask(access);
  try {
    return await dockerClient(access.host).createContainer({
      ...options,
      name: access.container,
      Labels: { [TASK_LABEL]: access.container },
    });
  } catch (error) {
    throw dockerFailure("make a container for a task", access, error);
  }
}

/** Removes a task's container, running or not; a container of another kind is left and refused. */
export async function removeTask(access: ContainerAccess): Promise<void> {
  try {
    const container = dockerClient(access.host).getContainer(access.container);
    const { Config } = await container.inspect();
    if (Config.Labels[TASK_LABEL] !== access.container) throw foreign(access);
    await container.remove({ force: true, v: true });
  } catch (error) {
    const status = dockerStatus(error);
    // 404: it is gone. 409: it is just being removed, by its own end.
    if (status === 404) return;
    if (status === 409) return removed(access);
    throw dockerFailure("remove the container of a task", access, error);
  }
}

/** Waits until a container that is being removed is gone. */
async function removed(access: ContainerAccess): Promise<void> {
  try {
    const container = dockerClient(access.host).getContainer(access.container);
    await container.wait({ condition: "removed", abortSignal: AbortSignal.timeout(10_000) });
  } catch (error) {
    if (dockerStatus(error) === 404) return;
    throw dockerFailure("wait for the end of a task", access, error);
  }
}

function foreign(access: ContainerAccess): ControlError {
  return new ControlError({
    doing: "use a container's name for a task",
    where: `container ${access.container} on host ${access.host.name}`,
    found: "there is a container of this name that this program did not make",
    remedy: "Remove or rename it.",
  });
}
