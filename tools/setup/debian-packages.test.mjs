/** Which archive is asked, and that apt writes nothing outside of the folder it is given. Fetching is tried by the long suites. */
import { describe, expect, it } from 'vitest';
import { aptConfiguration, archiveOf, sourcesText } from './debian-packages.mjs';

const DEBIAN = { id: 'debian', codename: 'bookworm' };
const targets = (...lines) => `${lines.join('\n')}\n`;

describe('archiveOf', () => {
  it("is the machine's own, whatever else it knows", () => {
    const all = targets(
      'http://tools.example/linux bookworm main',
      'http://mirror.example/debian-security/ bookworm-security main',
      'http://mirror.example/debian/ bookworm main',
      'http://mirror.example/debian/ bookworm-updates main',
    );
    expect(archiveOf(all, DEBIAN)).toBe('http://mirror.example/debian');
  });

  it('may have any path, and a suite by its rank', () => {
    expect(archiveOf(targets('http://mirror.example/apt stable main'), DEBIAN)).toBe(
      'http://mirror.example/apt',
    );
  });

  it.each([
    [
      'on another system',
      targets('http://mirror.example/ubuntu noble main'),
      { id: 'ubuntu', codename: 'noble' },
    ],
    ['without sources', '', DEBIAN],
    [
      'among other suites and components',
      targets('http://x.example a main', 'http://x.example bookworm b'),
      DEBIAN,
    ],
  ])('is none %s', (_name, lines, release) => {
    expect(archiveOf(lines, release)).toBeUndefined();
  });
});

describe('what apt is told', () => {
  it('names the release and the keys that sign it', () => {
    const text = sourcesText('http://mirror.example/debian', 'trixie', true);
    expect(text.split('\n')).toContain('URIs: http://mirror.example/debian');
    expect(text).toContain('Suites: trixie\n');
    expect(text).toContain('Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n');
    expect(sourcesText('http://mirror.example/debian', 'trixie', false)).not.toMatch(/Signed-By|trusted/i);
  });

  it('runs no hooks and writes into the folder alone', () => {
    const text = aptConfiguration('/cache/x', false);
    for (const group of ['APT::Update', 'DPkg']) expect(text).toContain(`#clear ${group};`);
    const written = [
      ...text.matchAll(/^Dir::(State|State::Lists|State::status|Cache|Cache::Archives) "(.+)";$/gm),
    ];
    expect(written.map(([, name]) => name)).toHaveLength(5);
    for (const [, , path] of written) expect(path.startsWith('/cache/x')).toBe(true);
    expect(text).not.toContain('"/etc/apt/apt.conf"');
    expect(aptConfiguration('/cache/x', true)).toContain('#include "/etc/apt/apt.conf";');
  });
});
