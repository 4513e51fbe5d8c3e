/** An error that ends the program with an exit code. `cause` is printed; `null` if everything was printed already. */
export class ExitError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, cause: unknown) {
    super(`ends with exit code ${exitCode}`, { cause });
    this.name = 'ExitError';
    this.exitCode = exitCode;
  }
}

/** Runs a command. If it fails, the exit code is the number of the error's gRPC code, as in Go's connectors. */
export async function withGrpcExitCode(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { grpcCodeOf } = await import('../../conductorone/status.ts');
    throw new ExitError(grpcCodeOf(error), error);
  }
}
