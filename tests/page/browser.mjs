// Headless Chromium by playwright-core, both installed by scripts/setup. Where one is missing, the test ends
// with 77, which ctest counts as skipped.

import {accessSync, constants} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

function skip(reason) {
  console.log(`skipped: ${reason}; scripts/setup installs it`);
  process.exit(77);
}

function playwright() {
  const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '.node');
  try {
    return createRequire(root + path.sep)('playwright-core');
  } catch {
    return skip(`no playwright-core in ${path.resolve(root)}`);
  }
}

function chromiumOnPath() {
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not here.
      }
    }
  }
  return skip('no chromium on the PATH');
}

// Without GPU; root, as in containers, cannot have the sandbox.
export async function launchBrowser() {
  const {chromium} = playwright();
  const isRoot = process.getuid && process.getuid() === 0;
  return chromium.launch({
    executablePath: chromiumOnPath(),
    args: ['--disable-gpu', '--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
  });
}
