import { describe, expect, it } from "vitest";
import { parsePulumiArgs, placeOf, takesStack } from "../../../setup/pulumiArgs";
import { describe as describeUp, withoutPassword } from "../../../setup/up";
import { parseUpArgs } from "../../../setup/upArgs";
import { inventory } from "../../../setup/down";
import { atLeast } from "../../../setup/versions";

const read = (line: string): ReturnType<typeof parsePulumiArgs> => parsePulumiArgs(line.split(" "));

describe("a Pulumi command line", () => {
  it.each([
    ["up --yes", "program"],
    ["--color never -C x preview --stack prod", "program"],
    ["dn", "destroy"],
    ["stack init prod", "shadow"],
    ["stack output --json", "shadow"],
    ["config set a b", "shadow"],
    ["state unprotect --all", "shadow"],
    ["stack ls", "plain"],
    ["version", "plain"],
    ["up --help", "plain"],
  ])("%s", (line, place) => {
    const command = read(line);
    expect(place === "destroy" ? command.verb : placeOf(command)).toBe(place);
  });

  it.each(["up --stack prod", "up --stack=prod", "up -s prod", "-s=prod up", "-sprod up"])(
    "%s names the stack",
    (line) => {
      expect(read(line)).toMatchObject({ verb: "up", stack: "prod" });
    },
  );

  it("does not read past a bare --", () => {
    expect(read("config set k -- --stack x").stack).toBeUndefined();
  });

  it("is not given a stack twice", () => {
    expect(takesStack(read("stack init prod"))).toBe(false);
    expect(takesStack(read("stack rm"))).toBe(true);
    expect(takesStack(read("cancel prod"))).toBe(false);
  });
});

describe("up and down", () => {
  it("take their own options and leave the rest", () => {
    expect(parseUpArgs(["--stack", "prod", "--yes", "--parallel", "4"], "dev")).toEqual({
      stack: "prod",
      yes: true,
      deleteData: false,
      rest: ["--parallel", "4"],
    });
    expect(() => parseUpArgs(["--stack"], "dev")).toThrow(/needs the name of a stack/);
  });

  it("print no password", () => {
    const uri = "postgresql://app:hunter%402@127.0.0.1:6432,10.0.0.2:6432/app?sslmode=verify-full";
    expect(withoutPassword(uri, "/a b/ca.pem")).toBe(
      "postgresql://app@127.0.0.1:6432,10.0.0.2:6432/app?sslmode=verify-full&sslrootcert=/a%20b/ca.pem",
    );
    const text = describeUp(
      {
        clusterName: "orders",
        endpoints: { primary: [{ host: "h", port: 5000 }], replicas: [] },
        connectionStrings: { app: { pooledPrimary: uri } },
      },
      "prod",
      undefined,
    );
    expect(text).not.toContain("hunter");
    expect(text).toContain("primary         h:5000");
    expect(text).toContain("psql 'postgresql://app@");
    expect(text).toContain("--stack prod");
  });

  it("name the volumes that stay", () => {
    const volume = (name: string): { urn: string; type: string; outputs: { name: string } } => ({
      urn: name,
      type: "docker:index/volume:Volume",
      outputs: { name },
    });
    expect(
      inventory([volume("b"), volume("a"), { urn: "c", type: "pgha:index:Certificate" }]),
    ).toEqual(["  2 data volumes: a, b", "  in the state: 1 Certificate"]);
  });
});

describe("versions", () => {
  it.each([
    ["20.10.24+dfsg1", "20.10.0", true],
    ["19.03.5", "20.10.0", false],
    ["v28.2.2", "20.10.0", true],
    ["1.26.8", "1.26", true],
    ["1.26rc1", "1.26", true],
    ["1.9", "1.26", false],
  ])("%s >= %s: %s", (found, minimum, expected) => {
    expect(atLeast(found, minimum)).toBe(expected);
  });
});
