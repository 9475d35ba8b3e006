/** VolumeClaim: Docker gives an existing volume to whoever creates one of its name; this asks first. */
import { OWNER_LABEL } from "../../model/labels";
import type { VolumeClaimInputs } from "../../model/resources";
import {
  claimDirectory,
  NoDiskError,
  pathOf,
  removeDirectory,
  seeDirectory,
  type DirectoryAccess,
  type DirectorySeen,
} from "../../control/dataDirectory";
import { dockerClient, dockerStatus } from "../../control/docker";
import { ControlError, describe } from "../../control/errors";
import { TAKE_OVER, takesOver } from "../takeOver";
import { define, type CheckFailure } from "../type";
import { warn } from "../warn";

const OWN_VOLUME = "a volume of Docker's own";

interface Volume {
  readonly owner?: string | undefined;
  /** Directory behind it, when it is not one of Docker's own. */
  readonly device?: string | undefined;
}

async function volumeOf(inputs: VolumeClaimInputs): Promise<Volume | undefined> {
  try {
    const { Labels, Options } = await dockerClient(inputs.host).getVolume(inputs.volume).inspect();
    return { owner: Labels?.[OWNER_LABEL], device: Options?.["device"] };
  } catch (error) {
    if (dockerStatus(error) === 404) return undefined;
    throw refusal(inputs, describe(error), "Check the Docker engine of this host.");
  }
}

function refusal(inputs: VolumeClaimInputs, found: string, remedy: string): ControlError {
  const where = `volume ${inputs.volume} on host ${inputs.host.name}`;
  return new ControlError({ doing: "claim a data volume", where, found, remedy });
}

function foreign(inputs: VolumeClaimInputs, what: string, owner: string | undefined): ControlError {
  return refusal(
    inputs,
    owner === undefined
      ? `${what} is there already and was not made by this stack`
      : `${what} is there already and belongs to another stack, which may be another cluster's data`,
    `Nothing was touched. Choose another \`postgres-ha:cluster\`; or, where this data is to be used ` +
      `by this stack, run with ${TAKE_OVER}=${inputs.cluster}; or remove it if it is worth nothing.`,
  );
}

function accessOf(inputs: VolumeClaimInputs): DirectoryAccess | undefined {
  const { host, volume, directory } = inputs;
  return directory && { host, name: volume, directory };
}

async function claim(inputs: VolumeClaimInputs): Promise<VolumeClaimInputs> {
  const access = accessOf(inputs);
  const volume = await volumeOf(inputs);
  if (volume !== undefined) {
    if (volume.owner !== inputs.owner && !takesOver(inputs.cluster)) {
      throw foreign(inputs, "it", volume.owner);
    }
    const wanted = access && pathOf(access);
    if (volume.device !== wanted) throw elsewhere(inputs, volume.device, wanted);
  }
  if (access !== undefined) await claimFolder(inputs, access);
  return inputs;
}

function elsewhere(
  inputs: VolumeClaimInputs,
  device: string | undefined,
  wanted: string | undefined,
): ControlError {
  return refusal(
    inputs,
    `its data is in ${device ?? OWN_VOLUME}, and would be looked for in ${wanted ?? OWN_VOLUME}`,
    `Nothing was touched. Set dataPath of host ${inputs.host.name} back; data does not move by itself.`,
  );
}

async function claimFolder(inputs: VolumeClaimInputs, access: DirectoryAccess): Promise<void> {
  const { mark, found } = await seeDirectory(access);
  const what = `folder ${pathOf(access)}`;
  const used = found !== undefined && !found.empty;
  const wrong = mark === undefined ? used : mark !== inputs.owner;
  if (wrong && !takesOver(inputs.cluster)) throw foreign(inputs, what, mark);
  const { uid } = access.directory;
  if (used && found.uid !== uid) {
    throw refusal(
      inputs,
      `${what} belongs to uid ${found.uid}, and ${uid} is the one that runs there`,
      `Where it is this cluster's data: sudo chown -R ${uid}:${uid} ${pathOf(access)}`,
    );
  }
  if (!settled({ mark, found }, inputs.owner, uid)) {
    await claimDirectory(access, inputs.owner, !used);
  }
}

/** Whether nothing is left to do. */
function settled({ mark, found }: DirectorySeen, owner: string, uid: number): boolean {
  return mark === owner && found?.uid === uid;
}

/**
 * A directory that is marked as another cluster's by now is not ours to remove. Where the disk is
 * gone there is nothing to remove; without the image it stays, and a person is told.
 */
async function remove(state: VolumeClaimInputs): Promise<void> {
  const access = accessOf(state);
  if (access === undefined) return;
  try {
    const { mark } = await seeDirectory(access);
    if (mark === state.owner) await removeDirectory(access);
  } catch (error) {
    if (!(error instanceof NoDiskError)) throw error;
    warn(`${pathOf(access)} on host ${state.host.name} is left as it is: ${error.parts.found}`);
  }
}

/** Data does not move by itself: refused in preview. */
function check(olds: Partial<VolumeClaimInputs>, news: VolumeClaimInputs): CheckFailure[] {
  const [old, now] = [olds.directory?.path, news.directory?.path];
  if (olds.volume !== news.volume || old === now) return [];
  const reason =
    `the data of ${news.volume} is in ${old ?? OWN_VOLUME} and does not move to ` +
    `${now ?? OWN_VOLUME} by itself: set dataPath of host ${news.host.name} back. To move it, take the ` +
    `host's parts out of the config, run \`up\`, and put them back with the new dataPath`;
  return [{ property: "directory", reason }];
}

/** Delete removes the directory of a `dataPath`; a volume of Docker's is a resource of its own. */
export const volumeClaim = define<VolumeClaimInputs, VolumeClaimInputs>({
  type: "pgha:index:VolumeClaim",
  secretFields: [],
  computed: [],
  access: ["host"],
  replaceOn: ["volume", "owner"],
  check,
  create: async (inputs) => ({ id: inputs.volume, state: await claim(inputs) }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => Promise.resolve(news),
  delete: remove,
});
