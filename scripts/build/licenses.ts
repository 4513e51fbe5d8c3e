import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundledPackage, nameAndVersion } from './bundled-packages.ts';

const RULE = '-'.repeat(80);
const LICENSE_FILE = /^(licen[cs]e|copying|notice)\b/i;
const README = /^readme(\.|$)/i;
/** A README's section about its license, from its heading up to the next heading of any level or the end. */
const LICENSE_SECTION = /^(?:#+ *licen[cs]e\b.*|licen[cs]e *\n[-=]+)\n([^]*?)(?=^#+ |(?![^]))/im;

/** Returns the licenses and notices of all bundled packages, as one text for the image. */
export async function licensesText(packages: readonly BundledPackage[]): Promise<string> {
  const parts = await Promise.all(
    packages.map(
      async (bundled) =>
        `${RULE}\n${nameAndVersion(bundled)}\nLicense: ${bundled.license}\n${RULE}\n\n${await ownWords(bundled)}\n`,
    ),
  );
  return `asana-connector contains code of these packages, under their licenses.\n\n${parts.join('\n')}`;
}

/** Returns a package's license text: its license files, else that section of its README, else its identifier. */
async function ownWords({ folder, license }: BundledPackage): Promise<string> {
  const names = (await readdir(folder)).toSorted();
  const read = async (name: string) => (await readFile(join(folder, name), 'utf8')).trim();
  const texts = await Promise.all(names.filter((name) => LICENSE_FILE.test(name)).map(read));
  if (texts.length > 0) return texts.join('\n\n');
  const readme = names.find((name) => README.test(name));
  const section = readme === undefined ? undefined : LICENSE_SECTION.exec(await read(readme))?.[1]?.trim();
  return (
    section || `The package has no license text of its own. See https://spdx.org/licenses/ for ${license}.`
  );
}
