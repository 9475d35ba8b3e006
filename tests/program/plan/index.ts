import * as pulumi from "@pulumi/pulumi";

/** What tests/program/plan.test.ts wants to be declared, one after the other. */
const wanted = JSON.parse(process.env.PLAN_WANTED ?? "[]") as {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}[];

class Wanted extends pulumi.CustomResource {}

wanted.reduce<pulumi.Resource[]>((before, { type, name, inputs }) => {
  return [new Wanted(`pgha:index:${type}`, name, inputs, { dependsOn: before })];
}, []);
