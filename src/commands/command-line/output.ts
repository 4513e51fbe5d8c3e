/** Where a command writes its data: standard output, or a replacement in tests. */
export interface Output {
  write(text: string): unknown;
}
