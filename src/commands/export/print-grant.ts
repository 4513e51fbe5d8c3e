import type { AsanaConnector } from '../../api/asana-connector.ts';
import { API_VERSION } from '../../api/resources.ts';
import type { ExportedRight } from './exported-rights.ts';

/** Formats a grant as YAML. Strings are quoted as in JSON, so that no email or gid is parsed as another type. */
export function printGrant({ kind, name, spec, remark }: ExportedRight, connector: AsanaConnector): string {
  const { namespace, name: connectorName } = connector.metadata;
  const lines = [
    ...(remark === null ? [] : [`# ${remark.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')}`]),
    `apiVersion: ${API_VERSION}`,
    `kind: ${kind}`,
    'metadata:',
    `  name: ${JSON.stringify(name)}`,
    `  namespace: ${JSON.stringify(namespace)}`,
    'spec:',
    '  connectorRef:',
    `    name: ${JSON.stringify(connectorName)}`,
    ...fieldLines(spec, '  '),
  ];
  return `${lines.join('\n')}\n`;
}

function fieldLines(fields: Readonly<Record<string, unknown>>, indent: string): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? [`${indent}${name}:`, ...fieldLines(value as Readonly<Record<string, unknown>>, `${indent}  `)]
      : [`${indent}${name}: ${JSON.stringify(value)}`],
  );
}
