import { ACCESS_CHECKS } from "./access";
import { CAPACITY_CHECKS } from "./capacity";
import type { Check } from "./check";
import { COUNT_CHECKS } from "./counts";
import { HOST_CHECKS } from "./hosts";
import { PARAMETER_CHECKS } from "./parameters";
import { PORT_CHECKS } from "./ports";

/** Every rule between keys. All are run: a person sees all problems at once. */
export const CHECKS: readonly Check[] = [
  ...HOST_CHECKS,
  ...COUNT_CHECKS,
  ...PORT_CHECKS,
  ...ACCESS_CHECKS,
  ...PARAMETER_CHECKS,
  ...CAPACITY_CHECKS,
];
