import { Command } from 'commander';
import type { Setting } from '../baton-settings/setting.ts';
import { settingsList } from '../baton-settings/settings-table.ts';
import type { Output } from '../command-line/output.ts';

/** `asana-connector config`: the settings of the connector, as JSON on standard output. */
export function configCommand(output: Output = process.stdout): Command {
  return new Command('config')
    .description('Prints the settings that the connector takes, as JSON. Reads none of them.')
    .action(() => {
      output.write(`${JSON.stringify(configuration(), null, 2)}\n`);
    });
}

/**
 * The settings as Go's connectors print theirs: protobuf's JSON of `c1.config.v1.Configuration`, where a 64-bit
 * number is a string and what has no value is left out.
 */
export function configuration(): Readonly<Record<string, unknown>> {
  const shown = settingsList.filter(([, { group }]) => group !== 'oneShot');
  return {
    fields: shown.map(([, setting]) => fieldOf(setting)),
    constraints: [
      { kind: 'CONSTRAINT_KIND_REQUIRED_TOGETHER', fieldNames: ['client-id', 'client-secret'] },
      {
        kind: 'CONSTRAINT_KIND_DEPENDENT_ON',
        fieldNames: ['skip-grants'],
        secondaryFieldNames: ['sync-resources'],
      },
    ],
    displayName: 'Asana',
    helpUrl: '/docs/baton/asana',
    iconUrl: '/static/app-icons/asana.svg',
  };
}

function fieldOf(setting: Setting<unknown>): Readonly<Record<string, unknown>> {
  const { flag, description, placeholder, group, shape } = setting;
  const required = flag === 'token';
  return {
    name: flag,
    displayName: titleOf(flag),
    description,
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(required ? { isRequired: true } : {}),
    // Of interest to whoever runs the connector, and not to whoever sets up the application.
    ...(group === 'asana' ? {} : { isOps: true }),
    ...(shape.kind === 'secret' ? { isSecret: true } : {}),
    ...valueOf(setting, required),
  };
}

function valueOf({ shape, defaultText }: Setting<unknown>, required: boolean): object {
  const initial = defaultText === null ? {} : { defaultValue: defaultText };
  switch (shape.kind) {
    case 'switch':
      return { boolField: {} };
    case 'list':
      return { stringSliceField: {} };
    case 'whole': {
      const rules = { gte: String(shape.min), lte: String(shape.max) };
      return { intField: { ...initial, rules } };
    }
    case 'choice': {
      const options = shape.values.map((value) => ({ name: value, value, displayName: value }));
      return { stringField: { ...initial, options } };
    }
    case 'text':
    case 'secret':
      return { stringField: { ...initial, ...(required ? { rules: { isRequired: true } } : {}) } };
  }
}

const AS_THEY_ARE = new Map(
  ['API', 'URL', 'ID', 'SCIM', 'c1z', 'ConductorOne', 'Asana'].map((word) => [word.toLowerCase(), word]),
);

/** "Use SCIM API" for `use-scim-api`. */
function titleOf(flag: string): string {
  return flag
    .split('-')
    .map(
      (word, i) => AS_THEY_ARE.get(word) ?? (i === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word),
    )
    .join(' ');
}
