import assert from 'node:assert/strict';

/** Parsed JSON for tests: an absent value is undefined, and a value of the wrong type fails the test. */
export class Json {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  at(...path: readonly (string | number)[]): Json {
    let value = this.value;
    for (const step of path) {
      const holds = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
      value = holds ? Reflect.get(Object(value), step) : undefined;
    }
    return new Json(value);
  }

  text(): string {
    assert.ok(typeof this.value === 'string', `expected a string, got ${JSON.stringify(this.value)}`);
    return this.value;
  }

  list(): Json[] {
    assert.ok(Array.isArray(this.value), `expected a list, got ${JSON.stringify(this.value)}`);
    return this.value.map((item) => new Json(item));
  }

  keys(): string[] {
    assert.ok(typeof this.value === 'object' && this.value !== null, 'expected an object');
    return Object.keys(this.value);
  }
}
