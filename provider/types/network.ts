/** Network: the cluster's bridge on a host. The Docker plugin waits 2 s at each read of one. */
import { findNetwork, makeNetwork, type NetworkSeen, removeNetwork } from "../../control/network";
import { ControlError } from "../../control/errors";
import type { NetworkInputs } from "../../model/resources";
import { define, type CheckFailure } from "../type";

/** Containers keep their addresses for as long as they live, and peers know them by those. */
function moved(olds: Partial<NetworkInputs>, news: NetworkInputs): CheckFailure[] {
  if (olds.subnet === undefined || olds.subnet === news.subnet) return [];
  const reason = `cannot change from ${olds.subnet} to ${news.subnet} while the cluster's containers are in it. Where \`network.subnet\` was changed in the stack file set it back; where the network was made anew by hand, or to change it on purpose, take the cluster down first (\`npm run down\` keeps its data)`;
  return [{ property: "subnet", reason }];
}

function foreign({ host, name, subnet }: NetworkInputs, seen: NetworkSeen): ControlError {
  const what = seen.ours ? "made by an earlier `up`" : "not made by this program";
  return new ControlError({
    doing: "make the cluster's network",
    where: `network ${name} on host ${host.name}`,
    found: `a ${seen.driver} network of that name with ${seen.subnet || "no subnet"}, ${what}; wanted is ${subnet}`,
    remedy:
      "Nothing was touched. Remove it if nothing needs it (docker network rm), or choose another `postgres-ha:cluster`.",
  });
}

async function provide(inputs: NetworkInputs): Promise<void> {
  const { host, name, subnet, gateway } = inputs;
  const seen = await findNetwork(host, name);
  if (seen === undefined) return makeNetwork(host, inputs);
  const fits = seen.driver === "bridge" && seen.subnet === subnet && seen.gateway === gateway;
  if (!fits || !seen.ours) throw foreign(inputs, seen);
}

/** Made once; found again after a killed `up`. Delete removes it only where this program made it. */
export const network = define<NetworkInputs, NetworkInputs>({
  type: "pgha:index:Network",
  secretFields: [],
  computed: [],
  access: ["host"],
  check: moved,
  async create(inputs) {
    await provide(inputs);
    return { id: inputs.name, state: inputs };
  },
  async read(state) {
    const seen = await findNetwork(state.host, state.name);
    return seen && { ...state, subnet: seen.subnet, gateway: seen.gateway };
  },
  async update(_, news) {
    await provide(news);
    return news;
  },
  async delete({ host, name }) {
    if ((await findNetwork(host, name))?.ours === true) await removeNetwork(host, name);
  },
});
