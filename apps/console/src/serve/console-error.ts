/** Why the console is not there. The platform does not need it. */
export class ConsoleError extends Error {
  readonly code: "build_failed" | "port_taken";

  constructor(code: ConsoleError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConsoleError";
    this.code = code;
  }
}
