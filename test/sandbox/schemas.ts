import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(JSON.parse(readFileSync(join(import.meta.dirname, 'asana-schemas.json'), 'utf8')), 'asana');

/** Fails unless the value matches Asana's OpenAPI schema of that name and has no other fields. */
export function assertSchema(name: string, value: unknown): void {
  const validate = ajv.getSchema(`asana#/$defs/${name}`);
  assert.ok(validate, `there is no schema ${name}`);
  assert.ok(validate(value), `${name}: ${ajv.errorsText(validate.errors)}`);
}

/** Checks the `data` of a listing and its `next_page` in the same way. */
export function assertListing(name: string, body: unknown): void {
  assert.ok(typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data));
  assert.ok(body.data.length > 0, 'the listing is empty, so no record is checked');
  for (const record of body.data) assertSchema(name, record);
  if ('next_page' in body) assertSchema('NextPage', body.next_page);
}
