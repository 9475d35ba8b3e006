/** How long a command says nothing, from its begin on. */
export class Gaps {
  private last = Date.now();
  private most = 0;

  /** To be called with each line. */
  readonly line = (): void => {
    const now = Date.now();
    this.most = Math.max(this.most, now - this.last);
    this.last = now;
  };

  /** Milliseconds of the longest silence up to now. */
  longest(): number {
    return Math.max(this.most, Date.now() - this.last);
  }
}
