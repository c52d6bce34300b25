// The report page in headless Chromium, what it shows and keeps: node page_test.mjs WRITE_PAGES, the binary that writes
// the planted pages.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import {test} from 'node:test';

import {diskGeometry} from '../../src/report/page/geometries.mjs';
import {legibleColor} from '../../src/report/page/theme.mjs';
import {
  N, colorAt, complainedOfNothing, count, distance, dragTo, drawn, grabbable, leafOf, middleOf,
  open, placeInPlane, placeOf, predictedLeaf, shown, undecided,
} from './planted_pages.mjs';

test('the level selector recolours points in the colour of their class', async () => {
  const page = await open('one.html', {hash: '#edges=0&rings=0'});
  const last = N - 1; // drawn above all others
  const place = (await placeOf(page, last)).map(Math.round);
  const {colors, parents} = JSON.parse(await page.locator('#embedding-data').textContent()).tree;
  const leaf = leafOf(last);
  const chain = [leaf, parents[leaf], parents[parents[leaf]]];
  for (const level of [3, 2, 1]) {
    await page.selectOption('select[name=level]', String(level));
    await drawn(page);
    assert.equal(await colorAt(page, place), legibleColor(colors[chain[3 - level]], false), `level ${level}`);
    assert.equal(await page.locator('.legend-item').count(), [2, 3, 7][level - 1]);
  }
  await page.close();
});

// A point that fits and that no other point is near to on the screen.
const lonely = (page, modulus, rest) => page.evaluate(([m, r]) => {
  const {screen} = window.embeddingPage.pictures[0].view;
  const near = (i, k) => Math.hypot(screen[2 * i] - screen[2 * k], screen[2 * i + 1] - screen[2 * k + 1]) < 3;
  for (let i = r; i < screen.length / 2; i += m) {
    let others = 0;
    for (let k = 0; k < screen.length / 2; ++k) {
      others += near(i, k) ? 1 : 0;
    }
    if (others === 1) {
      return i;
    }
  }
}, [modulus, rest]);

test('hover shows crop, paths, norm and distance of the pixel, in both pictures', async () => {
  const page = await open('two.html');
  const marked = () => page.evaluate(() => window.embeddingPage.pictures.map((picture) => picture.marked));
  const i = await lonely(page, 90, 0); // i % 10 = 0: taken for another class; i % 9 = 0: in both
  await page.mouse.move(...await placeOf(page, i));
  await drawn(page);
  assert.deepEqual(await marked(), [i, placeInPlane.get(i)]);
  assert.notEqual(placeInPlane.get(i), i);
  const [row, column] = [Math.floor(i / 4) % 48, 2 * Math.floor(i / 192)];
  assert.equal(await page.locator('.card-place').textContent(), `image${i % 4}.png, row ${row}, column ${column}`);
  const paths = ['background', 'body / upper_body / low_hand', `body / upper_body / <b>"&'<!--<script>`,
    'body / lower_body / low_leg', 'body / upper_body / head', 'body / lower_body / up_leg', 'body / upper_body / up_hand'];
  assert.deepEqual(await page.locator('.card-line .path').allTextContents(),
                   [leafOf(i), predictedLeaf(i, 2), predictedLeaf(i, 2, 2)].map((leaf) => paths[leaf]));
  for (const card of await page.locator('.card-numbers').allTextContents()) {
    const numbers = card.match(/[\d.]+/g).map(Number);
    assert.ok(Math.abs(numbers[0] - i / 1000) < 1e-3 && Math.abs(numbers[1] - i / 500) < 1e-3);
  }
  // The marked pixel is in the middle of the crop: its colour says which it is.
  const box = await page.locator('.crop').boundingBox();
  await page.waitForTimeout(200);
  const side = 24;
  const middle = [box.x + box.width / 2 + box.width / side / 2, box.y + box.height / 2 + box.height / side / 2];
  const hex = (c) => c.toString(16).padStart(2, '0');
  assert.equal(await colorAt(page, middle, '.crop'), `#${hex(5 * row)}${hex(4 * column)}${hex(60 * (i % 4))}`);
  await page.mouse.move(...await placeOf(page, placeInPlane.get(i), 1));
  await drawn(page);
  assert.ok((await page.evaluate(() => window.embeddingPage.markedIn)) === 1);
  const missing = await lonely(page, 9, 4);
  await page.mouse.move(...await placeOf(page, missing));
  await drawn(page);
  assert.deepEqual(await marked(), [missing, -1]);
  assert.deepEqual(await page.locator('.card-run').allTextContents(), ['ball']);
  await page.close();
});

test('names are text, whatever they hold', async () => {
  const page = await open('one.html');
  const name = `<b>"&'<!--<script>`;
  assert.equal(await page.locator('.legend-item', {hasText: name}).getAttribute('title'), `body/upper_body/${name}`);
  assert.match(await page.locator('figcaption').textContent(), /as they are <\/script>\./);
  assert.equal(await page.locator('.legend b, script:not([id]):not([type=module])').count(), 0);
  await page.close();
});

