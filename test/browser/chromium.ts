import { execFile } from 'node:child_process';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type BrowserContext, chromium } from 'playwright-core';

const run = promisify(execFile);
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser of a test's own, with a profile that is thrown away. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Starts chromium without a window, from PATH or from Debian's package. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = (await findOnPath()) ?? (await install());
  const profile = await mkdtemp(join(tmpdir(), 'browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
    // The pages under test are files: whatever asks for more is a fault of theirs.
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

async function findOnPath(): Promise<string | null> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return path;
    }
  }
  return null;
}

/** A machine of CI is root and has nothing; what cannot be installed fails the test, and says so. */
async function install(): Promise<string> {
  try {
    await run('apt-get', ['update', '-q']);
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium'], {
      env: environment,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (cause) {
    throw new Error(
      'The review page is tested in a real browser: put chromium on PATH, or run this as root where "apt-get install chromium" works.',
      { cause },
    );
  }
  const path = await findOnPath();
  if (path === null) throw new Error('apt-get has installed chromium, and it is not on PATH');
  return path;
}
