// Compiles: what takes a signal, and where a client stands.
import * as api from '../../build/src/api.js';

/** What `useSyncExternalStore` of React asks for. */
declare function useSyncExternalStore<T>(subscribe: (changed: () => void) => () => void, get: () => T): T;

/** What Svelte asks of a store. */
interface Readable<T> {
  subscribe(run: (value: T) => void): () => void;
}

export function useAsGiven(signal?: AbortSignal, timeout?: number, token?: string): void {
  const client = api.connect('wss://example.org/', { auth: { name: 'ada' }, token, timeout });
  void client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { signal, timeout });
  void client.join(api.roomChannel, { roomId: 'lobby' }, undefined, { signal, timeout });
}

export async function use(signal: AbortSignal): Promise<string> {
  const client = api.connect('wss://example.org/', { auth: { name: 'ada' } });
  const called = await client.call(api.chatSend, { roomId: 'lobby', text: 'hi' }, { signal });
  if (!called.ok && called.error.code === 'QUEUE_FULL') called.error.retryable satisfies true;
  client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }, { signal, timeout: 100 });
  await client.join(api.roomChannel, { roomId: 'lobby' }, undefined, { signal });
  client.retryNow();
  const store: Readable<{ readonly status: string }> = client.state;
  const { status, closed } = useSyncExternalStore(client.state.subscribe, client.state.get);
  return `${status} ${closed?.reason} ${typeof store}`;
}