test('legend: a click hides a class and shows it again, shift shows it alone', async () => {
  const page = await open('one.html');
  const head = page.locator('.legend-item', {hasText: 'head'});
  const heads = count((i) => leafOf(i) === 4);
  assert.equal(await head.locator('.legend-count').textContent(), String(heads));
  await head.click();
  assert.deepEqual(await shown(page), [N - heads]);
  assert.equal(await head.getAttribute('aria-pressed'), 'false');
  assert.match(await page.locator('.shown-count').textContent(), new RegExp(`^${N - heads} of ${N}`));
  await head.click({modifiers: ['Shift']});
  assert.deepEqual(await shown(page), [heads]);
  await page.locator('.legend button', {hasText: 'all'}).click();
  assert.deepEqual(await shown(page), [N]);
  await page.close();
});

test('legend: points without a predicted class are undecided', async () => {
  const page = await open('one.html', {hash: '#color=prediction'});
  const entry = page.locator('.legend-item', {hasText: 'undecided'});
  assert.equal(await entry.locator('.legend-count').textContent(), String(count(undecided)));
  await entry.click();
  assert.deepEqual(await shown(page), [N - count(undecided)]);
  await page.waitForTimeout(400);
  const again = await open('one.html', {hash: new URL(page.url()).hash});
  assert.deepEqual(await shown(again), [N - count(undecided)]);
  await again.selectOption('select[name=color]', 'truth');
  assert.deepEqual(await shown(again), [N]);
  await page.selectOption('select[name=level]', '2');
  await page.locator('.legend button', {hasText: 'all'}).click();
  assert.equal(await entry.count(), 0);
  await page.close();
  await again.close();
});

test('the keyboard: all and none keep the focus, R resets from any control but one that takes letters', async () => {
  const page = await open('one.html');
  const focus = () => page.evaluate(() => document.activeElement.textContent);
  for (const [name, points] of [['none', 0], ['all', N]]) {
    await page.locator('.legend-head button', {hasText: name}).focus();
    await page.keyboard.press('Enter');
    assert.deepEqual(await shown(page), [points]);
    assert.equal(await focus(), name);
  }
  await page.evaluate(() => document.body.append(document.createElement('input')));
  const zoom = () => page.evaluate(() => window.embeddingPage.pictures[0].view.zoom);
  for (const [control, resets] of [['button[name=reset]', true], ['input[name=epoch]', true], ['input[name=errors]', true],
    ['select[name=level]', false], ['body > input', false]]) {
    await page.evaluate(() => window.embeddingPage.pictures[0].view.zoomAbout([100, 100], 3));
    await page.locator(control).focus();
    await page.keyboard.press('r');
    assert.equal((await zoom()) === 1, resets, control);
    await page.evaluate(() => window.embeddingPage.reset());
  }
  await page.locator('input[name=epoch]').fill('0');
  assert.equal(await page.locator('input[name=epoch]').getAttribute('aria-valuetext'), 'epoch 1 of 3');
  await page.close();
});

test('a repeated leaf has one prototype', async () => {
  const page = await open('sphere.html');
  const {names, parents, top_copies: tops} = JSON.parse(await page.locator('#embedding-data').textContent()).tree;
  const copies = names.map((name, i) => i).filter((i) => /^background/.test(names[i]));
  assert.equal(copies.length, 3);
  for (const level of [1, 2, 3]) {
    const drawnOnes = (await page.evaluate((k) => [...window.embeddingPage.store.tree.shownAt(k)], level))
      .filter((node) => copies.includes(node));
    assert.equal(drawnOnes.length, 1, `level ${level}`);
    assert.equal(parents[drawnOnes[0]], -1);
    assert.equal(tops[copies[0]], drawnOnes[0]);
  }
  await page.close();
});

test('the sphere: tree edges are bent, rings end at pi', async () => {
  const page = await open('sphere.html');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-save=svg]')]);
  const svg = fs.readFileSync(await download.path()).toString();
  const bent = [...svg.matchAll(/<path d="([^"]*)"/g)].filter(([, d]) => d.split('L').length > 40);
  assert.ok(bent.length >= 6, `${bent.length} bent edges`);
  const rings = [...svg.matchAll(/>(\d+)<\/text>/g)].map(([, d]) => Number(d));
  assert.deepEqual(rings, [1, 2, 3]);
  const grabbed = await grabbable(page);
  const to = (await middleOf(page)).map((x) => x + 70);
  await dragTo(page, await placeOf(page, grabbed), to);
  assert.ok(distance(await placeOf(page, grabbed), to) < 1);
  await page.close();
});

test('only errors: those of the level and of the snapshot', async () => {
  const page = await open('one.html');
  const levels = [[0, 1, 1, 1, 1, 1, 1], [0, 1, 1, 2, 1, 2, 1], [0, 1, 2, 3, 4, 5, 6]];
  await page.check('input[name=errors]');
  for (const snapshot of [2, 1, 0]) {
    await page.locator('input[name=epoch]').fill(String(snapshot));
    for (const level of [1, 2, 3]) {
      await page.selectOption('select[name=level]', String(level));
      const of = levels[level - 1];
      const wrong = (i) => of[leafOf(i)] !== of[predictedLeaf(i, snapshot)] || (level === 3 && undecided(i));
      assert.deepEqual(await shown(page), [count(wrong)],
                       `snapshot ${snapshot}, level ${level}`);
    }
  }
  await page.close();
});

