// Preloaded into the measured process: on SIGUSR2 it collects twice and says on standard error what is resident, and the
// most that ever was.
process.on('SIGUSR2', () => {
  globalThis.gc();
  globalThis.gc();
  process.stderr.write(`RSS ${process.memoryUsage.rss()} ${process.resourceUsage().maxRSS * 1024}\n`);
});
