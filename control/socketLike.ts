import { Duplex } from "node:stream";

/**
 * A stream that Node's http client, its agent and `pg` take for a socket: what they call on one, and what has
 * no meaning for a stream that goes by a program or another socket.
 */
export abstract class SocketLike extends Duplex {
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
