// The report page in headless Chromium, as it is moved: node motion_test.mjs WRITE_PAGES, the binary that writes the
// planted pages.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {hyperbolicDistance, moebiusApply} from '../../src/report/page/moebius.mjs';
import {
  complainedOfNothing, distance, dragTo, drawn, grabbable, middleOf, open, placeOf,
} from './planted_pages.mjs';

for (const [name, picture] of [['disk', 0], ['plane', 1]]) {
  test(`${name}: the grabbed point stays under the pointer, after ten drags, zoom and turns too`, async () => {
    const page = await open('two.html');
    const [cx, cy] = await middleOf(page, picture);
    const grabbed = await grabbable(page, picture);
    for (let k = 0; k < 10; ++k) {
      const to = [cx + 120 * Math.cos(2.4 * k), cy + 120 * Math.sin(2.4 * k)];
      await dragTo(page, await placeOf(page, grabbed, picture), to);
      const off = distance(await placeOf(page, grabbed, picture), to);
      assert.ok(off < 1, `drag ${k}: ${off} pixels off`);
    }
    await page.mouse.wheel(0, -400);
    await page.keyboard.down('Shift');
    await dragTo(page, [cx + 100, cy], [cx, cy + 100]);
    await page.keyboard.up('Shift');
    const to = [cx + 30, cy - 60];
    await dragTo(page, await placeOf(page, grabbed, picture), to);
    assert.ok(distance(await placeOf(page, grabbed, picture), to) < 1);
    await page.close();
  });
}

test('a point on the rim to the eye stays under the pointer, and comes to the centre by a double click', async () => {
  const page = await open('one.html');
  const i = await grabbable(page);
  await page.evaluate((k) => { // at a distance of 21
    const {content} = window.embeddingPage.pictures[0];
    content.snapshot.placed.set([(1 - 1e-9) * Math.cos(2), (1 - 1e-9) * Math.sin(2)], 2 * k);
    window.embeddingPage.refresh();
  }, i);
  await drawn(page);
  const [cx, cy] = await middleOf(page);
  for (const to of [[cx + 90, cy - 40], [cx - 60, cy + 130]]) {
    await dragTo(page, await placeOf(page, i), to);
    const off = distance(await placeOf(page, i), to);
    assert.ok(off < 1, `${off} pixels off`);
  }
  await page.keyboard.press('r');
  await drawn(page);
  await page.mouse.dblclick(...await placeOf(page, i));
  await page.waitForTimeout(700);
  await drawn(page);
  assert.ok(distance(await placeOf(page, i), [cx, cy]) < 1);
  await page.close();
});

test('beside the rim the grabbed point stays under the pointer at high zoom too', async () => {
  const page = await open('one.html');
  const i = await grabbable(page);
  const [x, y] = await page.evaluate((k) => {
    const {content, view} = window.embeddingPage.pictures[0];
    content.snapshot.placed.set([(1 - 2e-4) * Math.cos(2), (1 - 2e-4) * Math.sin(2)], 2 * k);
    view.place(content.snapshot);
    view.zoomAbout([view.screen[2 * k], view.screen[2 * k + 1]], 40);
    view.offset = [view.offset[0] + 100, view.offset[1] + 60]; // off the border of the canvas
    window.embeddingPage.refresh();
    return [Math.sin(2), Math.cos(2)]; // along the rim on the screen
  }, i);
  await drawn(page);
  const from = await placeOf(page, i);
  for (const length of [40, -30]) {
    const to = [from[0] + length * x, from[1] + length * y];
    await dragTo(page, await placeOf(page, i), to);
    const off = distance(await placeOf(page, i), to);
    assert.ok(off < 1, `${off} pixels off`);
  }
  await page.close();
});

test('a point that rounding puts onto the rim does not break the picture', async () => {
  const page = await open('one.html');
  const i = await grabbable(page);
  await page.evaluate((k) => {
    window.embeddingPage.pictures[0].content.snapshot.placed.set([1, 0], 2 * k);
    window.embeddingPage.refresh();
  }, i);
  await drawn(page);
  const [x, y] = await placeOf(page, i);
  const at = [x - 5, y]; // within reach of it, inside of the disk
  const map = () => page.evaluate(() => window.embeddingPage.pictures[0].view.map);
  await dragTo(page, at, [at[0] - 200, at[1] + 40]);
  assert.ok((await map()).every(Number.isFinite));
  await page.keyboard.press('r');
  await drawn(page);
  await page.mouse.dblclick(...at);
  await page.waitForTimeout(700);
  assert.ok((await map()).every(Number.isFinite));
  await page.close();
});

test('a drag is an isometry of the original points, as the map of the page says', async () => {
  const page = await open('one.html');
  await dragTo(page, await placeOf(page, await grabbable(page)), [500, 500]);
  const {map, moved, placed} = await page.evaluate(() => {
    const {view, content} = window.embeddingPage.pictures[0];
    return {map: view.map, moved: [...view.moved.slice(0, 40)], placed: [...content.snapshot.placed.slice(0, 40)]};
  });
  for (let i = 0; i < 20; ++i) {
    const [x, y] = moebiusApply(map, [placed[2 * i], placed[2 * i + 1]]);
    assert.ok(Math.hypot(x - moved[2 * i], y - moved[2 * i + 1]) < 1e-12);
  }
  const at = (all, i) => [all[2 * i], all[2 * i + 1]];
  for (let i = 1; i < 20; ++i) {
    const [before, now] = [placed, moved].map((all) => hyperbolicDistance(at(all, 0), at(all, i)));
    assert.ok(Math.abs(before - now) < 1e-9);
  }
  await page.close();
});

