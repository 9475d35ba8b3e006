/** Answers that many ask for at about the same time: asked once for all of them. */
export class Recent<T> {
  private readonly known = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();

  /** `ms`: age until which an answer is good. */
  constructor(private readonly ms: number) {}

  /** The answer that is on its way or still good, else a new one. A failure is not kept. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.known.get(key);
    if (known !== undefined && Date.now() - known.at < this.ms) return known.answer;
    const answer = ask();
    const entry = { at: Date.now(), answer };
    this.known.set(key, entry);
    answer.catch(() => {
      if (this.known.get(key) === entry) this.known.delete(key);
    });
    return answer;
  }

  /** Makes every answer old: something has been changed. */
  clear(): void {
    this.known.clear();
  }
}
