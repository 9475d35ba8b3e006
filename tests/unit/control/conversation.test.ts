import { PassThrough, Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { Conversation } from "../../../control/conversation";

const access = { host: { name: "pg1", docker: "unix:///none" }, container: "orders-haproxy" };

function frame(text: string, stream = 1): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

function talk() {
  const [said, heard] = [new PassThrough(), new PassThrough()];
  const stream = Duplex.from({ writable: said, readable: heard });
  return { said, heard, conversation: new Conversation(access, "steer", stream) };
}

describe("a conversation", () => {
  it("sends lines and hears a word that comes in pieces", async () => {
    const { said, heard, conversation } = talk();
    conversation.say("a b");
    const answer = conversation.hear("done", 5000);
    heard.write(frame("\nrefused\ndo"));
    heard.write(frame("ne\n"));
    expect(await answer).toBe("\nrefused\ndone\n");
    expect(String(said.read())).toBe("a b\n");
  });

  it("hears what was said before it was asked", async () => {
    const { heard, conversation } = talk();
    heard.write(frame("leads\n"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await conversation.hear("leads", 5000)).toContain("leads");
  });

  it("takes no part of a line for the word", async () => {
    const { heard, conversation } = talk();
    const answer = conversation.hear("leads", 50);
    heard.write(frame("who leads?\n"));
    await expect(answer).rejects.toThrow(/not within 0.05 s/);
  });

  it("fails with what was said instead when the program ends, with the place", async () => {
    const { heard, conversation } = talk();
    const answer = conversation.hear("done", 5000);
    heard.write(frame("no names: a;b\n", 2));
    heard.end();
    await expect(answer).rejects.toThrow(/orders-haproxy on host pg1[\s\S]*no names: a;b/);
  });
});
