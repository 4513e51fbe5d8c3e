import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { apiUrlOption } from '../../src/commands/command-line/asana-options.ts';
import { conductorOneHosts } from '../../src/conductorone/hosts.ts';
import { at, CHART, type Rendered, renderValues, type Values } from './helm.ts';

interface Rule {
  readonly to?: readonly object[];
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
}

async function policy(values: Values, name = 'acme-asana-connector'): Promise<Rendered> {
  const networkPolicy = { enabled: true, ...(values['networkPolicy'] as object | undefined) };
  const found = (await renderValues({ ...values, networkPolicy })).find(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === name,
  );
  assert.ok(found, `no NetworkPolicy ${name}`);
  return found;
}

/** Returns each egress rule as its ports, with ` to` appended if it names peers. */
function egressOf(object: Rendered): string[] {
  return (at(object, 'spec', 'egress') as Rule[]).map(
    ({ to, ports }) =>
      `${ports.map(({ port, protocol }) => `${port}/${protocol}`).join(' ')}${to ? ' to' : ''}`,
  );
}

const DNS = '53/UDP 53/TCP 5353/UDP 5353/TCP to';
const API_SERVER = '443/TCP 6443/TCP to';

describe('the network policy', () => {
  test('lets the operator reach DNS, the API server and public addresses', async () => {
    const object = await policy({});
    assert.deepEqual(egressOf(object), [DNS, API_SERVER, '443/TCP to']);
    const blocks = at(object, 'spec', 'egress', 2, 'to') as { ipBlock: { cidr: string; except: string[] } }[];
    assert.deepEqual(
      blocks.map(({ ipBlock }) => ipBlock.cidr),
      ['0.0.0.0/0', '::/0'],
    );
    assert.ok(blocks[0]?.ipBlock.except.includes('169.254.0.0/16'), 'not the metadata service of a cloud');
  });

  for (const [because, values] of [
    ['by default', {}],
    ['with a proxy', { proxy: { httpsProxy: 'http://proxy.acme.example:3128' } }],
  ] as const)
    test(`lets the operator reach no public address at the ports of the API server, ${because}`, async () => {
      const allowed = at(await policy(values), 'spec', 'egress', 1, 'to') as { ipBlock: { cidr: string } }[];
      const reaches = (address: string, family: 'ipv4' | 'ipv6') =>
        allowed.some(({ ipBlock: { cidr } }) => {
          const [net = '', bits] = cidr.split('/');
          const block = new BlockList();
          block.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4');
          return block.check(address, family);
        });
      assert.deepEqual(
        ['10.96.0.1', '172.20.0.1', '192.168.49.2', '100.64.0.1'].map((address) => reaches(address, 'ipv4')),
        [true, true, true, true],
      );
      assert.ok(reaches('fd00::1', 'ipv6'));
      for (const address of ['8.8.8.8', '172.32.0.1', '169.254.169.254', '100.128.0.1'])
        assert.equal(reaches(address, 'ipv4'), false, address);
      assert.equal(reaches('2001:4860:4860::8888', 'ipv6'), false);
    });

  test('lets the operator reach the API server only at the configured addresses and ports', async () => {
    const to = [{ ipBlock: { cidr: '203.0.113.7/32' } }];
    const object = await policy({ networkPolicy: { apiServer: { to, ports: [6443] } } });
    assert.deepEqual(at(object, 'spec', 'egress', 1, 'to'), to);
    assert.deepEqual(egressOf(object), [DNS, '6443/TCP to', '443/TCP to']);
  });

  const proxies: readonly (readonly [url: string, port: number])[] = [
    ['http://proxy.acme.example:3128', 3128],
    ['http://proxy.acme.example', 80],
    ['https://proxy.acme.example/', 443],
    ['http://[fd00::1]:8080', 8080],
  ];
  for (const [httpsProxy, port] of proxies)
    test(`opens the port of the proxy ${httpsProxy} instead of the one for public addresses`, async () => {
      assert.deepEqual(egressOf(await policy({ proxy: { httpsProxy } })), [DNS, API_SERVER, `${port}/TCP`]);
    });

  test('requires the port of a proxy whose URL is in a Secret', async () => {
    const proxy = { secretRef: { name: 'proxy' } };
    await assert.rejects(policy({ proxy }), /name the port of the proxy/);
    const named = { proxy, networkPolicy: { proxy: { ports: [3128] } } };
    assert.equal(egressOf(await policy(named)).at(-1), '3128/TCP');
  });

  test('gives the uninstall hook a policy of its own, which allows only DNS and the API server', async () => {
    const object = await policy({}, 'acme-asana-connector-release');
    assert.deepEqual(egressOf(object), [DNS, API_SERVER]);
    assert.equal(at(object, 'spec', 'ingress'), undefined, 'no ingress is allowed');
    assert.equal(
      at(object, 'spec', 'podSelector', 'matchLabels', 'app.kubernetes.io/name'),
      'asana-connector-release',
    );
  });

  test('names for Cilium the hosts to which the operator connects by default', async () => {
    const example = await readFile(join(CHART, 'examples/values-cilium.yaml'), 'utf8');
    const object = (await renderValues(parse(example) as Values)).find(
      ({ kind }) => kind === 'CiliumNetworkPolicy',
    );
    const rules = at(object, 'spec', 'egress') as { toFQDNs?: Record<string, string>[] }[];
    const names = rules.flatMap(({ toFQDNs = [] }) => toFQDNs.flatMap((name) => Object.values(name)));
    assert.deepEqual(names, [new URL(String(apiUrlOption().defaultValue)).hostname, ...conductorOneHosts]);
    const deployment = (await renderValues({})).find(({ kind }) => kind === 'Deployment');
    assert.deepEqual(
      at(object, 'spec', 'endpointSelector', 'matchLabels'),
      at(deployment, 'spec', 'selector', 'matchLabels'),
    );
  });
});
