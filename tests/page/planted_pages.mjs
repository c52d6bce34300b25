// What the browser tests share: the planted pages (write_pages.cpp says what it plants), opened in headless Chromium.
// The tests end with 77, which skips them, without playwright-core or Chromium.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {execFileSync} from 'node:child_process';

import {launchBrowser} from './browser.mjs';

export const N = 5000;
export const leafOf = (i) => i % 7;
export const predictedLeaf = (i, snapshot, step = 1) => (i % 10 <= 2 - snapshot ? (leafOf(i) + step) % 7 : leafOf(i));
export const undecided = (i) => i % 50 === 7; // in the ball, at the last level
export const placeInPlane = new Map(Array.from({length: N}, (_, j) => (7919 * j + 13) % N).filter((i) => i % 9 !== 4)
                               .map((i, k) => [i, k]));
export const count = (holds) => Array.from({length: N}, (_, i) => i).filter(holds).length;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gyroseg_page_'));
const browser = await launchBrowser();
const faults = []; // requests, console errors, exceptions of all pages
let context;

before(async () => {
  execFileSync(process.argv[2], [folder]);
  context = await browser.newContext({viewport: {width: 1280, height: 1000}});
});

after(async () => {
  await browser.close();
  fs.rmSync(folder, {recursive: true});
});

export async function open(name, {hash = '', options = null} = {}) {
  const page = await (options ? await browser.newContext(options) : context).newPage();
  page.on('request', (request) => !/^(file|data|blob):/.test(request.url()) && faults.push(request.url()));
  // Reading the canvas back is the tests' doing.
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) &&
                                  !/^Canvas2D: .*readback/.test(message.text()) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.stack));
  await page.goto(`file://${folder}/${name}${hash}`);
  await drawn(page);
  return page;
}

// Two frames: what was asked for is drawn then.
export const drawn = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

// Where point i of a picture is in the window.
export const placeOf = (page, i, picture = 0) => page.evaluate(([k, p]) => {
  const {view, canvas} = window.embeddingPage.pictures[p];
  const box = canvas.getBoundingClientRect();
  return [view.screen[2 * k] + box.left + canvas.clientLeft, view.screen[2 * k + 1] + box.top + canvas.clientTop];
}, [i, picture]);

export const shown = (page) => page.evaluate(() => window.embeddingPage.pictures.map((picture) => picture.shownCount));

export async function dragTo(page, from, to, {steps = 6} = {}) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, {steps});
  await page.mouse.up();
  await drawn(page);
}

export const distance = ([x, y], [u, v]) => Math.hypot(x - u, y - v);

// A point about half way to the rim, as it is on the screen.
export const grabbable = (page, picture = 0) => page.evaluate((p) => {
  const {view} = window.embeddingPage.pictures[p];
  const radius = Math.min(view.width, view.height) / 2;
  for (let i = 0; ; ++i) {
    const r = Math.hypot(view.screen[2 * i] - view.width / 2, view.screen[2 * i + 1] - view.height / 2);
    if (r > 0.3 * radius && r < 0.5 * radius) {
      return i;
    }
  }
}, picture);

export async function middleOf(page, picture = 0) {
  const box = await page.locator('canvas.embedding').nth(picture).boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

// The canvas's colour at a place of the window, as #rrggbb.
export const colorAt = (page, [x, y], selector = 'canvas.embedding') => page.evaluate(([px, py, which]) => {
  const canvas = document.querySelector(which);
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / canvas.clientWidth;
  const [x0, y0] = [box.left + canvas.clientLeft, box.top + canvas.clientTop];
  const [r, g, b] = canvas.getContext('2d').getImageData((px - x0) * scale, (py - y0) * scale, 1, 1).data;
  return '#' + [r, g, b].map((c) => c.toString(16).padStart(2, '0')).join('');
}, [x, y, selector]);

// The last test of a file.
export const complainedOfNothing = () => test('no page asked for anything or complained', () => {
  assert.deepEqual(faults, []);
});
