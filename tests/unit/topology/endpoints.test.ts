import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clientEndpoints,
  connectionUri,
  consulAccess,
  hostOf,
  memberAccess,
  planTopology,
} from "../../../model/topology";
import { stackConfig } from "./stacks";

const dev = planTopology(stackConfig("dev"));
const prod = planTopology(stackConfig("prod"));

describe("endpoints", () => {
  it("of dev are on this machine", () => {
    expect(clientEndpoints(dev)).toMatchInlineSnapshot(`
      {
        "consul": [
          {
            "host": "127.0.0.1",
            "port": 8501,
          },
          {
            "host": "127.0.0.1",
            "port": 8511,
          },
          {
            "host": "127.0.0.1",
            "port": 8521,
          },
        ],
        "direct": [
          {
            "host": "127.0.0.1",
            "port": 5432,
          },
          {
            "host": "127.0.0.1",
            "port": 5433,
          },
          {
            "host": "127.0.0.1",
            "port": 5434,
          },
        ],
        "pooledPrimary": [
          {
            "host": "127.0.0.1",
            "port": 6432,
          },
        ],
        "pooledReplicas": [
          {
            "host": "127.0.0.1",
            "port": 6433,
          },
        ],
        "primary": [
          {
            "host": "127.0.0.1",
            "port": 5000,
          },
        ],
        "replicas": [
          {
            "host": "127.0.0.1",
            "port": 5001,
          },
        ],
        "stats": [
          {
            "host": "127.0.0.1",
            "port": 7000,
          },
        ],
      }
    `);
  });

  it("of prod are on the hosts' addresses", () => {
    expect(clientEndpoints(prod)).toMatchInlineSnapshot(`
      {
        "consul": [
          {
            "host": "10.0.1.11",
            "port": 8501,
          },
          {
            "host": "10.0.1.12",
            "port": 8501,
          },
          {
            "host": "10.0.1.13",
            "port": 8501,
          },
        ],
        "direct": [
          {
            "host": "10.0.1.11",
            "port": 5432,
          },
          {
            "host": "10.0.1.12",
            "port": 5432,
          },
          {
            "host": "10.0.1.13",
            "port": 5432,
          },
        ],
        "pooledPrimary": [
          {
            "host": "10.0.1.11",
            "port": 6432,
          },
          {
            "host": "10.0.1.12",
            "port": 6432,
          },
          {
            "host": "10.0.1.13",
            "port": 6432,
          },
        ],
        "pooledReplicas": [
          {
            "host": "10.0.1.11",
            "port": 6433,
          },
          {
            "host": "10.0.1.12",
            "port": 6433,
          },
          {
            "host": "10.0.1.13",
            "port": 6433,
          },
        ],
        "primary": [
          {
            "host": "10.0.1.11",
            "port": 5000,
          },
          {
            "host": "10.0.1.12",
            "port": 5000,
          },
          {
            "host": "10.0.1.13",
            "port": 5000,
          },
        ],
        "replicas": [
          {
            "host": "10.0.1.11",
            "port": 5001,
          },
          {
            "host": "10.0.1.12",
            "port": 5001,
          },
          {
            "host": "10.0.1.13",
            "port": 5001,
          },
        ],
        "stats": [
          {
            "host": "10.0.1.11",
            "port": 7000,
          },
          {
            "host": "10.0.1.12",
            "port": 7000,
          },
          {
            "host": "10.0.1.13",
            "port": 7000,
          },
        ],
      }
    `);
  });
});

describe("connection strings", () => {
  const endpoints = clientEndpoints(prod);
  const base = { user: "orders", password: "secret", database: "orders" };

  it("list every host and verify the certificate", () => {
    expect(connectionUri({ ...base, endpoints: endpoints.primary })).toBe(
      "postgresql://orders:secret@10.0.1.11:5000,10.0.1.12:5000,10.0.1.13:5000/orders?sslmode=verify-full",
    );
  });

  it("of direct connections look for the member that is wanted", () => {
    expect(connectionUri({ ...base, endpoints: endpoints.direct, target: "read-write" })).toBe(
      "postgresql://orders:secret@10.0.1.11:5432,10.0.1.12:5432,10.0.1.13:5432/orders?sslmode=verify-full&target_session_attrs=read-write",
    );
  });

  it("give back any user, password and database unchanged", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const uri = connectionUri({ user, password, database, endpoints: endpoints.primary });
        const parts = /^postgresql:\/\/([^:@/]*):([^:@/]*)@[^/]*\/([^?]*)\?[^?]*$/.exec(uri);
        expect(parts?.slice(1).map(decodeURIComponent)).toEqual([user, password, database]);
      }),
    );
  });
});

describe("access for the control path", () => {
  const member = prod.members[1];
  const server = dev.consulServers[0];
  if (member === undefined || server === undefined) throw new Error("no member");

  it("names host, container, address and ports", () => {
    expect(memberAccess(prod, member)).toEqual({
      host: hostOf(prod, member).access,
      container: "orders-pg2-postgres-1",
      name: "orders-pg2-postgres-1",
      address: "10.0.1.12",
      port: 5432,
      apiPort: 8008,
    });
    expect(consulAccess(dev, server)).toMatchObject({ container: server.name, httpsPort: 8501 });
  });

  it("refuses an instance of a host that is not there", () => {
    expect(() => hostOf(prod, { host: "nowhere" })).toThrow("no host named nowhere");
  });
});
