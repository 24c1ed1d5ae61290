/** The thinnest journey over real TCP and real time: an engine's command becomes a deal at the broker. */
import { createTcpNetwork, realHost } from '@holdfast/process';
import { expect, test, vi } from 'vitest';
import { testBroker, testEngine, testTerminal } from '../testing/scene.ts';

test('a market order goes from an engine to the broker and back over TCP', async () => {
  const network = createTcpNetwork();
  const engine = await testEngine(realHost, network, { host: '127.0.0.1', port: 0 });
  const broker = testBroker(realHost);
  const terminal = testTerminal(realHost, network, broker.attach('demo-hedging', 'terminal-1'), [
    { name: 'engine-1', endpoint: { host: '127.0.0.1', port: engine.listener.port } },
  ]);
  try {
    await vi.waitUntil(() => engine.hasSession(), { timeout: 5000 });
    const session = engine.session();
    expect(await session.fence('1', 'engine-1', true, 1000)).toMatchObject({ is: 'fenced' });
    session.send({
      commandId: 'first/1',
      epoch: '1',
      holder: 'engine-1',
      lifeMs: 5000,
      magic: '77',
      comment: 'hf-test',
      command: { do: 'deal', symbol: 'EURUSD', side: 'buy', volume: '0.1' },
    });
    await vi.waitUntil(() => engine.events.some(({ is }) => is === 'result'), { timeout: 5000 });
    expect(engine.events.find(({ is }) => is === 'result')).toMatchObject({
      result: { commandId: 'first/1', retcode: 10009, volume: '0.1', price: '1.07169' },
    });
    const deals = await session.list('deals', { magic: '77', deadlineMs: 1000 });
    expect(deals).toMatchObject({
      synced: true,
      broker: true,
      rows: [{ symbol: 'EURUSD', comment: 'hf-test' }],
    });
    expect(broker.ledger().positions).toHaveLength(1);
  } finally {
    terminal.stop();
    engine.listener.close();
    broker.stop();
  }
});
