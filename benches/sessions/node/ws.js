import { WebSocketServer } from 'ws';
import { isRoom, isSaid, serve } from './messages.js';

const room = new Set();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/ws', backlog: 4096 });
server.on('listening', () => serve(server.address().port));
server.on('connection', socket => {
  socket.on('message', data => {
    const { type, id, payload } = JSON.parse(data.toString());
    switch (type) {
      case 'chat.send':
        if (!isSaid(payload)) throw new Error('it is invalid');
        socket.send(JSON.stringify({ type: 'chat.sent', id, payload: { at: payload.sentAt } }));
        break;
      case 'room.join':
        if (!isRoom(payload.roomId)) throw new Error('it is invalid');
        room.add(socket);
        socket.send(JSON.stringify({ type: 'room.joined', id }));
        break;
      case 'room.say': {
        if (!isSaid(payload)) throw new Error('it is invalid');
        const text = JSON.stringify({ type: 'room.said', channel: 'room:lobby', payload });
        for (const each of room) each.send(text);
        break;
      }
      default:
        throw new Error('there is no such message');
    }
  });
  socket.on('close', () => room.delete(socket));
});
