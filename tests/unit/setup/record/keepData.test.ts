import { describe, expect, it } from "vitest";
import { nameOf, type Deployment, type Resource } from "../../../../setup/record/deployment";
import { keepData } from "../../../../setup/record/keepData";
import { faults } from "./deployment";

const urn = (type: string, name: string) => `urn:pulumi:dev::postgres-ha::${type}::${name}`;

function volume(part: string, protect = true): Resource[] {
  const name = `${part}-data`;
  const claim = urn("pgha:index:VolumeClaim", `${name}-claim`);
  const made = urn("docker:index/volume:Volume", name);
  return [
    {
      urn: claim,
      type: "pgha:index:VolumeClaim",
      protect,
      inputs: { volume: name, host: { name: "pg1" } },
    },
    { urn: made, type: "docker:index/volume:Volume", protect, dependencies: [claim] },
    {
      urn: urn("docker:index/container:Container", part),
      type: "docker:index/container:Container",
      dependencies: [made],
    },
  ];
}

const names = ({ resources = [] }: Deployment) => resources.map(nameOf);

describe("the data of a part that leaves", () => {
  const one = "orders-pg1-postgres-1";
  const eleven = "orders-pg1-postgres-11";
  const record = (): Deployment => ({ resources: [...volume(one), ...volume(eleven)] });

  it("leaves the record with its claim; the container stays, for `up` to remove", () => {
    const { deployment, kept } = keepData(record(), [one]);
    expect(kept).toEqual([{ host: "pg1", volume: `${eleven}-data` }]);
    expect(names(deployment)).toEqual([`${one}-data-claim`, `${one}-data`, one, eleven]);
    expect(faults(deployment)).toEqual([]);
  });

  it("is not taken for that of a part whose name begins alike", () => {
    expect(keepData(record(), [eleven]).kept).toEqual([{ host: "pg1", volume: `${one}-data` }]);
  });

  it("stays recorded while the part is planned: the very same record", () => {
    const before = record();
    expect(keepData(before, [one, eleven])).toEqual({ deployment: before, kept: [] });
    expect(keepData(before, [one, eleven]).deployment).toBe(before);
  });

  it("that is not protected is removed by `up`, as the person has chosen", () => {
    const before = { resources: volume(one, false) };
    expect(keepData(before, []).deployment).toBe(before);
  });
});
