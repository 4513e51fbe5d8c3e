import { nameOf } from './setting-rules.ts';
import { type SettingName, settingsList } from './settings-table.ts';

/** A pattern for an AsanaConnector field in a message, and the words that replace it. */
interface Phrase {
  readonly pattern: RegExp;
  readonly words: string;
}

/** Fields without a corresponding setting. */
const WITHOUT_SETTING: readonly Phrase[] = [
  { pattern: /, and status\.workspaces for the workspaces that the token can read/g, words: '' },
  { pattern: /: see the hold of the connector\./g, words: '.' },
  { pattern: /\b(?:spec\.)?scim\.userTypes of the connector\b/g, words: 'this connector' },
];

const phrases: readonly Phrase[] = [...WITHOUT_SETTING, ...settingsList.flatMap(phraseOf)];

/**
 * Replaces fields in a message of code shared with the operator by the corresponding settings:
 * `spec.provisioning.allowDeprovision of the connector` becomes `--allow-deprovision (BATON_ALLOW_DEPROVISION)`.
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
  // A camel-case name can only mean the field, whereas `workspaces` alone may be an ordinary word.
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
