// The page of the chat example: what an application does with a generated client.

import {
  chatMessage,
  chatSend,
  connect,
  roomChannel,
  userTyping,
  type Attachment,
  type Auth,
  type ChatMessage,
  type ChatSend,
  type Member as Info,
  type RoomJoined,
} from './api.js';
import { $, make } from './elements.js';
import { SessionRefusedError, type Client, type Member, type Subscription } from './handfast.js';
import { followPrices } from './prices.js';

const ROOMS = ['lobby', 'music', 'markets'];
const TYPING_SHOWN = 3000;
const TYPING_SENT = 3000;
/** How long a message waits for a connection and its reply. */
const SEND_TIMEOUT = 120_000;

type ChatRoom = Subscription<'room', RoomJoined, Info>;

// ---- Who ------------------------------------------------------------------------------------------------------------

let ownName = localStorage.getItem('name') ?? '';

function askName(problem = ''): void {
  $('who-error').textContent = problem;
  $<HTMLInputElement>('name').value = ownName;
  $<HTMLDialogElement>('who').showModal();
}

$('who').addEventListener('cancel', event => event.preventDefault());
$('who-form').addEventListener('submit', () => {
  ownName = $<HTMLInputElement>('name').value.trim();
  if (ownName === '') return askName();
  localStorage.setItem('name', ownName);
  start();
});

// ---- Connection -----------------------------------------------------------------------------------------------------

let client: Client<Auth> | undefined;

function showState(state: 'connecting' | 'open' | 'closed', words?: string | 0): void {
  const element = $('state');
  element.dataset['state'] = state;
  element.textContent = words || state;
}

function start(): void {
  client?.close();
  const own = connect('/ws', { auth: { name: ownName, device: 'browser' } });
  client = own;
  own.on('open', ({ resumed }) => {
    if (resumed === true) return; // the stream goes on
    void followPrices(own);
  });
  own.state.subscribe(({ status, closed }) => {
    if (own !== client) return;
    if (status === 'connected') return showState('open', `connected as ${ownName}`);
    if (status === 'closed') return showState('closed', closed?.reason || 'closed');
    const wait = closed?.retryIn;
    showState('connecting', wait && `connection lost, trying again in ${Math.ceil(wait / 1000)} s`);
  });
  own.on('error', error => note(String(error)));
  own.ready.catch((error: unknown) => {
    if (error instanceof SessionRefusedError) askName(error.message);
  });
  void enterRoom(own);
}

// ---- Rooms ----------------------------------------------------------------------------------------------------------

let room: ChatRoom | undefined;
/** Gives up the room that is being entered. */
let entering = new AbortController();
/** Ends the subscription of who is in the room. */
let forgetMembers = (): void => {};

function roomId(): string {
  return location.hash.slice(1) || 'lobby';
}

function showRooms(): void {
  const current = roomId();
  const rooms = ROOMS.includes(current) ? ROOMS : [...ROOMS, current];
  $('rooms').replaceChildren(
    ...rooms.map(id => {
      const link = make('a', { href: `#${id}`, textContent: `#${id}` });
      if (id === current) link.setAttribute('aria-current', 'page');
      return make('li', {}, link);
    }),
  );
  $('room-name').textContent = `#${current}`;
}

async function enterRoom(own: Client<Auth>): Promise<void> {
  const id = roomId();
  showRooms();
  $('messages').replaceChildren();
  unseen = [];
  $('topic').textContent = '';
  forgetMembers();
  showMembers([]);
  for (const timer of typing.values()) clearTimeout(timer);
  typing.clear();
  showTyping();
  entering.abort();
  entering = new AbortController();
  const { signal } = entering;
  const left = room;
  room = undefined;
  if (left !== undefined) void left.leave();
  try {
    const entered = await own.join(roomChannel, { roomId: id }, hearRoom, { signal });
    if (signal.aborted) return void entered.leave();
    room = entered;
  } catch (error) {
    if (!signal.aborted) note(error instanceof Error ? error.message : String(error));
  }
}

/** Why messages were missed, where the server says. */
const REASONS: Readonly<Record<string, string>> = {
  evicted: ': there were more than the room keeps',
  expired: ': the room no longer keeps them',
  epoch: ': the server has begun anew',
  unavailable: ': the server cannot read them now',
};

function hearRoom(entered: ChatRoom): void {
  entered.on(chatMessage, (message, { timestamp }) => hearMessage(message, timestamp));
  entered.on(userTyping, ({ name }) => showTyping(name));
  forgetMembers = entered.members.subscribe(({ list }) => showMembers(list));
  entered.on('joined', showJoined);
  entered.on('lost', error => note(error.message));
  entered.on('gap', ({ from, to, reason }) => {
    const missed = from === undefined || to === undefined ? 'Some messages' : `${to - from + 1} messages`;
    note(`${missed} were missed${REASONS[reason ?? ''] ?? ''}.`);
  });
}

