/** The console in a real Chromium, over the real backend and a real Redis. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNTS, announce, KEY, openStage, playEngine, type Stage, TOKEN } from './console-stage.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );
/** Where pictures are left for people, when asked for. */
const PICTURES = process.env['CONSOLE_PICTURES'];

/** How long the page may take to show what has happened; generous, because the machine may be busy. */
const SOON = { timeout: 20_000 };

let stage: Stage;
let browser: Browser;
let profileFolder: string;

beforeAll(async () => {
  if (!existsSync(CHROMIUM))
    throw new Error(`no Chromium at ${CHROMIUM}: install it, or name one in $CHROMIUM`);
  stage = await openStage();
  profileFolder = mkdtempSync(join(tmpdir(), 'holdfast-chromium-'));
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: FLAGS,
    env: { ...process.env, HOME: profileFolder },
  });
});

afterAll(async () => {
  await browser?.close();
  await stage?.end();
  rmSync(profileFolder, { recursive: true, force: true });
});

async function open(how: {
  width: number;
  height: number;
  dark?: boolean;
  hash?: string;
}): Promise<Page & { faults: string[] }> {
  const context = await browser.newContext({
    viewport: { width: how.width, height: how.height },
    colorScheme: how.dark === true ? 'dark' : 'light',
  });
  const page = Object.assign(await context.newPage(), { faults: [] as string[] });
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().includes('401')) page.faults.push(line.text());
  });
  page.on('pageerror', (error) => page.faults.push(error.message));
  await page.goto(`${stage.url}/${how.hash ?? ''}`);
  return page;
}

const signal = (id: string, more = {}) => ({
  id,
  action: 'open' as const,
  symbol: 'EURUSD',
  side: 'buy' as const,
  volume: '0.1',
  ...more,
});

