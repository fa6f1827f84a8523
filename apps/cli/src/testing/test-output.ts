import { Writable } from "node:stream";
import { Output } from "../output.ts";

/** An output whose two streams are kept. */
export function testOutput(options: { readonly json?: boolean } = {}): {
  readonly output: Output;
  readonly stdout: () => string;
  readonly stderr: () => string;
} {
  const kept = { stdout: "", stderr: "" };
  const into = (name: keyof typeof kept): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        kept[name] += String(chunk);
        done();
      },
    });
  const streams = { stdout: into("stdout"), stderr: into("stderr") };
  return {
    output: new Output({ json: options.json ?? false, streams }),
    stdout: () => kept.stdout,
    stderr: () => kept.stderr,
  };
}
