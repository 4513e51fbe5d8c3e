/** Labels of letters, digits and inner hyphens. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Whether `text` is a host name (RFC 1123 §2.1), without a port. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}
