/** Registers that every command uses: numbers in an array are never boxed. */
export const REGISTER = {
  LAST_REQUEST: 0,
  NOW: 1,
  /** Before this time nothing is due: no expiry, and no pending mass work. */
  DEADLINE: 2,
} as const;

const { LAST_REQUEST, NOW, DEADLINE } = REGISTER;
const MOST = Number.MAX_SAFE_INTEGER;

/** Whether the command at `at` may run now: nothing is due before it, and its request and time are valid. */
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
