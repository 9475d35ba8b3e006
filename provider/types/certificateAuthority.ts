/** CertificateAuthority: a key and a self-signed certificate, in encrypted state only. */
import type { CertificateAuthorityInputs, CertificateAuthorityState } from "../../model/resources";
import { issueAuthority } from "../certificates";
import { define } from "../type";

/** Delete does nothing: there is nothing outside the state. */
export const certificateAuthority = define<CertificateAuthorityInputs, CertificateAuthorityState>({
  type: "pgha:index:CertificateAuthority",
  secretFields: ["privateKey"],
  computed: ["certificate", "privateKey"],
  replaceOn: ["commonName", "validityDays"],
  async create(inputs) {
    const issued = await issueAuthority(inputs);
    return {
      id: issued.serial,
      state: { ...inputs, certificate: issued.certificate, privateKey: issued.privateKey },
    };
  },
  read: (state) => Promise.resolve(state),
  update: (state, news) => Promise.resolve({ ...state, ...news }),
  delete: () => Promise.resolve(),
});
