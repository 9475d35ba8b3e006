import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";
import { lines, ok } from "../../harness/run";
import { PORT_BLOCK, PORT_BLOCKS, portBlock, subnet } from "./identity";

/** A free block of ports: none of it bound on this machine, none published by a container. */
export async function freePorts(): Promise<number> {
  const published = await publishedPorts();
  for (let attempt = 0; attempt < PORT_BLOCKS; attempt++) {
    const base = portBlock(attempt);
    const ports = Array.from({ length: PORT_BLOCK }, (_, index) => base + index);
    if (ports.some((port) => published.has(port))) continue;
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
  throw new Error("no free block of 100 ports between 15000 and 31000 on this machine");
}

async function publishedPorts(): Promise<Set<number>> {
  const text = await ok("docker", ["ps", "--format", "{{.Ports}}"]);
  const ports = new Set<number>();
  for (const [, from = "", to = from] of text.matchAll(/:(\d+)(?:-(\d+))?->/g))
    for (let port = Number(from); port <= Number(to || from); port++) ports.add(port);
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      server.close(() => done(true)),
    );
  });
}

/** A subnet that overlaps with no network of the Docker engine, nor with another of the machine. */
export async function freeSubnet(): Promise<string> {
  const ids = lines(await ok("docker", ["network", "ls", "--quiet"]));
  const format = "{{range .IPAM.Config}}{{.Subnet}}\n{{end}}";
  const taken = lines(await ok("docker", ["network", "inspect", "--format", format, ...ids]))
    .concat(
      Object.values(networkInterfaces()).flatMap((all) => all?.map(({ cidr }) => cidr ?? "") ?? []),
    )
    .filter((text) => ipaddr.IPv4.isValidCIDR(text));
  for (let attempt = 0; attempt < 512; attempt++) {
    const wanted = subnet(attempt);
    if (!taken.some((other) => overlap(wanted, other))) return wanted;
  }
  throw new Error("no free /26 in 198.18.0.0/17 on this machine");
}

function overlap(left: string, right: string): boolean {
  const [a, aBits] = ipaddr.IPv4.parseCIDR(left);
  const [b, bBits] = ipaddr.IPv4.parseCIDR(right);
  const bits = Math.min(aBits, bBits);
  return a.match(b, bits);
}
