import { nameOf } from './setting-rules.ts';
import { type SettingName, settingsList } from './settings-table.ts';

/** What the rest of the program calls a field of an AsanaConnector, and its user here cannot set. */
interface Phrase {
  readonly pattern: RegExp;
  readonly words: string;
}

/** Fields that no setting stands for. */
const WITHOUT_SETTING: readonly Phrase[] = [
  { pattern: /, and status\.workspaces for the workspaces that the token can read/g, words: '' },
  { pattern: /: see the hold of the connector\./g, words: '.' },
  { pattern: /\b(?:spec\.)?scim\.userTypes of the connector\b/g, words: 'this connector' },
];

const phrases: readonly Phrase[] = [...WITHOUT_SETTING, ...settingsList.flatMap(phraseOf)];

/**
 * A message of the parts that the operator has too, in the words of whoever set flags or variables:
 * `spec.provisioning.allowDeprovision of the connector` is `--allow-deprovision (BATON_ALLOW_DEPROVISION)` to them.
 */
export function inSettingWords(text: string): string {
  return phrases.reduce((words, phrase) => words.replaceAll(phrase.pattern, phrase.words), text);
}

function phraseOf([name, { operator }]: readonly [
  SettingName,
  { readonly operator: string | null },
]): Phrase[] {
  const [path = ''] = operator?.split(':') ?? [];
  if (!path.startsWith('spec.')) return [];
  const fields = path.slice('spec.'.length).split('.');
  const last = fields.at(-1) ?? '';
  const whole = fields.join('\\.');
  // A name in two words can only be that field; `workspaces` alone would be a word like others.
  const short = /[A-Z]/.test(last) ? `|\\b${last}` : '';
  const outer = last === 'enabled' ? `|\\bspec\\.${fields.slice(0, -1).join('\\.')}` : '';
  const bare = fields.length > 1 ? '(?:spec\\.)?' : 'spec\\.';
  return [
    {
      pattern: new RegExp(
        `(?:\\b${bare}${whole}${outer}${short})\\b(?!"?[:=])(?: of the (?:connector|AsanaConnector)\\b)?`,
        'g',
      ),
      words: nameOf(name),
    },
  ];
}
