/** Entry of the provider's process; started by the shim `pulumi-resource-pgha`. */
import { main } from "@pulumi/pulumi/provider/server";
import { PghaProvider } from "./provider";
import { types } from "./types";

main(new PghaProvider(types), process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `pulumi-resource-pgha: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
