/** Ends the program with an exit code of its own; `cause` is what is shown, null where all is said. */
export class ExitError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, cause: unknown) {
    super(`ends with exit code ${exitCode}`, { cause });
    this.name = 'ExitError';
    this.exitCode = exitCode;
  }
}

/** Runs a command whose exit code is the number of its failure's gRPC code, as with Go's connectors. */
export async function withGrpcExitCode(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { grpcCodeOf } = await import('../../conductorone/status.ts');
    throw new ExitError(grpcCodeOf(error), error);
  }
}
