import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { debianMirror } from "../../../setup/base";
import { fromZip, verifySum } from "../../../setup/download";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "pgha-unit-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One entry of a zip archive: the local part and the line of the directory. */
function entry(name: string, content: string, at: number): [Buffer, Buffer] {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt16LE(name.length, 28);
  central.writeUInt32LE(at, 42);
  return [
    Buffer.concat([local, Buffer.from(name), packed]),
    Buffer.concat([central, Buffer.from(name)]),
  ];
}

it("takes one file out of a zip archive", () => {
  const [first, firstLine] = entry("LICENSE.txt", "words", 0);
  const [second, secondLine] = entry("consul", "the program", first.length);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(2, 10);
  end.writeUInt32LE(first.length + second.length, 16);
  const file = join(folder, "a.zip");
  writeFileSync(file, Buffer.concat([first, second, firstLine, secondLine, end]));
  expect(fromZip(file, "consul").toString()).toBe("the program");
  expect(() => fromZip(file, "other")).toThrow(/holds no file other/);
});

it("compares a download with the published sum", async () => {
  const file = join(folder, "x");
  writeFileSync(file, "abc");
  const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  await verifySum(file, "x.zip", `00  y.zip\n${sum}  x.zip\n`);
  await expect(verifySum(file, "y.zip", `00  y.zip\n`)).rejects.toThrow(
    /not the file that was released/,
  );
  await expect(verifySum(file, "z.zip", `00  y.zip\n`)).rejects.toThrow(/does not name z\.zip/);
});

it("finds this machine's own Debian mirror in both formats of apt", () => {
  expect(debianMirror(folder)).toBe("http://deb.debian.org/debian");
  writeFileSync(
    join(folder, "sources.list"),
    "# deb http://old.example/debian x main\ndeb http://near.example/debian-security x main\ndeb http://near.example/debian/ x main\n",
  );
  expect(debianMirror(folder)).toBe("http://near.example/debian/");
});
