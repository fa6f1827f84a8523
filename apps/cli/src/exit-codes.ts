/** How the command ends, for scripts. `bourse --help` lists them. */
export const EXIT = {
  ok: 0,
  /** It was done and the outcome is bad: violations, unequal fills, a start that failed or of which a part has stopped. */
  failed: 1,
  usage: 2,
  /** No platform or broker answers, or it stopped answering. */
  unreachable: 3,
  /** The platform answered with a refusal. */
  refused: 4,
  portTaken: 5,
  dataVersion: 6,
  /** A platform runs from the data folder already. */
  alreadyRunning: 7,
  /** Something that is needed can't be had here: Java, Maven, an address, a folder. */
  missingPart: 8,
  /** A database was restored from a backup: `bourse recover` brings its service back (R6). */
  restored: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: "done",
  [EXIT.failed]:
    "done, and the outcome is bad: violations, unequal fills, a start that failed, a part that has stopped",
  [EXIT.usage]:
    "the command was not understood, or a file or an environment variable is not what it should be",
  [EXIT.unreachable]: "no platform or broker answers, or it stopped answering",
  [EXIT.refused]: "the platform refused; the message says which field, what was given and what is allowed",
  [EXIT.portTaken]: "a port is taken by another process",
  [EXIT.dataVersion]: "the data folder is from another version",
  [EXIT.alreadyRunning]: "a platform runs from the data folder already",
  [EXIT.missingPart]: "something that is needed is missing here: Java, Maven, an address, a folder",
  [EXIT.restored]:
    "a database was restored from a backup: `bourse recover <service>` brings its service back",
  [EXIT.interrupted]: "interrupted",
};
