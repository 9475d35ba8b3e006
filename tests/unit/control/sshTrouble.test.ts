import { expect, it } from "vitest";
import { sshFailure } from "../../../control/sshTrouble";
import { HOST_KEY } from "../config/good";

const host = { name: "pg1", docker: "ssh://deploy@10.0.1.11", hostKey: HOST_KEY };

it("names both fingerprints of a host whose key is another, and not ssh's own advice", () => {
  const said =
    "@ WARNING @\nThe fingerprint for the ED25519 key sent by the remote host is\nSHA256:fDXR+Ouj/EvE.\n" +
    'remove with: ssh-keygen -f "/tmp/x" -R "pgha-pg1"\nHost key verification failed.';
  const { message } = sshFailure(host, said);
  expect(message).toMatch(
    /host pg1.*shows is SHA256:fDXR\+Ouj\/EvE, and hostKey in the stack config/,
  );
  // ssh-keygen -lf of the key
  expect(message).toContain("SHA256:a/tlbhYRRHJb0D9Lh+I+qG8hpPKpAMGnYgTpHMgBjNI");
  expect(message).not.toContain("/tmp/x");
});

it("says what ssh said of anything else", () => {
  expect(sshFailure(host, "Connection refused").message).toBe(
    "cannot reach the Docker engine by ssh (host pg1, ssh://deploy@10.0.1.11): Connection refused. " +
      "Check that `ssh` to this address works without a question and runs `docker version`.",
  );
});
