import { describe, expect, it } from "vitest";
import { FrameDecoder } from "../../../control/frames";

function frame(kind: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe("FrameDecoder", () => {
  it("gives the same output wherever the stream is cut", () => {
    const stream = Buffer.concat([frame(1, "out"), frame(2, "err"), frame(1, ""), frame(1, "put")]);
    for (let size = 1; size <= stream.length; size += 1) {
      const seen = { 1: "", 2: "" } as Record<number, string>;
      const decoder = new FrameDecoder();
      for (let at = 0; at < stream.length; at += size) {
        decoder.push(
          stream.subarray(at, at + size),
          (kind, data) => (seen[kind] += data.toString()),
        );
      }
      expect(seen).toEqual({ 1: "output", 2: "err" });
    }
  });

  it("splits a complete stream", () => {
    const stream = Buffer.concat([frame(2, "bad"), frame(1, "good")]);
    expect(FrameDecoder.split(stream)).toEqual({ stdout: "good", stderr: "bad" });
  });
});
