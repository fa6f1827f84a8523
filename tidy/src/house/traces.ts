import type { TextFile, Violation } from "../repository.ts";

/** Written in parts, so that this file is not its own violation. */
const REGISTRY_HOSTS = [
  ["registry", "npmjs", "org"],
  ["registry", "yarnpkg", "com"],
  ["repo1", "maven", "org"],
  ["repo", "maven", "apache", "org"],
  ["deb", "debian", "org"],
  ["files", "pythonhosted", "org"],
].map((parts) => parts.join("."));

/** Folders of one person's machine. `/tmp`, `/var` and `/usr` exist everywhere. */
const MACHINE_PATH = /(?<![\w.-])\/(home\/[\w.-]+|Users\/[\w.-]+|root\/[\w.-]+|work\/(main|shared))/;

/** What only holds on one machine or network does not belong into the repository. */
export function checkTraces(files: readonly TextFile[]): readonly Violation[] {
  return files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const host = REGISTRY_HOSTS.find((candidate) => line.includes(candidate));
      const machine = MACHINE_PATH.exec(line)?.[0];
      return [
        ...(host === undefined ? [] : [{ path, line: index + 1, rule: `names a package registry: ${host}` }]),
        ...(machine === undefined
          ? []
          : [{ path, line: index + 1, rule: `names a path of one machine: ${machine}` }]),
      ];
    }),
  );
}

/** Lock files must not say where packages came from: everyone has another registry. */
export function checkLock(lock: TextFile): readonly Violation[] {
  return lock.text.split("\n").flatMap((line, index) =>
    /"resolved": "(https?|git)/.test(line)
      ? [
          {
            path: lock.path,
            line: index + 1,
            rule: "a download address: set omit-lockfile-registry-resolved",
          },
        ]
      : [],
  );
}
