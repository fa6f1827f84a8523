/**
 * What a process has started ends with it, also where it ends without having stopped it in order: at a second Ctrl-C, or
 * by an error that nobody has caught. `tellToEnd` runs while the process exits: it can send signals and block for a moment,
 * nothing asynchronous comes back to it. A SIGKILL leaves what was started running, and the next start adopts it. Answers
 * with what is called once all is stopped.
 */
export function endWithProcess(tellToEnd: () => void): () => void {
  process.once("exit", tellToEnd);
  return () => process.off("exit", tellToEnd);
}
