import { type AcceptedSetting, acceptedSettings } from './accepted-settings.ts';
import { parseGoBool } from './go-bool.ts';
import { find, type Given, type Sources } from './read-settings.ts';
import type { Setting, SettingGroup } from './setting.ts';
import { settingsList } from './settings-table.ts';

/** Settings that do less than the user may expect, for the same reason. */
export interface SettingWarning {
  readonly message: string;
  /** Flags, variables or keys of the configuration file; never their values. */
  readonly names: readonly string[];
  /** What happens instead. */
  readonly effect: string;
}

/**
 * Returns the warnings about settings that have no effect, or a different one than their value suggests. Settings with
 * the same effect may share a warning.
 * @param groups the setting groups that the command uses
 * @param isService whether the command runs in service mode, which makes no single changes
 */
export function settingWarnings(
  groups: readonly SettingGroup[],
  sources: Sources,
  isService: boolean,
): SettingWarning[] {
  const unknown = [...unknownVariables(sources.environment), ...(sources.file?.unknown ?? [])];
  return [
    ...withoutEffect(sources),
    ...misread(groups, sources),
    ...(isService ? [...singleChanges(sources), ...scopeOfSyncs(sources)] : []),
    ...(unknown.length === 0
      ? []
      : [
          {
            message: 'unknown settings',
            names: unknown,
            effect: 'They are ignored: --help lists all settings.',
          },
        ]),
  ];
}

/** Returns the warnings about flags and variables of the Go connector that have no meaning here, one per effect. */
function withoutEffect(sources: Sources): SettingWarning[] {
  const namesByEffect = new Map<string, string[]>();
  for (const setting of acceptedSettings) {
    const given = findAccepted(setting, sources);
    if (given === null || setting.harmless.includes(given.text.toLowerCase())) continue;
    const names = namesByEffect.get(setting.effect) ?? [];
    namesByEffect.set(setting.effect, [...names, given.origin]);
  }
  return [...namesByEffect].map(([effect, names]) => ({ message: 'settings without effect', names, effect }));
}

/** Returns the value that a source gives to an accepted setting; `null` if none does. */
export function findAccepted({ flag, variable }: AcceptedSetting, sources: Sources): Given | null {
  return find(attributeOf(flag ?? ''), { flag, variables: [variable] }, sources);
}

/** Returns the name under which commander stores the value of a flag: `otelTracingDisabled`. */
function attributeOf(flag: string): string {
  return flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns the warnings about invalid values, which read as the default, as in the Go connector. */
function misread(groups: readonly SettingGroup[], sources: Sources): SettingWarning[] {
  return settingsList.flatMap(([name, setting]: readonly [string, Setting<unknown>]) => {
    const given = groups.includes(setting.group) ? find(name, setting, sources) : null;
    if (given === null || (setting.takes?.(given.text) ?? true)) return [];
    const effect = `The value is not valid, so the default is used. ${setting.description}`;
    return [{ message: 'settings with invalid values', names: [given.origin], effect }];
  });
}

function singleChanges(sources: Sources): SettingWarning[] {
  return unusedInService(
    ([, { group }]) => group === 'oneShot',
    'In service mode no single change is made: remove client-id and client-secret to make one.',
    sources,
  );
}

/** Returns the warnings about the scope of syncs. A task determines it, except for the resource types. */
function scopeOfSyncs(sources: Sources): SettingWarning[] {
  return unusedInService(
    ([name, { group }]) => group === 'sync' && name !== 'syncResourceTypes',
    'In service mode the task from ConductorOne says which resources are synced, and whether with entitlements and grants.',
    sources,
  );
}

function unusedInService(
  isUnused: (entry: (typeof settingsList)[number]) => boolean,
  effect: string,
  sources: Sources,
): SettingWarning[] {
  const names = settingsList.filter(isUnused).flatMap(([name, setting]) => {
    const given = find(name, setting, sources);
    const isOff = setting.shape === 'switch' && given !== null && parseGoBool(given.text) === false;
    return given === null || isOff ? [] : [given.origin];
  });
  return names.length === 0 ? [] : [{ message: 'settings without effect', names, effect }];
}

/** Variables that Kubernetes sets in every pod of a namespace for its Services named `baton-…`. */
const SERVICE_LINK = /^BATON_\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;
const MOST_NAMES = 20;

/** Returns the first twenty variables that look like settings of a connector but are not. */
function unknownVariables(environment: Sources['environment']): string[] {
  const known = new Set([
    'BATON_CONFIG_PATH',
    ...settingsList.flatMap(([, { variables }]) => variables),
    ...acceptedSettings.map(({ variable }) => variable),
  ]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('BATON_') && !known.has(name) && !SERVICE_LINK.test(name))
    .sort()
    .slice(0, MOST_NAMES);
}
