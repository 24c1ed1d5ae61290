/**
 * The console: follows /v1/status/events and shows the latest status. EventSource cannot send the key, so the stream is
 * read by fetch. The page says when what it shows is not live any more.
 */
import { show } from './console-view.js';

const KEY = 'holdfast-key';
/** A status comes every second; without one for this long the page is not live. */
const SILENT_MS = 4000;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 5000;

const byId = (id) => document.getElementById(id);

let attempts = 0;

function setHealth(tone, text) {
  const health = byId('health');
  if (health.textContent !== text) health.textContent = text;
  health.dataset.tone = tone;
  document.title = tone === 'good' ? 'Holdfast' : `${text} · Holdfast`;
}

/** Takes the key from `#key=…` once, so that it does not stay in the address. */
function takeKeyFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given === null) return;
  sessionStorage.setItem(KEY, given);
  history.replaceState(null, '', location.pathname);
}

function askForKey(why) {
  sessionStorage.removeItem(KEY);
  byId('live').hidden = true;
  byId('key-form').hidden = false;
  if (why !== undefined) {
    byId('key-why').textContent = why;
    byId('key-why').dataset.tone = 'bad';
  }
  setHealth('wait', 'Key needed');
  byId('key').focus();
}

function lost(reason) {
  setHealth('bad', 'Connection lost');
  const live = byId('live');
  if (live.hidden) return;
  live.dataset.stale = '';
  const problems = byId('problems');
  problems.hidden = false;
  problems.dataset.tone = 'bad';
  byId('problems-title').textContent = 'This page is not live: no backend answers';
  const item = document.createElement('li');
  item.textContent = `${reason}. It goes on trying.`;
  byId('problems-list').replaceChildren(item);
}

function arrived(status) {
  attempts = 0;
  byId('key-form').hidden = true;
  byId('live').hidden = false;
  delete byId('live').dataset.stale;
  if (status.redis.level === 'none') setHealth('bad', 'Nothing accepted');
  else setHealth(status.degraded ? 'warn' : 'good', status.degraded ? 'Degraded' : 'All well');
  show(status);
}

/** Reads one stream until it ends; throws what ended it. */
async function follow(key) {
  const ending = new AbortController();
  let silence = setTimeout(() => ending.abort(), SILENT_MS);
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => ending.abort(), SILENT_MS);
  };
  try {
    const response = await fetch('/v1/status/events', {
      headers: { authorization: `Bearer ${key}` },
      cache: 'no-store',
      signal: ending.signal,
    });
    if (response.status === 401) return 'refused';
    if (!response.ok) throw new Error(`the backend answered ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error('the backend ended the stream');
      rest += value;
      const events = rest.split('\n\n');
      rest = events.pop();
      for (const event of events) {
        if (!event.includes('event: status')) continue;
        heard();
        arrived(JSON.parse(event.slice(event.indexOf('data: ') + 6)));
      }
    }
  } catch (error) {
    if (ending.signal.aborted) throw new Error(`no status for ${SILENT_MS / 1000} seconds`, { cause: error });
    throw error;
  } finally {
    clearTimeout(silence);
    ending.abort();
  }
}

async function run() {
  const key = sessionStorage.getItem(KEY);
  if (key === null) {
    askForKey();
    return;
  }
  try {
    if ((await follow(key)) === 'refused') {
      askForKey('The key was refused. Look into the file that the configuration names as api.keyFile.');
      return;
    }
  } catch (error) {
    lost(error instanceof TypeError ? 'The address cannot be reached' : error.message);
  }
  const pauseMs = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** attempts);
  attempts += 1;
  setTimeout(() => void run(), pauseMs);
}

byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId('key').value.trim());
  byId('key').value = '';
  byId('key-form').hidden = true;
  setHealth('wait', 'Connecting');
  void run();
});

takeKeyFromAddress();
void run();
