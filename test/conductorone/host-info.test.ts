import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildInfo, osInfo } from '../../src/conductorone/host-info.ts';

suite('what a Hello says of the host', () => {
  test('is the machine, with the platform and the kernel standing in for what Node does not know', () => {
    assert.deepEqual(
      osInfo({ hostname: 'pod-1', platform: 'linux', release: '6.1.0', architecture: 'x86_64' }),
      {
        hostname: 'pod-1',
        os: 'linux',
        platform: 'linux',
        platformVersion: '6.1.0',
        platformFamily: 'linux',
        kernelVersion: '6.1.0',
        kernelArch: 'x86_64',
        virtualizationSystem: 'none',
      },
    );
  });

  for (const { text, because } of [
    { text: '', because: 'nothing is known' },
    { text: ' \t', because: 'all is blank' },
    { text: '\ud800'.repeat(1000), because: 'all is endless and no Unicode' },
  ]) {
    test(`has 1 to 256 characters in every field when ${because}`, () => {
      const machine = { hostname: text, platform: text, release: text, architecture: text };
      const fields = { ...osInfo(machine), ...buildInfo(text) };
      assert.equal(Object.keys(fields).length, 11);
      for (const [name, value] of Object.entries(fields)) {
        assert.ok(typeof value === 'string' && value.length >= 1 && value.length <= 256, name);
        assert.ok(value.isWellFormed(), name);
      }
    });
  }
});
