import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const MEBIBYTE = 1024 * 1024;
const BALLAST = "ballast";

/** A file system of its own in an image file, small enough to be filled. Wants root and a loop device. */
export class SmallDisk {
  readonly folder: string;
  readonly #image: string;
  #mounted = true;

  private constructor(folder: string, image: string) {
    this.folder = folder;
    this.#image = image;
  }

  /** Mounts it at `folder`, which is made. Throws where the machine does not let us. */
  static mount(folder: string, image: string, megabytes: number): SmallDisk {
    mkdirSync(folder, { recursive: true });
    run("truncate", "-s", `${megabytes}M`, image);
    // No blocks kept back for root, who may be the one that writes.
    run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=0", image);
    run("mount", "-o", "loop", image, folder);
    chmodSync(folder, 0o755);
    rmSync(join(folder, "lost+found"), { recursive: true, force: true });
    return new SmallDisk(folder, image);
  }

  /** Writes until nothing more goes in. Answers with the bytes that are left. */
  fill(): number {
    const file = openSync(join(this.folder, BALLAST), "a");
    try {
      for (let size = MEBIBYTE; size >= 512; )
        try {
          writeSync(file, Buffer.alloc(size, 1));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          size = Math.floor(size / 2);
        }
    } finally {
      closeSync(file);
    }
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  free(): void {
    rmSync(join(this.folder, BALLAST), { force: true });
  }

  /** The image stays, for whoever wants to look into it. */
  unmount(): void {
    if (!this.#mounted) return;
    this.#mounted = false;
    run("umount", "-l", this.folder);
  }

  /** How to look into it later. */
  get hint(): string {
    return `mount -o loop ${this.#image} ${this.folder}`;
  }
}

/** Why disks can't be filled here; null where they can. */
export function smallDiskSkip(folder: string): string | null {
  if (process.getuid?.() !== 0) return "mounting a small disk wants root";
  const image = join(folder, "probe.img");
  const mountPoint = join(folder, "probe");
  try {
    const disk = SmallDisk.mount(mountPoint, image, 16);
    appendFileSync(join(mountPoint, "x"), "x");
    disk.unmount();
    return null;
  } catch (error) {
    return `a small disk can't be mounted here: ${(error as Error).message.split("\n")[0]}`;
  } finally {
    rmSync(image, { force: true });
    rmSync(mountPoint, { recursive: true, force: true });
  }
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}
