/** Numbers of an engine that every command meets: numbers in an array are never boxed. */
export const REGISTER = {
  LAST_REQUEST: 0,
  NOW: 1,
  /** Before it nothing is due: neither an expiry nor what is left of mass work. */
  DEADLINE: 2,
} as const;

const { LAST_REQUEST, NOW, DEADLINE } = REGISTER;
const MOST = Number.MAX_SAFE_INTEGER;

/** Whether the command at `at` has nothing to wait for and nothing wrong with its request and time. */
export function isNextTurn(registers: Float64Array, words: Float64Array, at: number): boolean {
  const request = words[at + 1] as number;
  const atMs = words[at + 2] as number;
  return (
    request > (registers[LAST_REQUEST] as number) &&
    request <= MOST &&
    Math.floor(request) === request &&
    atMs >= (registers[NOW] as number) &&
    atMs < (registers[DEADLINE] as number) &&
    atMs <= MOST &&
    Math.floor(atMs) === atMs
  );
}