function showJoined(joined: RoomJoined): void {
  $('topic').textContent = joined.topic ?? '';
}

/** A member is a session: somebody with two tabs is two members, and one line. */
function showMembers(members: readonly Member<Info>[]): void {
  const sessions = new Map<string, Member<Info>[]>();
  for (const member of members) {
    const { name } = member.info;
    sessions.set(name, [...(sessions.get(name) ?? []), member]);
  }
  $('members').replaceChildren(
    ...[...sessions].map(([name, own]) => {
      const present = own.filter(({ away }) => !away);
      const devices = new Set(present.map(({ info }) => info.device ?? 'browser'));
      const state = present.length === 0 ? 'away' : 'present';
      const words = state === 'away' ? [state] : [...devices].filter(device => device !== 'browser');
      const item = make('li', { textContent: [name, ...words.map(word => `(${word})`)].join(' ') });
      item.dataset['state'] = state;
      return item;
    }),
  );
}

window.addEventListener('hashchange', () => {
  if (client !== undefined) void enterRoom(client);
});

$('go').addEventListener('submit', event => {
  event.preventDefault();
  const input = $<HTMLInputElement>('go-room');
  location.hash = input.value;
  input.value = '';
});

// ---- Messages -------------------------------------------------------------------------------------------------------

function append(item: HTMLLIElement): void {
  const list = $('messages');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.append(item);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function note(words: string): void {
  append(make('li', { className: 'note', textContent: words }));
}

/** How many messages have arrived while nobody saw the page. */
let unread = 0;

function showUnread(count: number): void {
  unread = count;
  document.title = count === 0 ? 'Handfast chat' : `(${count}) Handfast chat`;
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) showUnread(0);
});

function hearMessage(message: ChatMessage, timestamp?: number): void {
  const { from, text } = message;
  const own = from === ownName ? unseen.find(sent => sent.text === text) : undefined;
  if (own === undefined) {
    append(messageElement(message, timestamp));
    if (document.hidden) showUnread(unread + 1);
  } else {
    seen(own);
  }
  typing.delete(from);
  showTyping();
}

function messageElement({ from, text, attachments = [] }: ChatMessage, timestamp = Date.now()): HTMLLIElement {
  const time = new Date(timestamp);
  const when = time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return make(
    'li',
    {},
    make('span', { className: 'who', textContent: from }),
    make('time', { dateTime: time.toISOString(), textContent: when }),
    make('div', { className: 'text', textContent: text }),
    ...attachments.map(attachmentElement),
  );
}

function attachmentElement(attachment: Attachment): HTMLElement {
  switch (attachment.kind) {
    case 'image':
      return imageElement(attachment);
    case 'snippet': {
      const code = make('code', { textContent: attachment.text });
      return make('pre', { title: attachment.language ?? 'text' }, code);
    }
    default: {
      const missing: never = attachment;
      return missing;
    }
  }
}

/** Only pictures from the web are shown: an address is somebody's text, and could be a script. */
function imageElement({ url, alt = '', width, height }: Extract<Attachment, { kind: 'image' }>): HTMLElement {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol !== 'https:' && !url.startsWith('data:image/')) return make('p', { textContent: alt || url });
  return make('img', { src: url, alt, width, height, loading: 'lazy', referrerPolicy: 'no-referrer' });
}

let attachments: Attachment[] = [];

function showAttached(): void {
  const element = $('attached');
  element.hidden = attachments.length === 0;
  element.textContent = `attached: ${attachments.map(({ kind }) => kind).join(', ')}`;
}

function say(): void {
  const input = $<HTMLTextAreaElement>('text');
  const text = input.value.trim();
  if (text === '' || client === undefined) return;
  void deliver(client, { roomId: roomId(), text, ...(attachments.length > 0 && { attachments }) });
  input.value = '';
  // What is typed next is sent at once: the message ended the notice of it.
  typingSent = 0;
  attachments = [];
  showAttached();
}

$('say').addEventListener('submit', event => {
  event.preventDefault();
  say();
});

$('text').addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  say();
});

// ---- Delivery -------------------------------------------------------------------------------------------------------

/** A message that this page sent. */
interface Sent {
  readonly text: string;
  readonly element: HTMLLIElement;
}

/** Those that were not refused, and that the room has not shown yet. */
let unseen: Sent[] = [];

