import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildInfo, osInfo } from '../../src/conductorone/host-info.ts';

suite('the host information of a Hello', () => {
  test('uses the platform and the kernel version for the fields that Node does not provide', () => {
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
    { text: '', because: 'all values are empty' },
    { text: ' \t', because: 'all values are blank' },
    { text: '\ud800'.repeat(1000), because: 'all values are too long and malformed Unicode' },
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
