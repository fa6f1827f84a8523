import { Presets, SingleBar } from "cli-progress";
import { grouped, type Output } from "./output.ts";

const BAR_AFTER_MS = 1_000;
const LINE_EVERY_MS = 10_000;

export interface Progress {
  /** How much is done by now. */
  at(done: number): void;
  end(): void;
}

/** What takes longer than a second shows a bar on a terminal, else a line now and then. `unit`: `commands`. */
export function startProgress(
  output: Output,
  what: { readonly title: string; readonly unit: string; readonly total: number },
): Progress {
  const { stderr } = output.streams;
  return stderr.isTTY === true ? barOn(stderr, what) : linesTo(output, what);
}

function barOn(
  stream: NodeJS.WritableStream,
  { title, unit, total }: { readonly title: string; readonly unit: string; readonly total: number },
): Progress {
  const started = performance.now();
  let bar: SingleBar | undefined;
  return {
    at(done) {
      if (bar === undefined) {
        if (performance.now() - started < BAR_AFTER_MS) return;
        bar = new SingleBar(
          {
            stream,
            format: `${title} [{bar}] {percentage}% | {value}/{total} ${unit} | {duration_formatted}, {eta_formatted} to go`,
            clearOnComplete: true,
            hideCursor: true,
            // Ctrl-C is the command's to handle.
            gracefulExit: false,
          },
          Presets.shades_classic,
        );
        bar.start(total, done);
      }
      bar.update(done);
    },
    end: () => bar?.stop(),
  };
}

function linesTo(
  output: Output,
  { title, unit, total }: { readonly title: string; readonly unit: string; readonly total: number },
): Progress {
  let told = performance.now();
  return {
    at(done) {
      const now = performance.now();
      if (now - told < LINE_EVERY_MS) return;
      told = now;
      output.note(`${title}: ${grouped(done)} of ${grouped(total)} ${unit}`);
    },
    end: () => undefined,
  };
}
