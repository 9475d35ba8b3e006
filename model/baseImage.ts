/** The base image that all of the project's images start from: one libc for all members. */
export interface BaseImage {
  /** Name without a tag. */
  readonly repository: string;
  /** Debian suite. */
  readonly suite: string;
  /** Counted up where the same suite is to be taken anew. */
  readonly revision: string;
}

/** Full name of the base image, with its tag. */
export function baseImageName({ repository, suite, revision }: BaseImage): string {
  return `${repository}:${suite}-${revision}`;
}
