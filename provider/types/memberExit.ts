/** MemberExit: follows a member's container, so its Delete comes just before that one's. */
import type { MemberExitInputs } from "../../model/resources";
import { leaveOthers } from "../../control/removal";
import { takesDown } from "../takeDown";
import { define } from "../type";
import { warn } from "../warn";

/** Runs with the recorded inputs: the program knows the member no more. */
async function leave(state: MemberExitInputs): Promise<void> {
  if (takesDown()) return;
  const { member, members, haproxies, poolers, timeoutSeconds, maximumLagBytes } = state;
  await leaveOthers(member, members, {
    front: { haproxies, poolers },
    timeoutSeconds,
    maximumLagBytes,
    note: warn,
  });
}

/** Create, Read and Update reach nothing. No input is ignored: Delete needs the newest. */
export const memberExit = define<MemberExitInputs, MemberExitInputs>({
  type: "pgha:index:MemberExit",
  secretFields: [],
  computed: [],
  create: (inputs) => Promise.resolve({ id: inputs.member.name, state: inputs }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => Promise.resolve(news),
  delete: leave,
});
