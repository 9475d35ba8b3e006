/** VolumeClaim: Docker gives an existing volume to whoever creates one of its name; this asks first. */
import { OWNER_LABEL } from "../../model/labels";
import type { VolumeClaimInputs } from "../../model/resources";
import { dockerClient, dockerStatus } from "../../control/docker";
import { ControlError, describe } from "../../control/errors";
import { define } from "../type";

/** Environment: name of a cluster whose existing volumes are to be taken over. */
const TAKE_OVER = "PGHA_TAKE_OVER";

async function labelsOf(inputs: VolumeClaimInputs): Promise<Record<string, string> | undefined> {
  try {
    const seen = await dockerClient(inputs.host).getVolume(inputs.volume).inspect();
    return seen.Labels ?? {};
  } catch (error) {
    if (dockerStatus(error) === 404) return undefined;
    throw refusal(inputs, describe(error), "Check the Docker engine of this host.");
  }
}

function refusal(inputs: VolumeClaimInputs, found: string, remedy: string): ControlError {
  const where = `volume ${inputs.volume} on host ${inputs.host.name}`;
  return new ControlError({ doing: "claim a data volume", where, found, remedy });
}

async function claim(inputs: VolumeClaimInputs): Promise<VolumeClaimInputs> {
  const labels = await labelsOf(inputs);
  const owner = labels?.[OWNER_LABEL];
  if (labels === undefined || owner === inputs.owner) return inputs;
  if (process.env[TAKE_OVER] === inputs.cluster) return inputs;
  throw refusal(
    inputs,
    owner === undefined
      ? "it is there already and was not made by this stack"
      : "it is there already and belongs to another stack, which may be another cluster's data",
    `Nothing was touched. Choose another \`postgres-ha:cluster\`; or, where this data is to be used ` +
      `by this stack, run with ${TAKE_OVER}=${inputs.cluster}; or remove the volume if it is worth nothing.`,
  );
}

/** Delete does nothing: the volume is a resource of its own. */
export const volumeClaim = define<VolumeClaimInputs, VolumeClaimInputs>({
  type: "pgha:index:VolumeClaim",
  secretFields: [],
  computed: [],
  access: ["host"],
  replaceOn: ["volume", "owner"],
  create: async (inputs) => ({ id: inputs.volume, state: await claim(inputs) }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => Promise.resolve(news),
  delete: () => Promise.resolve(),
});
