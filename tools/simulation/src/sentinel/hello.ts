/**
 * Hellos: how Sentinels tell each other who the primary is, through every Redis node and directly. The one with the
 * higher configuration epoch is believed.
 */
import type { Instance } from './instance.ts';
import { HELLO_CHANNEL } from './link.ts';
import { addressWords, PUBLISH_MS, type SentinelState, shownAddress } from './state.ts';

/** The primary as others are told: the promoted one as soon as it is known to be one. */
export function announcedPrimary({ failover, primary }: SentinelState): string {
  const promoted = failover.state === 'reconf_slaves' || failover.state === 'update_config';
  return promoted && failover.promoted !== undefined ? failover.promoted.address : primary.address;
}

/** Sends a hello to one instance. */
export function sendHello(state: SentinelState, instance: Instance): void {
  if (instance.link.disconnected) return;
  const { file, options } = state;
  const own = addressWords(shownAddress(options.endpoint));
  const primary = addressWords(announcedPrimary(state));
  const text = [...own, state.id, file.currentEpoch, options.name, ...primary, file.configEpoch].join(',');
  instance.link.send(['PUBLISH', HELLO_CHANNEL, text], (reply) => {
    if (typeof reply === 'number') instance.helloSentMs = options.process.host.wallMs();
  });
}

/** The next tick sends a hello to everybody. */
export function hurryHellos(state: SentinelState): void {
  for (const instance of [state.primary, ...state.replicas.values(), ...state.sentinels.values()]) {
    instance.helloSentMs -= PUBLISH_MS + 1;
  }
}

/** Takes in a hello; `switchTo` names another primary. */
export function readHello(state: SentinelState, text: string, switchTo: (address: string) => void): void {
  const [, , id, epoch, name, host, port, configEpoch] = text.split(',');
  const { file, options } = state;
  if (id === state.id || name !== options.name) return;
  file.currentEpoch = Math.max(file.currentEpoch, Number(epoch));
  if (Number(configEpoch) <= file.configEpoch) return;
  file.configEpoch = Number(configEpoch);
  const address = `${host}:${port}`;
  if (address !== state.primary.address) switchTo(address);
}
