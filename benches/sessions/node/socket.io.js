import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { isRoom, isSaid, serve } from './messages.js';

const http = createServer();
const io = new Server(http, { transports: ['websocket'] });
io.on('connection', socket => {
  socket.on('chat.send', (payload, answer) => {
    if (!isSaid(payload)) throw new Error('it is invalid');
    answer({ at: payload.sentAt });
  });
  socket.on('room.join', (payload, answer) => {
    if (!isRoom(payload.roomId)) throw new Error('it is invalid');
    socket.join(payload.roomId);
    answer();
  });
  socket.on('room.say', payload => {
    if (!isSaid(payload)) throw new Error('it is invalid');
    io.to(payload.roomId).emit('room.said', payload);
  });
});
http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => serve(http.address().port));
