import type { Progress } from "./progress";

/** What a check found. */
export interface Found {
  present: boolean;
  /** The version that is there, or that is wanted when it is not. */
  version: string;
  /** Where it came from; when it is not there: why not, or what is there instead. */
  from: string;
}

/** What the person allowed. */
export interface Consent {
  /** `--yes`, or there is no terminal to ask on. */
  yes: boolean;
}

/** One part of the set-up. */
export interface Step {
  name: string;
  /** Looks, quickly and without changing anything that a person would see. */
  check(): Promise<Found>;
  /** Provides the part; safe to interrupt and to run again. */
  provide(progress: Progress, consent: Consent): Promise<void>;
}
