import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseClientId } from '../../src/conductorone/credentials.ts';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import {
  checkHostPatterns,
  chooseEndpoint,
  conductorOneHosts,
  isAllowedHost,
} from '../../src/conductorone/hosts.ts';
import { InvalidInputError } from '../../src/core/errors.ts';

suite('the list of allowed hosts', () => {
  for (const { host, patterns, allowed, because } of [
    {
      host: 'acme.conductor.one',
      patterns: conductorOneHosts,
      allowed: true,
      because: 'it is the host of a tenant',
    },
    {
      host: 'ACME.Conductor.One',
      patterns: conductorOneHosts,
      allowed: true,
      because: 'case is ignored',
    },
    {
      host: 'a.b.conductorone.com',
      patterns: conductorOneHosts,
      allowed: true,
      because: 'any depth below the domain matches',
    },
    {
      host: 'conductor.one',
      patterns: conductorOneHosts,
      allowed: false,
      because: 'the domain itself does not match',
    },
    {
      host: 'evilconductor.one',
      patterns: conductorOneHosts,
      allowed: false,
      because: 'only whole labels match',
    },
    {
      host: 'acme.conductor.one.evil.com',
      patterns: conductorOneHosts,
      allowed: false,
      because: 'the end of the name must match',
    },
    { host: 'localhost', patterns: ['localhost'], allowed: true, because: 'an exact name matches' },
    { host: 'other', patterns: ['localhost'], allowed: false, because: 'the name differs' },
    { host: 'acme.conductor.one', patterns: [], allowed: false, because: 'an empty list allows nothing' },
  ]) {
    test(`${allowed ? 'allows' : 'rejects'} ${host}: ${because}`, () => {
      assert.equal(isAllowedHost(host, patterns), allowed, because);
    });
  }

  test('accepts host names and patterns, and rejects ports, URLs, misplaced wildcards and empty entries', () => {
    assert.deepEqual(checkHostPatterns('f', ['*.conductor.one', 'localhost']), [
      '*.conductor.one',
      'localhost',
    ]);
    for (const wrong of ['acme.conductor.one:443', 'https://acme', '*', 'a.*.b', '']) {
      assert.throws(() => checkHostPatterns('f', [wrong]), InvalidInputError, wrong);
    }
  });
});

suite('the endpoint', () => {
  const clientId = parseClientId('x@acme.conductor.one/ccc');

  test('is the host and port of the client ID, with https', () => {
    assert.deepEqual(chooseEndpoint({ clientId, allowedHosts: conductorOneHosts }), {
      origin: 'https://acme.conductor.one',
      host: 'acme.conductor.one',
    });
    const local = parseClientId('x@localhost:8443/ccc');
    assert.equal(
      chooseEndpoint({ clientId: local, allowedHosts: ['localhost'] }).origin,
      'https://localhost:8443',
    );
    assert.equal(chooseEndpoint({ clientId: local, allowedHosts: null }).origin, 'https://localhost:8443');
  });

  test('is rejected with HostNotAllowed, which names the host and the allowed hosts, if the host is not allowed', () => {
    const evil = parseClientId('x@evil.example.com/ccc');
    assert.throws(
      () => chooseEndpoint({ clientId: evil, allowedHosts: conductorOneHosts }),
      (error) =>
        error instanceof ConductorOneError &&
        error.code === 'HostNotAllowed' &&
        error.errorClass === 'stalling' &&
        error.message.includes('evil.example.com') &&
        error.message.includes('*.conductor.one'),
    );
  });

  test('is the override if one is set, regardless of the client ID', () => {
    const wish = { clientId: parseClientId('x@evil.example.com/ccc'), allowedHosts: conductorOneHosts };
    assert.equal(
      chooseEndpoint({ ...wish, apiHost: 'gateway.internal:8443' }).origin,
      'https://gateway.internal:8443',
    );
    assert.throws(() => chooseEndpoint({ ...wish, apiHost: 'https://gateway.internal/' }), InvalidInputError);
    assert.throws(
      () => chooseEndpoint({ ...wish, apiHost: '' }),
      ConductorOneError,
      'an empty variable is not an override',
    );
  });
});
