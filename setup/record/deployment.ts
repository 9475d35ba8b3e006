/** The record of a stack as `pulumi stack export` tells it, and resources taken out of it; pure. */

/** A resource of the record. What is not named here is carried along untouched. */
export interface Resource {
  urn: string;
  type: string;
  custom?: boolean;
  id?: string;
  /** URN and id of its provider, joined by `::`. */
  provider?: string;
  protect?: boolean;
  /** Deleted so that it can be made anew, which has not happened yet; the id is that of the old one. */
  pendingReplacement?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  dependencies?: string[];
  /** Input -> URNs of what it is made of. */
  propertyDependencies?: Record<string, string[]>;
  deletedWith?: string;
  replaceWith?: string[];
}

/** The resources of a stack, and what was under way when a command was killed. */
export interface Deployment {
  resources?: Resource[];
  pending_operations?: { type: string; resource: Resource }[];
}

/** Type of the Docker provider of a host. */
export const DOCKER_PROVIDER = "pulumi:providers:docker";

/** Name of a resource: the last part of its URN. */
export function nameOf({ urn }: Pick<Resource, "urn">): string {
  return urn.split("::").at(-1) ?? urn;
}

/** Whether a resource is one of the project's own types, `pgha:index:*`. */
export function isOwn({ type }: Pick<Resource, "type">): boolean {
  return type.startsWith("pgha:index:");
}

/** The record without some resources, and without a word of them in those that stay. */
export function without(
  deployment: Deployment,
  leaves: (resource: Resource) => boolean,
): Deployment {
  const { resources = [], pending_operations: pending } = deployment;
  const kept = resources.filter((resource) => !leaves(resource));
  const here = new Set(kept.map(({ urn }) => urn));
  const gone = new Set(resources.map(({ urn }) => urn).filter((urn) => !here.has(urn)));
  return {
    ...deployment,
    resources: kept.map((resource) => withoutMention(resource, gone)),
    ...(pending && { pending_operations: pending.filter(({ resource }) => !leaves(resource)) }),
  };
}

function withoutMention(resource: Resource, gone: ReadonlySet<string>): Resource {
  const stays = (urn: string): boolean => !gone.has(urn);
  const { dependencies, propertyDependencies, deletedWith, replaceWith, ...rest } = resource;
  return {
    ...rest,
    ...(dependencies && { dependencies: dependencies.filter(stays) }),
    ...(propertyDependencies && {
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([input, urns]) => [input, urns.filter(stays)]),
      ),
    }),
    ...(deletedWith !== undefined && stays(deletedWith) && { deletedWith }),
    ...(replaceWith && { replaceWith: replaceWith.filter(stays) }),
  };
}
