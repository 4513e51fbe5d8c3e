import { Command } from 'commander';
import type { Setting } from '../baton-settings/setting.ts';
import { acceptGoFlags } from '../baton-settings/setting-flags.ts';
import { settingsList, settingsTable } from '../baton-settings/settings-table.ts';
import { addExamples } from '../command-line/examples.ts';
import type { Output } from '../command-line/output.ts';

/** `asana-connector config`: prints the fields of ConductorOne's form for the connector, as JSON. */
export function configCommand(output: Output = process.stdout): Command {
  const command = new Command('config')
    .summary('Print the configuration form as JSON')
    .description('Print the fields of the configuration form as JSON. No setting is read.')
    .allowExcessArguments()
    .action(() => {
      output.write(`${JSON.stringify(configuration(), null, 2)}\n`);
    });
  addExamples(command, ['Print the names of the fields', "asana-connector config | jq '.fields[].name'"]);
  return acceptGoFlags(command);
}

/**
 * Returns the form as Go's connectors print theirs: `c1.config.v1.Configuration` as protobuf JSON, with the fields
 * sorted by name and without empty values.
 */
export function configuration(): Readonly<Record<string, unknown>> {
  const { useScimApi, useServiceAccount } = settingsTable;
  return {
    fields: settingsList
      .flatMap(([, setting]: readonly [string, Setting<unknown>]) =>
        setting.label === undefined ? [] : [fieldOf(setting, setting.label)],
      )
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    constraints: [
      {
        kind: 'CONSTRAINT_KIND_DEPENDENT_ON',
        fieldNames: [useScimApi.flag],
        secondaryFieldNames: [useServiceAccount.flag],
      },
    ],
    displayName: 'Asana',
    helpUrl: '/docs/baton/asana',
    iconUrl: '/static/app-icons/asana.svg',
  };
}

function fieldOf(
  { flag, description, shape }: Setting<unknown>,
  displayName: string,
): { readonly name: string } & Readonly<Record<string, unknown>> {
  const isToken = flag === settingsTable.token.flag;
  return {
    name: flag,
    displayName,
    description,
    ...(isToken ? { isRequired: true } : {}),
    ...(shape === 'secret' ? { isSecret: true } : {}),
    ...(shape === 'switch'
      ? { boolField: {} }
      : { stringField: isToken ? { rules: { isRequired: true } } : {} }),
  };
}
