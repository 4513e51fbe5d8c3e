/** An image, and the memory limit of each of its containers. */
export interface Subject {
  readonly image: string;
  readonly memoryBytes: number;
}

/** What was tried on the image, and the result. Every failure is thrown as an error. */
export interface Trial {
  readonly what: string;
  readonly seen: string;
  /** In bytes. */
  readonly peakMemory?: number;
}
