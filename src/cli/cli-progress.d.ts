/** The part of npm cli-progress that is used here: the package brings no types. */
declare module "cli-progress" {
  export interface Options {
    readonly format?: string;
    readonly barCompleteChar?: string;
    readonly barIncompleteChar?: string;
    readonly hideCursor?: boolean;
    readonly stream?: NodeJS.WritableStream;
  }

  export class SingleBar {
    constructor(options: Options);
    start(total: number, startValue: number): void;
    increment(by?: number): void;
    stop(): void;
  }
}
