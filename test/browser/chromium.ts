import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { type DebianProgram, debianProgram } from '../ground/debian-program.ts';

const CHROMIUM: DebianProgram = {
  names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
  package: 'chromium',
  purpose: 'The review page is tested in a real browser.',
};
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser for one test, with a temporary profile. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Starts headless chromium, from PATH or from Debian's package. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = await debianProgram(CHROMIUM);
  const profile = await mkdtemp(join(tmpdir(), 'browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
    // The pages under test are local files; any network request is a bug of the page.
    offline: true,
  });
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
