# The suite's two ends, for Python 2.7: `fuzzing.py client SPEC` and `fuzzing.py server SPEC`. They are those of its `wstest`, but
# that the server listens on a free port of the loopback interface and says which once it does.

import json
import sys

from autobahntestsuite import choosereactor  # first: it installs a reactor
from autobahntestsuite.fuzzing import FuzzingServerFactory, startClient
from twisted.internet import reactor


def start_server(spec):
    factory = FuzzingServerFactory(dict(spec, url="ws://127.0.0.1:1"))
    port = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port
    # It compares the header Host with its own port.
    factory.setSessionParameters(url="ws://127.0.0.1:%d" % port, server=factory.server)
    print "listening on %d" % port
    sys.stdout.flush()


if __name__ == "__main__":
    mode, path = sys.argv[1:]
    with open(path) as file:
        spec = json.load(file)
    {"client": startClient, "server": start_server}[mode](spec)
    reactor.run()
