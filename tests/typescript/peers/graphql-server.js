// A server of the package `graphql-ws`. Prints its port, and ends when its input does.

import { buildSchema, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const schema = buildSchema(`
  type Query { hello: String, fails: String }
  type Subscription { count(to: Int!): Int, forever: Int, open: Int }
`);

/** How many endless subscriptions run. */
let running = 0;

async function* forever() {
  running++;
  try {
    for (let n = 0; ; n++) {
      yield { forever: n };
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  } finally {
    running--;
  }
}

const roots = {
  query: {
    hello: () => `world, ${running} running`,
    fails: () => {
      throw new GraphQLError('it fails', { extensions: { code: 'FAILS' } });
    },
  },
  subscription: {
    count: async function* ({ to }) {
      for (let n = 0; n < to; n++) yield { count: n };
    },
    forever,
  },
};

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
useServer(
  {
    schema,
    roots,
    connectionInitWaitTimeout: 500,
    onConnect: ({ connectionParams }) => (connectionParams?.token === 'secret' ? { motto: 'welcome' } : false),
  },
  server,
);
server.on('listening', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
