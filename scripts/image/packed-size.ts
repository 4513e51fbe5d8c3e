import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Returns the bytes that a registry would store of a root file system: a tar archive, compressed with gzip. */
export async function packedBytes(root: string): Promise<number> {
  const tar = spawn('tar', ['-C', root, '-cz', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(tar, 'close');
  let bytes = 0;
  for await (const chunk of tar.stdout as AsyncIterable<Buffer>) bytes += chunk.length;
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`tar ended with ${code}`);
  return bytes;
}
