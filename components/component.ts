import * as pulumi from "@pulumi/pulumi";

/**
 * Base of the components: one type token form, and children that are found by their names, which
 * are the names of what they make (`orders-pg1-postgres-1`).
 */
export abstract class PgComponent extends pulumi.ComponentResource {
  protected constructor(type: string, name: string, opts?: pulumi.ComponentResourceOptions) {
    super(`pgha:components:${type}`, name, {}, opts);
  }

  /** Options of a child: parent, and what it waits for. */
  protected child(
    dependsOn: readonly pulumi.Resource[] = [],
    opts: pulumi.CustomResourceOptions = {},
  ): pulumi.CustomResourceOptions {
    return { parent: this, dependsOn: [...dependsOn], ...opts };
  }
}
