import assert from 'node:assert/strict';
import type { Reply } from './asking.ts';

/** Fails unless it is a SCIM error with the status as a string (RFC 7644 §3.12). */
export function assertScimError(reply: Reply, status: number, scimType?: string): void {
  assert.equal(reply.status, status, reply.text);
  assert.deepEqual(reply.json.at('schemas').value, ['urn:ietf:params:scim:api:messages:2.0:Error']);
  assert.equal(reply.json.at('status').value, String(status));
  assert.equal(reply.json.at('scimType').value, scimType);
}