describe('the console', () => {
  test('asks for the key, refuses a wrong one, and shows the cluster with the right one', async () => {
    const page = await open({ width: 1280, height: 900 });
    await page.getByLabel('Key', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Open' }).click();
    await expect.poll(() => page.locator('#key-why').textContent(), SOON).toContain('refused');
    await page.getByLabel('Key', { exact: true }).fill(KEY);
    await page.getByRole('button', { name: 'Open' }).click();
    const accounts = page.getByRole('table', { name: 'Accounts' });
    await accounts.waitFor();
    await expect.poll(() => accounts.textContent(), SOON).toContain('demo-hedging');
    expect(await accounts.textContent()).toContain('nobody');
    expect(await page.locator('#problems-list').textContent()).toContain('no engine is active');
    await page.context().close();
  });

  test('takes the key from the address, once', async () => {
    const page = await open({ width: 1280, height: 900, hash: `#key=${KEY}` });
    const redis = page.getByRole('table', { name: 'Redis' });
    await redis.waitFor();
    // Without wardens it is what the backend sees itself.
    await expect.poll(() => redis.textContent(), SOON).toContain('primary');
    expect(await redis.getByText('yes', { exact: true }).count()).toBe(2);
    expect(await page.locator('#redis-set').textContent()).toMatch(
      /^Set 1\.\d+: every replica has what is acknowledged; no warden answers: as this backend sees it\.$/,
    );
    expect(page.url()).toBe(`${stage.url}/`);
    await page.context().close();
  });

  test('shows live who leads, results, pending signals, replicas and held-back alerts', async () => {
    const page = await open({ width: 1280, height: 900, hash: `#key=${KEY}` });
    await page.getByRole('table', { name: 'Redis' }).waitFor();
    await announce(stage, {
      'engine-1': { kind: 'engine', role: 'active', pid: 4711, endpoint: '127.0.0.1:4' },
      'engine-2': { kind: 'engine', role: 'standby', pid: 4712, endpoint: '127.0.0.1:7' },
    });
    const ids = ['morning-1', 'morning-2', 'morning-3', 'too-much'];
    await playEngine(
      stage,
      ACCOUNTS[0],
      '3',
      ids.map((id) => signal(id)),
    );
    await playEngine(stage, ACCOUNTS[1], '5', [
      signal('noon-1', { symbol: 'GBPUSD', side: 'sell', volume: '0.25' }),
    ]);
    const posted = await fetch(`${stage.url}/v1/accounts/${ACCOUNTS[0]}/signals`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(signal('waits-1')),
    });
    expect(posted.status).toBe(202);
    const alert = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'buy EURUSD q=0.1' };
    const first = await fetch(`${stage.url}/v1/webhooks/tradingview/${TOKEN}`, alert);
    const again = await fetch(`${stage.url}/v1/webhooks/tradingview/${TOKEN}`, alert);
    expect([first.status, again.status]).toEqual([202, 200]);

    const row = page
      .getByRole('row')
      .filter({ has: page.getByRole('cell', { name: 'demo-hedging', exact: true }) })
      .first();
    await expect.poll(() => row.textContent(), SOON).toContain('engine-1');
    expect(await row.textContent()).toContain('up');
    await expect
      .poll(() => page.getByRole('table', { name: 'Last results' }).textContent(), SOON)
      .toContain('noon-1');
    expect(await page.getByRole('table', { name: 'Last results' }).textContent()).toContain(
      'broker_no_money',
    );
    await expect.poll(() => page.locator('#held').textContent(), SOON).toContain('1 ×');
    const reports = page.getByRole('table', { name: 'Compared with the terminals' });
    await expect.poll(() => reports.textContent(), SOON).toContain('1, up to 12 s');
    const cells = reports.getByRole('row').filter({ hasText: 'demo-hedging' }).getByRole('cell');
    expect((await cells.allTextContents()).slice(3)).toEqual(['3', '1', '0', '1', '1, up to 12 s']);
    const differences = page.getByRole('table', { name: 'Differences that were found' });
    expect(await differences.textContent()).toContain('1000001ours, missing at the brokerbuy 0.10 EURUSD');
    expect(await differences.textContent()).toContain('1000009not ourssell 1.00 XAUUSD');
    await expect.poll(() => page.locator('#tiles').textContent(), SOON).toContain('2 of 2');
    // The two that wait: what has its result stands in RTSS no more.
    await expect.poll(() => row.getByRole('cell').nth(5).textContent(), SOON).toBe('2');
    expect(page.faults).toEqual([]);
    await page.context().close();
  });

  test.each([
    { width: 360, dark: false },
    { width: 360, dark: true },
    { width: 768, dark: false },
    { width: 1440, dark: false },
    { width: 1440, dark: true },
  ])('fits $width px wide, dark: $dark', async ({ width, dark }) => {
    const page = await open({ width, height: 900, dark, hash: `#key=${KEY}` });
    await expect
      .poll(() => page.getByRole('table', { name: 'Accounts' }).textContent(), SOON)
      .toContain('demo-netting');
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
    expect(await faintTexts(page)).toEqual([]);
    if (PICTURES !== undefined) {
      await page.screenshot({
        path: join(PICTURES, `console-${width}${dark ? '-dark' : ''}.png`),
        fullPage: width > 400,
      });
    }
    await page.context().close();
  });

  test('says when it is not live, and goes on by itself', async () => {
    const page = await open({ width: 1280, height: 900, hash: `#key=${KEY}` });
    await page.getByRole('table', { name: 'Accounts' }).waitFor();
    await stage.stopBackend();
    await expect.poll(() => page.locator('#health').textContent(), SOON).toBe('Connection lost');
    if (PICTURES !== undefined)
      await page.screenshot({ path: join(PICTURES, 'console-lost.png'), fullPage: true });
    await stage.startBackend();
    await expect.poll(() => page.locator('#health').textContent(), SOON).not.toBe('Connection lost');
    await page.context().close();
  });

  test('says that nothing is accepted without a replica, and takes what cannot be read for not known', async () => {
    const page = await open({ width: 1280, height: 900, hash: `#key=${KEY}` });
    await page.getByRole('table', { name: 'Redis' }).waitFor();
    for (const replica of [1, 2]) await stage.redis.kill(replica);
    await expect.poll(() => page.locator('#health').textContent(), SOON).toBe('Nothing accepted');
    const processes = page.getByRole('table', { name: 'Processes' });
    await expect.poll(() => processes.textContent(), SOON).toContain('not known since');
    expect(await processes.textContent()).not.toContain('silent');
    await expect
      .poll(() => page.getByRole('table', { name: 'Last results' }).textContent(), SOON)
      .toContain('Cannot be read now.');
    const problems = await page.locator('#problems').textContent();
    expect(problems).toContain('Nothing is accepted');
    expect(problems).toContain('their state is not known');
    expect(problems).not.toContain('is silent');
    expect(await page.getByRole('table', { name: 'Accounts' }).textContent()).not.toContain('nobody');
    expect(page.faults).toEqual([]);
    await page.context().close();
  });
});

/** Texts whose contrast with what is behind them is below 4.5 (WCAG AA). Runs in the page. */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const luminance = (color) => {
      const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
        const share = Number(part) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const ground = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if (!/, 0\\)$|transparent/.test(color)) return color;
      }
      return 'rgb(255, 255, 255)';
    };
    const faint = [];
    for (const element of document.querySelectorAll('#live *, header *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
      if (!own || element.closest('[hidden]') !== null) continue;
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) faint.push(element.textContent.trim() + ' ' + contrast.toFixed(2));
    }
    return faint;
  })()`);
}
