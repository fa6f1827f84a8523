import type { TextFile, Violation } from "../repository.ts";

interface Manifest {
  readonly private?: boolean;
  readonly type?: string;
  readonly license?: string;
  readonly description?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Manifests are alike, pin exactly, and agree on one version of each dependency. */
export function checkManifests(files: readonly TextFile[]): readonly Violation[] {
  const manifests = files.map(({ path, text }) => ({ path, manifest: JSON.parse(text) as Manifest }));
  const versions = new Map<string, { readonly version: string; readonly path: string }>();
  return manifests.flatMap(({ path, manifest }) => {
    const { dependencies: needed, devDependencies, optionalDependencies, peerDependencies } = manifest;
    const dependencies = [needed, devDependencies, optionalDependencies, peerDependencies].flatMap((each) =>
      Object.entries(each ?? {}),
    );
    return [
      ...formFaults(manifest),
      ...dependencies.flatMap(([name, version]) => versionFaults(versions, { path, name, version })),
    ].map((rule) => ({ path, rule }));
  });
}

function formFaults(manifest: Manifest): readonly string[] {
  return [
    ...(manifest.private === true ? [] : ["is not private"]),
    ...(manifest.type === "module" ? [] : [`has type ${manifest.type}, not module`]),
    ...(manifest.license === "Apache-2.0" ? [] : [`has licence ${manifest.license}, not Apache-2.0`]),
    ...(manifest.description ? [] : ["has no description"]),
  ];
}

function versionFaults(
  seen: Map<string, { readonly version: string; readonly path: string }>,
  { path, name, version }: { readonly path: string; readonly name: string; readonly version: string },
): readonly string[] {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) return [`${name} is not pinned exactly: ${version}`];
  const first = seen.get(name);
  if (first === undefined) seen.set(name, { version, path });
  return first === undefined || first.version === version
    ? []
    : [`${name} is ${version} here and ${first.version} in ${first.path}`];
}
