// Compiles: what people write.
import * as api from '../../build/src/api.js';
import { type Member, onAdded } from '../../build/src/handfast.js';

export function show(message: api.ServerMessage): string {
  switch (message.type) {
    case 'chat.message':
      return `${message.channel}: ${message.payload.text}`;
    case 'user.typing':
      return message.payload.name;
    default:
      return message.type;
  }
}

export async function use(): Promise<void> {
  const client = api.connect('wss://example.org/', { token: () => Promise.resolve('t'), auth: { name: 'ada' } });
  const room = await client.join(api.roomChannel, { roomId: 'lobby' });
  const members: readonly Member<api.Member>[] = room.members.get().list;
  room.on(api.chatMessage, m => m.text.length + members.length);
  room.on('presence', ({ event, member }) => event === 'join' && member.info.name.length);
  room.on(api.userTyping, m => m.name);
  room.send(api.userTyping, { roomId: 'lobby' }, { delivered: result => result.ok });
  const stop: () => void = onAdded(client, api.roomChannel, (added, { roomId }) => {
    added.on(api.chatMessage, m => m.text.length + (roomId ?? '').length);
    added.on('presence', ({ member }) => member.info.name.length);
    added.on('joined', reply => reply?.topic);
  });
  stop();
  client.on('open', ({ resumed }) => resumed === true);
  const r = await client.call(api.roomJoin, { roomId: 'lobby' });
  if (!r.ok && r.error.code === 'ROOM_FULL') r.error.data.limit.toFixed();
  if (!r.ok && r.error.code === 'INVALID') r.error.violations.map(({ path }) => path);
  const stream = client.stream(api.pricesWatch, { symbols: ['BTC-EUR'] }, { timeout: 1000 });
  for await (const tick of stream) tick.price.length;
  (await stream.end).orThrow().ticks.toFixed();
  const device: api.Device = 'toaster';
  device.length;
}
