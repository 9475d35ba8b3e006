/** Certificate: a leaf certificate, issued again in place when an input changes or its end is near. */
import type { CertificateInputs, CertificateState } from "../../model/resources";
import { issueCertificate } from "../certificates";
import { define } from "../type";

const DAY_MS = 86_400_000;

/** Whether fewer days are left than `renewBeforeDays`. */
export function isDue(
  state: Pick<CertificateState, "notAfter" | "renewBeforeDays">,
  now: Date,
): boolean {
  const end = Date.parse(state.notAfter);
  return !(now.getTime() <= end - state.renewBeforeDays * DAY_MS);
}

async function issue(inputs: CertificateInputs): Promise<{ id: string; state: CertificateState }> {
  const { serial, certificate, privateKey, notAfter } = await issueCertificate(inputs);
  return { id: serial, state: { ...inputs, certificate, privateKey, notAfter } };
}

/** Each issue has a new key. Delete does nothing: there is nothing outside the state. */
export const certificate = define<CertificateInputs, CertificateState>({
  type: "pgha:index:Certificate",
  secretFields: ["privateKey", "caPrivateKey"],
  computed: ["certificate", "privateKey", "notAfter"],
  stale: (state) => (isDue(state, new Date()) ? ["validityDays"] : []),
  check(_, news) {
    if (news.validityDays > news.renewBeforeDays) return [];
    const reason = `is ${news.validityDays}, must be more than renewBeforeDays (${news.renewBeforeDays}): else it is issued again by every run`;
    return [{ property: "validityDays", reason }];
  },
  create: issue,
  read: (state) => Promise.resolve(state),
  update: async (_, news) => (await issue(news)).state,
  delete: () => Promise.resolve(),
});