test('double click takes a point to the centre; R resets', async () => {
  const page = await open('one.html');
  const grabbed = await grabbable(page);
  const start = await placeOf(page, grabbed);
  await page.mouse.dblclick(...start);
  await page.waitForTimeout(700);
  await drawn(page);
  assert.ok(distance(await placeOf(page, grabbed), await middleOf(page)) < 1);
  await page.keyboard.press('r');
  await drawn(page);
  assert.ok(distance(await placeOf(page, grabbed), start) < 1e-6);
  await page.close();
});

test('the wheel zooms about the pointer; the keyboard moves, turns, zooms and steps', async () => {
  const page = await open('one.html');
  const grabbed = await grabbable(page);
  const start = await placeOf(page, grabbed);
  const pointer = start.map(Math.round);
  await page.mouse.move(...pointer);
  await page.mouse.wheel(0, -300);
  await drawn(page);
  const zoomed = pointer.map((p, axis) => p + Math.exp(0.45) * (start[axis] - p));
  assert.ok(distance(await placeOf(page, grabbed), zoomed) < 1e-6);
  assert.ok(Math.abs(await page.evaluate(() => window.embeddingPage.pictures[0].view.zoom) - Math.exp(0.45)) < 1e-9);
  await page.locator('canvas.embedding').focus();
  for (const key of ['ArrowLeft', 'Shift+ArrowUp', '-', '+']) {
    const before = await placeOf(page, grabbed);
    await page.keyboard.press(key);
    await drawn(page);
    assert.ok(distance(await placeOf(page, grabbed), before) > 2, key);
  }
  await page.keyboard.press('n');
  const first = await page.locator('.card-place').textContent();
  await page.keyboard.press('n');
  assert.notEqual(await page.locator('.card-place').textContent(), first);
  await page.keyboard.press('p');
  assert.equal(await page.locator('.card-place').textContent(), first);
  await page.close();
});

test('touch: a tap shows the card, two fingers zoom', async () => {
  const page = await open('one.html', {options: {viewport: {width: 420, height: 860}, hasTouch: true}});
  await page.locator('canvas.embedding').scrollIntoViewIfNeeded();
  const grabbed = await grabbable(page);
  await page.touchscreen.tap(...await placeOf(page, grabbed));
  await drawn(page);
  assert.match(await page.locator('.card-place').textContent(), /^image\d\.png, row \d+/);
  const [cx, cy] = await middleOf(page);
  const session = await page.context().newCDPSession(page);
  const touch = (type, ...x) => session.send('Input.dispatchTouchEvent', {type, touchPoints: x.map((d, id) => ({x: cx + d, y: cy, id}))});
  await touch('touchStart', -40, 40);
  await touch('touchMove', -60, 60);
  await touch('touchMove', -80, 80);
  await touch('touchEnd');
  await drawn(page);
  const zoom = await page.evaluate(() => window.embeddingPage.pictures[0].view.zoom);
  assert.ok(Math.abs(zoom - 2) < 0.05, `zoom ${zoom}`);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  await page.context().close();
});

for (const name of ['one.html', 'two.html']) {
  test(`${name}: 5000 points a picture are drawn in less than 33 ms a frame while dragging`, async () => {
    const page = await open(name);
    const [cx, cy] = await middleOf(page);
    await page.mouse.move(cx, cy);
    await page.mouse.down();
    const times = [];
    for (let k = 0; k < 30; ++k) {
      await page.mouse.move(cx + 100 * Math.sin(k / 4), cy + 100 * Math.cos(k / 4));
      times.push(await page.evaluate(() => {
        const began = performance.now();
        window.embeddingPage.drawNow();
        // Reading a pixel waits until everything is painted.
        window.embeddingPage.pictures.forEach(({surface}) => surface.context.getImageData(0, 0, 1, 1));
        return performance.now() - began;
      }));
    }
    await page.mouse.up();
    times.sort((a, b) => a - b);
    const median = times[times.length / 2];
    console.log(`${name}: drawing: median ${median.toFixed(1)} ms, slowest ${times.at(-1).toFixed(1)} ms`);
    assert.ok(median < 33, `median ${median} ms`);
    await page.close();
  });

  test(`${name}: frames follow a drag at more than 30 a second`, async () => {
    const page = await open(name);
    const frames = await page.evaluate(() => new Promise((done) => {
      const {canvas} = window.embeddingPage.pictures[0];
      const box = canvas.getBoundingClientRect();
      const fire = (type, k) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, button: 0, bubbles: true, clientX: box.left + box.width / 2 + 100 * Math.sin(k / 9),
        clientY: box.top + box.height / 2 + 100 * Math.cos(k / 9),
      }));
      canvas.setPointerCapture = () => {};
      fire('pointerdown', 0);
      const times = [];
      const frame = (now) => {
        times.push(now);
        if (times.length === 61) {
          fire('pointerup', 61);
          const steps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
          done({median: steps[30], slowest: steps[59]});
          return;
        }
        fire('pointermove', times.length);
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    }));
    console.log(`${name}: frames: median ${frames.median.toFixed(1)} ms, slowest ${frames.slowest.toFixed(1)} ms`);
    assert.ok(frames.median < 33.4, `median ${frames.median} ms`);
    await page.close();
  });
}

complainedOfNothing();