test('the slider shows the snapshot of its epoch', async () => {
  const page = await open('two.html');
  const late = await placeOf(page, 10, 1);
  await page.locator('input[name=epoch]').fill('0');
  await drawn(page);
  assert.ok(distance(await placeOf(page, 10, 1), late) > 20);
  assert.match(await page.locator('figcaption').first().textContent(), /Epoch 1, c = 1\.5\./);
  assert.equal(await page.locator('.epoch-text').textContent(), '1 of 3');
  const {placed, stored} = await page.evaluate(() => ({
    placed: [...window.embeddingPage.pictures[0].content.snapshot.placed.slice(0, 20)],
    stored: JSON.parse(document.getElementById('embedding-data').textContent).runs[0].snapshots[0].xy,
  }));
  const xy = new Float32Array(Uint8Array.from(Buffer.from(stored, 'base64')).buffer);
  assert.deepEqual(placed, [...diskGeometry.place(xy, 1.5).slice(0, 20)]);
  await page.close();
});

test('the address brings the same picture back', async () => {
  const page = await open('two.html');
  await dragTo(page, await placeOf(page, await grabbable(page)), [250, 600]);
  await page.mouse.wheel(0, -200);
  await page.selectOption('select[name=level]', '2');
  await page.selectOption('select[name=color]', 'prediction');
  await page.check('input[name=errors]');
  await page.uncheck('input[name=rings]');
  await page.locator('input[name=epoch]').fill('1');
  await page.locator('.legend-item', {hasText: 'lower_body'}).click();
  await page.click('#theme');
  await page.waitForTimeout(400);
  const again = await open('two.html', {hash: new URL(page.url()).hash});
  const state = (p) => p.evaluate(() => ({...window.embeddingPage.state, views: null}));
  assert.deepEqual(await state(again), await state(page));
  assert.deepEqual(await shown(again), await shown(page));
  assert.equal(await again.evaluate(() => document.documentElement.dataset.theme), 'dark');
  for (const i of [0, 100, 4999]) {
    assert.ok(distance(await placeOf(again, i), await placeOf(page, i)) < 0.01);
  }
  await again.evaluate(() => { location.hash = '#level=1'; });
  await again.waitForTimeout(100);
  assert.equal(await again.locator('select[name=level]').inputValue(), '1');
  await page.close();
  await again.close();
});

test('a link of the contents leaves the picture as it is, and so does the way back', async () => {
  const page = await open('two.html');
  const grabbed = await grabbable(page);
  await dragTo(page, await placeOf(page, grabbed), [300, 600]);
  await page.selectOption('select[name=level]', '2');
  await page.waitForTimeout(400); // the state is in the address
  const look = () => page.evaluate(() => ({
    level: window.embeddingPage.state.level, map: window.embeddingPage.pictures[0].view.map,
  }));
  const before = await look();
  assert.equal(before.level, 2);
  await page.locator('nav a', {hasText: 'Facts'}).click();
  await drawn(page);
  assert.equal(new URL(page.url()).hash, '#facts');
  assert.deepEqual(await look(), before);
  await page.goBack();
  await drawn(page);
  assert.match(new URL(page.url()).hash, /level=2/);
  assert.deepEqual(await look(), before);
  await page.close();
});

test('SVG and PNG are saved as shown', async () => {
  const page = await open('one.html');
  await page.locator('.legend-item', {hasText: 'background'}).click({modifiers: ['Shift']});
  const saved = async (kind) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-save=${kind}]`)]);
    assert.equal(download.suggestedFilename(), `ball.${kind}`);
    return fs.readFileSync(await download.path());
  };
  const svg = (await saved('svg')).toString();
  const wellFormed = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
    return {errors: parsed.querySelectorAll('parsererror').length, circles: parsed.querySelectorAll('circle[r="2.6"]').length};
  }, svg);
  assert.equal(wellFormed.errors, 0);
  const {screen, width, height} = await page.evaluate(() => {
    const {view} = window.embeddingPage.pictures[0];
    return {screen: [...view.screen], width: view.width, height: view.height};
  });
  const inside = (i) => leafOf(i) === 0 && screen[2 * i] > 0 && screen[2 * i] < width && screen[2 * i + 1] > 0 && screen[2 * i + 1] < height;
  assert.equal(wellFormed.circles, count(inside));
  assert.match(svg, /5000 planted pixels/);
  const png = await saved('png');
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  assert.equal(png.readUInt32BE(16), 2 * width);
  await page.close();
});

test('a report without embeddings works', async () => {
  const page = await open('none.html');
  await page.click('#theme');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  assert.equal(await page.locator('#facts p').textContent(), 'a < b');
  await page.close();
});

complainedOfNothing();
