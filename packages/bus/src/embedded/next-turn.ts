/** Lets timers, sockets and other readers have the event loop before going on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
