/** Entry of the provider's process; started by the shim `pulumi-resource-pgha`. */
import { main } from "@pulumi/pulumi/provider/server";
import { PghaProvider } from "./provider";
import { types } from "./types";
import { speakTo } from "./warn";

// The engine's address stands last, after flags of logging and tracing.
speakTo(process.argv.slice(2).at(-1));
main(new PghaProvider(types), process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `pulumi-resource-pgha: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
