import { describe, expect, it } from "vitest";
import {
  parseSettings,
  resetStatement,
  roleOptions,
  sameSetting,
  setStatement,
} from "../../../control/roleSql";

const role = { login: true, replication: false, createDb: false, connectionLimit: -1 };

describe("roleOptions", () => {
  it("names every attribute, so that drift is undone", () => {
    const never = "NOSUPERUSER NOCREATEROLE NOBYPASSRLS INHERIT VALID UNTIL 'infinity'";
    expect(roleOptions(role, undefined)).toBe(
      `LOGIN NOREPLICATION NOCREATEDB CONNECTION LIMIT -1 ${never}`,
    );
    expect(roleOptions({ ...role, login: false, replication: true }, "x'y")).toBe(
      `NOLOGIN REPLICATION NOCREATEDB CONNECTION LIMIT -1 ${never} PASSWORD 'x''y'`,
    );
  });

  it("lets no text into the limit", () => {
    const connectionLimit = "1; DROP TABLE x" as unknown as number;
    expect(() => roleOptions({ ...role, connectionLimit }, undefined)).toThrow(/integer/);
  });
});

describe("setStatement", () => {
  it("escapes names and values", () => {
    expect(setStatement('a"b', "statement_timeout", "5s'; --")).toBe(
      `ALTER ROLE "a""b" SET "statement_timeout" = '5s''; --'`,
    );
    expect(setStatement("a", "app.user", "x")).toBe(`ALTER ROLE "a" SET "app"."user" = 'x'`);
    expect(resetStatement("a", "x; y")).toBe('ALTER ROLE "a" RESET "x; y"');
  });

  it("keeps lists lists", () => {
    expect(setStatement("a", "search_path", '"$user", public')).toBe(
      `ALTER ROLE "a" SET "search_path" = '$user', 'public'`,
    );
  });
});

describe("sameSetting", () => {
  it("knows that quoting and spaces of lists mean nothing", () => {
    expect(sameSetting("search_path", '"a", b', "a,b")).toBe(true);
    expect(sameSetting("search_path", "a, b", "b, a")).toBe(false);
    expect(sameSetting("work_mem", "1MB", "1024kB")).toBe(false);
  });
});

describe("parseSettings", () => {
  it("cuts at the first equals sign", () => {
    expect(parseSettings(["a=b=c", "d="])).toEqual({ a: "b=c", d: "" });
    expect(parseSettings(null)).toEqual({});
  });
});
