export { readEngineStream } from "./engine-stream.ts";
export type { BookLevel, LobsterBook, LobsterMessage } from "./lobster.ts";
export { readLobster } from "./lobster.ts";
export { lobsterFlow } from "./lobster-flow.ts";
export type { Recording } from "./open-recording.ts";
export { openRecording } from "./open-recording.ts";
export type { RecordedCommand, RecordedFill, RecordedKind, Touch, TouchSide } from "./recorded-command.ts";
export { RecordingError } from "./recording-error.ts";
