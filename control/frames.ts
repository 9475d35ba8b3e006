/** Docker's multiplexed stream of stdout and stderr: 8 bytes of header, then the data. */

/** Cuts the stream of an attach or exec without a terminal into its frames. */
export class FrameDecoder {
  private pending: Buffer = Buffer.alloc(0);

  /** Takes the next bytes; calls `sink` for each piece of output, 2 being stderr. */
  push(chunk: Buffer, sink: (stream: number, data: Buffer) => void): void {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= 8) {
      const size = this.pending.readUInt32BE(4);
      if (this.pending.length < 8 + size) return;
      sink(this.pending.readUInt8(0), this.pending.subarray(8, 8 + size));
      this.pending = this.pending.subarray(8 + size);
    }
  }

  /** Splits a complete stream into its two texts. */
  static split(stream: Buffer): { stdout: string; stderr: string } {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    new FrameDecoder().push(stream, (kind, data) => (kind === 2 ? err : out).push(data));
    return { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
  }
}