/** Sends a message once. What the server may have received is sent again only by whoever wrote it. */
async function deliver(own: Client<Auth>, message: ChatSend): Promise<void> {
  const { text } = message;
  const element = messageElement({ ...message, from: ownName });
  const sent = { text, element };
  unseen.push(sent);
  showDelivery(element, 'sending');
  append(element);
  const result = await own.call(chatSend, message, { timeout: SEND_TIMEOUT });
  // The room may have shown it although the reply was lost.
  if (result.ok || element.dataset['delivery'] === 'delivered') return showDelivery(element, 'delivered');
  const { code } = result.error;
  const isUnknown = code === 'OUTCOME_UNKNOWN' || code === 'TIMEOUT' || code === 'BAD_REPLY';
  const forget = (): void => {
    unseen = unseen.filter(other => other !== sent);
  };
  if (!isUnknown) forget();
  const reason = code === 'NOT_IN_ROOM' ? 'you are not in this room' : result.error.message;
  const words = isUnknown ? 'it is unknown whether it was delivered' : `not delivered: ${reason}`;
  if (!element.isConnected) note(`“${text}” to #${message.roomId}: ${words}`); // its room was left
  const again = make('button', { type: 'button', textContent: 'Send again' });
  again.addEventListener('click', () => {
    forget();
    element.remove();
    if (client !== undefined) void deliver(client, message);
  });
  showDelivery(element, isUnknown ? 'unknown' : 'refused', words, again);
}

/** The room shows a message of this page: whatever became of the reply, it was delivered. */
function seen(sent: Sent): void {
  unseen = unseen.filter(other => other !== sent);
  showDelivery(sent.element, 'delivered');
}

function showDelivery(
  element: HTMLLIElement,
  delivery: 'sending' | 'delivered' | 'refused' | 'unknown',
  words: string = delivery,
  ...more: readonly Node[]
): void {
  element.dataset['delivery'] = delivery;
  element.querySelector('.delivery')?.remove();
  element.append(make('div', { className: 'delivery' }, words, ...more));
}

// ---- Attaching ------------------------------------------------------------------------------------------------------

const kind = $<HTMLSelectElement>('attachment-kind');

kind.addEventListener('change', () => {
  const image = kind.value === 'image';
  $('attachment-label').textContent = image ? 'Address (https)' : 'Text';
  $('attachment-more-label').textContent = image ? 'Description' : 'Language';
});

$('attach').addEventListener('click', () => {
  if (attachments.length < 4) $<HTMLDialogElement>('attachment').showModal();
});
$('attachment-cancel').addEventListener('click', () => $<HTMLDialogElement>('attachment').close());

$('attachment-form').addEventListener('submit', event => {
  event.preventDefault();
  void attach();
});

async function attach(): Promise<void> {
  const value = $<HTMLTextAreaElement>('attachment-value').value;
  const more = $<HTMLInputElement>('attachment-more').value.trim();
  try {
    if (kind.value === 'image') {
      const { naturalWidth: width, naturalHeight: height } = await load(value.trim());
      attachments.push({ kind: 'image', url: value.trim(), width, height, ...(more !== '' && { alt: more }) });
    } else {
      attachments.push({ kind: 'snippet', text: value, language: more === '' ? null : more });
    }
    $<HTMLFormElement>('attachment-form').reset();
    $<HTMLDialogElement>('attachment').close();
    $('attachment-error').textContent = '';
    showAttached();
  } catch {
    $('attachment-error').textContent = 'There is no picture at this address.';
  }
}

/** Loads a picture, for its size. */
async function load(url: string): Promise<HTMLImageElement> {
  const image = make('img', { src: url, referrerPolicy: 'no-referrer' });
  await image.decode();
  return image;
}

// ---- Typing ---------------------------------------------------------------------------------------------------------

/** Who is typing, and what will forget it. */
const typing = new Map<string, ReturnType<typeof setTimeout>>();
let typingSent = 0;

function showTyping(name?: string): void {
  if (name !== undefined && name !== ownName) {
    clearTimeout(typing.get(name));
    const forget = (): void => {
      typing.delete(name);
      showTyping();
    };
    typing.set(name, setTimeout(forget, TYPING_SHOWN));
  }
  const names = [...typing.keys()];
  const words = names.length > 3 ? 'Several people' : names.join(', ');
  $('typing').textContent = names.length === 0 ? '' : `${words} ${names.length === 1 ? 'is' : 'are'} typing …`;
}

$('text').addEventListener('input', () => {
  if (Date.now() - typingSent < TYPING_SENT || room === undefined) return;
  typingSent = Date.now();
  room.send(userTyping, { roomId: roomId() });
});

// ---- Start ----------------------------------------------------------------------------------------------------------

showRooms();
if (ownName === '') askName();
else start();
