/** An image, and the memory that each container of it gets. */
export interface Subject {
  readonly image: string;
  readonly memoryBytes: number;
}

/** What was tried on the image, and seen. Whatever goes wrong is an error. */
export interface Trial {
  readonly what: string;
  readonly seen: string;
  /** In bytes. */
  readonly peakMemory?: number;
}
