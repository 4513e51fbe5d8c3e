import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { InvalidInputError } from '../../src/core/errors.ts';
import { proxyFor } from '../../src/core/proxy.ts';
import { Redacted } from '../../src/core/redacted.ts';

const PROXY = 'http://proxy.corp:3128';

function endpointOf(host: string) {
  return { origin: `https://${host}`, host };
}

suite('the proxy of an endpoint', () => {
  const acme = 'acme.conductor.one';
  for (const { environment, expected, because } of [
    { environment: {}, expected: null, because: 'no variable is set' },
    { environment: { HTTPS_PROXY: PROXY }, expected: 'proxy.corp:3128', because: 'HTTPS_PROXY names it' },
    {
      environment: { https_proxy: PROXY },
      expected: 'proxy.corp:3128',
      because: 'https_proxy names it',
    },
    {
      environment: { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:2' },
      expected: 'upper:1',
      because: 'HTTPS_PROXY takes precedence over https_proxy',
    },
    {
      environment: { HTTPS_PROXY: '', https_proxy: PROXY },
      expected: 'proxy.corp:3128',
      because: 'HTTPS_PROXY is empty and https_proxy names it',
    },
    {
      environment: { HTTP_PROXY: PROXY, ALL_PROXY: PROXY },
      expected: null,
      because: 'only HTTP_PROXY and ALL_PROXY are set',
    },
    {
      environment: { HTTPS_PROXY: 'proxy.corp:3128' },
      expected: 'proxy.corp:3128',
      because: 'the value has no scheme',
    },
    {
      environment: { HTTPS_PROXY: 'http://proxy.corp' },
      expected: 'proxy.corp:80',
      because: 'an http URL has no port',
    },
    {
      environment: { HTTPS_PROXY: 'https://proxy.corp' },
      expected: 'proxy.corp:443',
      because: 'an https URL has no port',
    },
    {
      environment: { HTTPS_PROXY: 'http://[2001:db8::1]:8080' },
      expected: '2001:db8::1:8080',
      because: 'the host is an IPv6 address',
    },
  ]) {
    test(`is ${expected} when ${because}`, () => {
      const proxy = proxyFor(endpointOf(acme), environment);
      assert.equal(proxy && `${proxy.host}:${proxy.port}`, expected);
    });
  }

  for (const { to, exceptions, direct } of [
    { to: acme, exceptions: '*', direct: true },
    { to: acme, exceptions: 'other.example, *', direct: true },
    { to: acme, exceptions: 'acme.conductor.one', direct: true },
    { to: acme, exceptions: 'ACME.Conductor.One', direct: true },
    { to: acme, exceptions: 'conductor.one', direct: true },
    { to: acme, exceptions: '.conductor.one', direct: true },
    { to: acme, exceptions: '*.conductor.one', direct: true },
    { to: acme, exceptions: 'a.example,,conductor.one', direct: true },
    { to: acme, exceptions: 'a.example conductor.one', direct: true },
    { to: 'conductor.one', exceptions: 'conductor.one', direct: true },
    { to: 'conductor.one', exceptions: '.conductor.one', direct: false },
    { to: 'conductor.one', exceptions: '*.conductor.one', direct: false },
    { to: 'badconductor.one', exceptions: 'conductor.one', direct: false },
    { to: acme, exceptions: 'one', direct: true },
    { to: acme, exceptions: 'example.com', direct: false },
    { to: acme, exceptions: '', direct: false },
    { to: acme, exceptions: ' , ', direct: false },
    { to: acme, exceptions: '.', direct: false },
    { to: acme, exceptions: 'conductor.one:443', direct: true },
    { to: acme, exceptions: 'conductor.one:8443', direct: false },
    { to: `${acme}:8443`, exceptions: 'conductor.one:8443', direct: true },
    { to: `${acme}:8443`, exceptions: 'conductor.one', direct: true },
    { to: '192.0.2.7', exceptions: '192.0.2.7', direct: true },
    { to: '192.0.2.7:8443', exceptions: '192.0.2.7:443', direct: false },
    { to: '192.0.2.7', exceptions: '192.0.2.0/24', direct: true },
    { to: '192.0.3.7', exceptions: '192.0.2.0/24', direct: false },
    { to: '192.0.2.7', exceptions: '192.0.2.0/33', direct: false },
    { to: '[2001:db8::7]', exceptions: '2001:db8::7', direct: true },
    { to: '[2001:db8::7]', exceptions: '[2001:DB8::7]:443', direct: true },
    { to: '[2001:db8::7]', exceptions: '2001:db8::/32', direct: true },
    { to: acme, exceptions: '192.0.2.0/24', direct: false },
    { to: acme, exceptions: '/24', direct: false },
    { to: 'localhost:8443', exceptions: '', direct: true },
    { to: '127.0.0.9:8443', exceptions: '', direct: true },
    { to: '[::1]:8443', exceptions: '', direct: true },
  ]) {
    test(`is ${direct ? 'not used' : 'used'} for ${to} if NO_PROXY is ${JSON.stringify(exceptions)}`, () => {
      for (const name of ['NO_PROXY', 'no_proxy']) {
        const proxy = proxyFor(endpointOf(to), { HTTPS_PROXY: PROXY, [name]: exceptions });
        assert.equal(proxy === null, direct, name);
      }
    });
  }

  test('has an authorization with the decoded user and password, which is never printed', () => {
    const proxy = proxyFor(endpointOf(acme), { HTTPS_PROXY: 'http://us%40er:s3cr%3Aet@proxy.corp:3128' });
    assert.equal(proxy?.authorization?.reveal(), `Basic ${Buffer.from('us@er:s3cr:et').toString('base64')}`);
    assert.doesNotMatch(inspect(proxy) + JSON.stringify(proxy), /s3cr|us@er|dXNA/);
    assert.equal(proxyFor(endpointOf(acme), { HTTPS_PROXY: PROXY })?.authorization, null);
  });

  for (const { value, url, because } of [
    { value: PROXY, url: `${PROXY}/`, because: 'the value is a complete URL' },
    { value: 'proxy.corp:3128', url: `${PROXY}/`, because: 'the value has no scheme' },
    {
      value: 'HTTP://Proxy.corp:3128',
      url: `${PROXY}/`,
      because: 'the scheme and the host contain capital letters',
    },
    {
      value: 'us%40er:s3cr%3Aet@proxy.corp:3128',
      url: 'http://us%40er:s3cr%3Aet@proxy.corp:3128/',
      because: 'the user and the password are escaped',
    },
  ]) {
    test(`has the URL ${url}, which is never printed, if ${because}`, () => {
      const proxy = proxyFor(endpointOf(acme), { HTTPS_PROXY: value });
      assert.ok(proxy?.url instanceof Redacted);
      assert.equal(proxy.url.reveal(), url);
      assert.doesNotMatch(inspect(proxy, { showHidden: true }) + JSON.stringify(proxy), /s3cr|:\/\//);
    });
  }

  for (const { value, because } of [
    { value: 'http://u:pa/s3cret@proxy.corp:3128', because: 'a slash in the password, which ends the host' },
    { value: 'socks5://u:s3cret@proxy.corp:1080', because: 'a SOCKS proxy' },
    { value: 'http://u:s3cret@proxy.corp:99999', because: 'an invalid port' },
    { value: 'http://u:s3cret@', because: 'a missing host' },
    { value: 'ftp://s3cret.corp', because: 'another protocol' },
    { value: 's3cret proxy', because: 'a value that is not a URL' },
    { value: 'http://u:s3cret%@proxy.corp', because: 'an unescaped percent sign' },
  ]) {
    test(`is rejected with the name of the variable but not its value for ${because}`, () => {
      for (const name of ['HTTPS_PROXY', 'https_proxy']) {
        assert.throws(
          () => proxyFor(endpointOf(acme), { [name]: value }),
          (error) => {
            assert.ok(error instanceof InvalidInputError, inspect(error));
            assert.equal(error.field, name);
            assert.doesNotMatch(inspect(error), /s3cret/);
            return true;
          },
        );
      }
    });
  }
});
