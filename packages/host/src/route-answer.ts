export interface RouteAnswer {
  readonly status: number;
  /** JSON, unless it is a string or bytes and the headers name a content type: then it is sent as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
